/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* After the machine has slept: every channel looks after its connection, one after the other. */

struct agent;

void resume_channels(struct agent *agent);
