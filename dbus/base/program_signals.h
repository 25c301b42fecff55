/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

/* SIGTERM and SIGINT end the loop; a peer that is gone is an error of write(), no signal. To be
 * called before any thread is started. A negative errno. */
int program_signals_add(sd_event *event);
