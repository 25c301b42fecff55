/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wave.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(wave, order) {
        static const struct wave_rank order[] = {
                {true, true, 5},  {true, false, 1},  {false, true, 2},
                {false, true, 3}, {false, false, 4},
        };
        size_t n = sizeof(order) / sizeof(order[0]);

        for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < n; j++)
                        cr_assert(eq(int, wave_compare(&order[i], &order[j]), (i > j) - (i < j)));
}

Test(wave, few_go_one_by_one) {
        cr_assert(eq(u64, wave_delay(0, 1), 0));
        cr_assert(eq(u64, wave_delay(0, 3), 0));
        cr_assert(eq(u64, wave_delay(2, 3), 2 * WAVE_STEP_USEC));
}

Test(wave, many_end_in_time) {
        static const size_t many[] = {26, 27, 100, 1000, 500001, 10000000};

        for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
                cr_assert(le(u64, wave_delay(many[i] - 1, many[i]), WAVE_LENGTH_USEC));
        cr_assert(eq(u64, wave_delay(1000, 1001), WAVE_LENGTH_USEC));
}
