/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Moves the test into a network namespace of its own in which only the loopback is up: ports are
 * free, and nothing leaves the machine. */
void loopback_enter(void);
