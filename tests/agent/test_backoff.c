/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backoff.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(backoff, doubles_to_the_cap_without_jitter) {
        struct backoff b = {.first_usec = 1000, .cap_usec = 9000, .factor = 2.0};
        static const uint64_t expected[] = {1000, 2000, 4000, 8000, 9000, 9000};

        for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
                cr_assert(eq(u64, backoff_next(&b, UINT32_MAX), expected[i]));
        backoff_reset(&b);
        cr_assert(eq(u64, backoff_next(&b, 0), 1000));
}

Test(backoff, jitter_takes_up_to_its_share_and_does_not_accumulate) {
        struct backoff b = {.first_usec = 1000, .cap_usec = 100000, .factor = 2.0, .jitter = 0.5};

        cr_assert(eq(u64, backoff_next(&b, 0), 1000));
        cr_assert(eq(u64, backoff_next(&b, UINT32_MAX), 1000)); /* half of 2000 */
        cr_assert(eq(u64, backoff_next(&b, 1u << 31), 3000));   /* three quarters of 4000 */
}

Test(backoff, first_above_cap_is_cut) {
        struct backoff b = {.first_usec = 5000, .cap_usec = 2000, .factor = 1.0};

        cr_assert(eq(u64, backoff_next(&b, 0), 2000));
}

Test(backoff, long_runs_do_not_overflow) {
        struct backoff b = {
                .first_usec = 1000000, .cap_usec = UINT64_C(86400000000), .factor = 10.0};
        uint64_t delay = 0;

        for (unsigned i = 0; i < 10000; i++)
                delay = backoff_next(&b, 0);
        cr_assert(eq(u64, delay, UINT64_C(86400000000)));
}
