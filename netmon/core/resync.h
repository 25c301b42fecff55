/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* When to dump everything anew, after kernel messages were lost or a sleep: at once, then ever more
 * seldom while they go on being lost. */

#include <stdbool.h>
#include <stdint.h>

#define RESYNC_DELAY_MIN_USEC 50000
#define RESYNC_DELAY_MAX_USEC 1000000

/* Why. */
enum resync_cause {
        RESYNC_LOST = 1 << 0,
        RESYNC_RESUME = 1 << 1,
};

struct resync {
        unsigned wanted;     /* enum resync_cause; 0: not */
        unsigned running;    /* the same */
        uint64_t delay_usec; /* from the end of one to the next */
        uint64_t ended_usec; /* 0: there was none */
};

void resync_want(struct resync *resync, enum resync_cause cause);
/* True when a dump is to be started now: it counts as running. */
bool resync_begin(struct resync *resync, uint64_t now_usec);
/* The dump is over. One that failed or was interrupted is wanted again. Returns why it was wanted.
 */
unsigned resync_ended(struct resync *resync, int result, uint64_t now_usec);
/* When one may begin; USEC_NEVER when none is wanted or one is running. */
uint64_t resync_deadline(const struct resync *resync);
