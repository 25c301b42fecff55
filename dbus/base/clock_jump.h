/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Wakes when the wall clock jumps, which it does at the end of every sleep, and never else. */

#include <systemd/sd-event.h>

struct clock_jump;
struct suspend_clocks;

typedef void (*clock_jump_handler)(void *userdata);

/* The handler runs before all that waits in the loop at ordinary or important priority. */
int clock_jump_new(sd_event *event, clock_jump_handler handler, void *userdata,
                   struct clock_jump **ret);
void clock_jump_free(struct clock_jump *jump);

static inline void clock_jump_freep(struct clock_jump **jump) {
        clock_jump_free(*jump);
}

/* Reads the two clocks, as close to each other as can be. */
void clock_jump_read(struct suspend_clocks *ret);
