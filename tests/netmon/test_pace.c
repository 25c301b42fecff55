/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pace.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
Test(pace, what_comes_out_of_the_blue_never_waits) {
        struct pace pace = {};

        cr_assert(eq(u64, pace_ready(&pace, 1000), 1000));
        pace_worked(&pace, 1000, 1000 + PACE_CREDIT_USEC / PACE_FACTOR);
        cr_assert(eq(u64, pace_ready(&pace, 1400), 1400));
}

Test(pace, a_storm_costs_a_share_of_the_time) {
        struct pace pace = {};
        uint64_t now_usec = 1000000, worked_usec = 0;

        /* Something to do all the time, 100 us each. */
        while (now_usec < 2000000) {
                uint64_t ready_usec = pace_ready(&pace, now_usec);

                if (ready_usec > now_usec) {
                        now_usec = ready_usec;
                        continue;
                }
                pace_worked(&pace, now_usec, now_usec + 100);
                now_usec += 100;
                worked_usec += 100;
        }
        cr_assert(le(u64, worked_usec, 1000000 / PACE_FACTOR + PACE_CREDIT_USEC));
        cr_assert(ge(u64, worked_usec, 1000000 / PACE_FACTOR / 2));
}

Test(pace, quiet_gives_the_credit_back) {
        struct pace pace = {};

        pace_worked(&pace, 1000, 3000);
        cr_assert(eq(u64, pace_ready(&pace, 3000), 1000 + 2000 * PACE_FACTOR - PACE_CREDIT_USEC));
        cr_assert(eq(u64, pace_ready(&pace, 100000), 100000));
}

Test(pace, nothing_waits_long) {
        struct pace pace = {};

        for (unsigned i = 0; i < 10; i++)
                pace_worked(&pace, 1000, 11000);
        cr_assert(eq(u64, pace_ready(&pace, 11000), 11000 + PACE_DELAY_MAX_USEC));
}
