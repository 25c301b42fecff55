/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "when.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <time.h>

static void setup(void) {
        cr_assert(setenv("TZ", "XXX-05:30", 1) == 0); /* 5:30 east */
        tzset();
}

TestSuite(when, .init = setup);

Test(when, formats_instants) {
        char text[WHEN_MAX];

        when_rfc3339(1700000000123456, text);
        cr_expect(eq(str, text, "2023-11-14T22:13:20.123456Z"));
        when_rfc3339(0, text);
        cr_expect(eq(str, text, "1970-01-01T00:00:00.000000Z"));
        when_clock(1700000000123456, text);
        cr_expect(eq(str, text, "03:43:20.123"));
        when_date(1700000000123456, text);
        cr_expect(eq(str, text, "2023-11-15 03:43:20"));
}

Test(when, far_future_fits) {
        char text[WHEN_MAX];

        when_rfc3339(UINT64_MAX - 1, text);
        when_clock(UINT64_MAX - 1, text);
        when_date(UINT64_MAX - 1, text);
}

Test(when, converts_boottime) {
        struct moment at = {.usec = 100, .realtime_usec = 1000000};

        cr_expect(eq(u64, when_realtime(100, &at), 1000000));
        cr_expect(eq(u64, when_realtime(40, &at), 999940));
        cr_expect(eq(u64, when_realtime(150, &at), 1000050));
}

Test(when, formats_lengths) {
        static const struct {
                uint64_t usec;
                const char *text;
        } rows[] = {
                {0, "0 us"},
                {350, "350 us"},
                {999999, "999 ms"},
                {1000000, "1 s"},
                {59999999, "59 s"},
                {60000000, "1 min"},
                {65000000, "1 min 5 s"},
                {3600000000, "1 h"},
                {3659000000, "1 h"},
                {7500000000, "2 h 5 min"},
                {86400000000, "1 d"},
                {90000000000, "1 d 1 h"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char text[WHEN_MAX];

                when_length(rows[i].usec, text);
                cr_expect(eq(str, text, rows[i].text), "row %zu", i);
        }
}
