/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether the machine slept, and for how long: CLOCK_BOOTTIME goes on in sleep, CLOCK_MONOTONIC
 * does not. A clock that is set moves neither.
 *
 * Two may say so, in any order: the clocks, and logind, which announces a sleep and its end. Each
 * sleep is told once; one that logind announced and that did not come about is told with length 0,
 * for the devices were stopped and started all the same. */

#include <stdbool.h>
#include <stdint.h>

/* Two clocks are never read at the same time; whatever is shorter may be no sleep at all. */
#define SUSPEND_MIN_USEC 10000

struct suspend_clocks {
        uint64_t boottime_usec;
        uint64_t monotonic_usec;
};

struct suspend {
        int64_t ahead_usec; /* boot time before monotonic time, when last looked */
        bool is_preparing;  /* logind has announced a sleep that is not over */
        bool is_told;       /* and that it is over has been told already */
};

/* What logind says. */
enum suspend_word {
        SUSPEND_NEAR,
        SUSPEND_OVER,
        SUSPEND_SILENT, /* it is gone, and says no more */
};

void suspend_init(struct suspend *suspend, const struct suspend_clocks *now);

/* Both return true, and how long it slept, when a sleep has ended that was not told yet. */
bool suspend_look(struct suspend *suspend, const struct suspend_clocks *now,
                  uint64_t *ret_slept_usec);
bool suspend_hear(struct suspend *suspend, enum suspend_word word, const struct suspend_clocks *now,
                  uint64_t *ret_slept_usec);
