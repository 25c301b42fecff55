/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hint.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

Test(hint, technologies) {
        static const struct {
                uint32_t bits;
                const char *word;
        } rows[] = {
                {0, ""},
                {1u << 0, "pots"},
                {1u << 1, "gsm"},
                {1u << 2, "gsm-compact"},
                {1u << 3, "gprs"},
                {1u << 4, "edge"},
                {1u << 5, "umts"},
                {1u << 6, "hsdpa"},
                {1u << 7, "hsupa"},
                {1u << 6 | 1u << 7, "hsupa"},
                {1u << 8, "hspa"},
                {1u << 9, "hspa-plus"},
                {1u << 10, "1xrtt"},
                {1u << 11, "evdo0"},
                {1u << 12, "evdoa"},
                {1u << 13, "evdob"},
                {1u << 14, "lte"},
                {1u << 15, "5gnr"},
                {1u << 14 | 1u << 15, "5gnr"},
                {1u << 16, "lte-cat-m"},
                {1u << 17, "lte-nb-iot"},
                {1u << 30, ""},
                {UINT32_MAX, ""},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                cr_assert(eq(str, (char *)hint_technology_of(rows[i].bits), (char *)rows[i].word));
                cr_assert(lt(sz, strlen(rows[i].word), HINT_TECHNOLOGY_SIZE));
        }
}

Test(hint, registrations) {
        static const char *const words[] = {
                "idle",    "home",      "searching", "denied",  "unknown",   "roaming", "home",
                "roaming", "emergency", "home",      "roaming", "emergency", "unknown", "unknown"};

        for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                cr_assert(eq(str, (char *)registration_to_string(registration_of(i)),
                             (char *)words[i]));
        cr_assert(eq(u32, registration_of(UINT32_MAX), REGISTRATION_UNKNOWN));
        cr_assert(eq(str, (char *)registration_to_string(REGISTRATION_NONE), (char *)""));
}

Test(hint, metered) {
        static const struct {
                uint32_t nm;
                enum metered of_type;
                enum metered metered;
                bool hinted;
        } rows[] = {
                {0, METERED_UNKNOWN, METERED_UNKNOWN, false},
                {0, METERED_YES, METERED_YES, false},
                {1, METERED_NO, METERED_YES, true},
                {2, METERED_YES, METERED_NO, true},
                {3, METERED_NO, METERED_YES, true},
                {4, METERED_UNKNOWN, METERED_NO, true},
                {4, METERED_NO, METERED_NO, true},
                {4, METERED_YES, METERED_YES, false}, /* two guesses: the dearer one */
                {5, METERED_NO, METERED_NO, false},
                {UINT32_MAX, METERED_NO, METERED_NO, false},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                bool hinted;

                cr_assert(eq(u32,
                             hint_judge_metered(hint_metered_of(rows[i].nm), rows[i].of_type,
                                                &hinted),
                             rows[i].metered),
                          "row %zu", i);
                cr_assert(eq(int, hinted, rows[i].hinted), "row %zu", i);
        }
}
