/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The event loop of the verbs that stay: it ends on SIGINT and SIGTERM, when the reader of standard
 * output is gone, and when the bus is. */

#include <systemd/sd-event.h>

#include "ctl.h"

struct loop {
        struct ctl *ctl;
        sd_event *event;
        bool ended;
        enum outcome outcome;
};

/* The loop serves the bus; `ctl` is borrowed. */
void loop_init(struct loop *loop, struct ctl *ctl);
void loop_deinit(struct loop *loop);

/* Runs it to its end: OUTCOME_OK unless loop_end() said otherwise. The bus can be used after it. */
enum outcome loop_run(struct loop *loop);

/* Ends it; the first call counts. */
void loop_end(struct loop *loop, enum outcome outcome);

/* Shows what was printed so far; ends the loop when it cannot. False then. */
bool loop_flush(struct loop *loop);
