/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quantity.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))

Test(quantity, durations) {
        static const struct {
                const char *text;
                int r;
                uint64_t usec;
        } rows[] = {
                {"30s", 0, 30000000},
                {"30", 0, 30000000},
                {"0", 0, 0},
                {"0.25", 0, 250000},
                {"1.5s", 0, 1500000},
                {"250ms", 0, 250000},
                {"7us", 0, 7},
                {"5min", 0, 300000000},
                {"5m", 0, 300000000},
                {"1h30min", 0, 5400000000},
                {"2d", 0, 172800000000},
                {"1H", 0, 3600000000},
                {"never", 0, UINT64_MAX},
                {"", -EINVAL, 0},
                {"s", -EINVAL, 0},
                {"-1s", -EINVAL, 0},
                {"1.s", -EINVAL, 0},
                {"1 s", -EINVAL, 0},
                {"5parsec", -EINVAL, 0},
                {"1s!", -EINVAL, 0},
                {"99999999999999999999s", -ERANGE, 0},
                {"18446744073709551615us", -ERANGE, 0}, /* would be never */
                {"9999999999999d", -ERANGE, 0},
        };

        for (size_t i = 0; i < N(rows); i++) {
                uint64_t usec = 0;

                cr_expect(eq(int, quantity_duration(rows[i].text, &usec), rows[i].r), "%s",
                          rows[i].text);
                cr_expect(eq(u64, usec, rows[i].usec), "%s", rows[i].text);
        }
}

Test(quantity, sizes) {
        static const struct {
                const char *text;
                int r;
                uint64_t bytes;
        } rows[] = {
                {"1000", 0, 1000},    {"64K", 0, 65536},    {"64KiB", 0, 65536},
                {"1M", 0, 1048576},   {"1.5m", 0, 1572864}, {"2G", 0, 2147483648},
                {"5B", 0, 5},         {"64KB", -EINVAL, 0}, {"", -EINVAL, 0},
                {"1M1K", -EINVAL, 0}, {"x", -EINVAL, 0},    {"99999999999G", -ERANGE, 0},
        };

        for (size_t i = 0; i < N(rows); i++) {
                uint64_t bytes = 0;

                cr_expect(eq(int, quantity_size(rows[i].text, &bytes), rows[i].r), "%s",
                          rows[i].text);
                cr_expect(eq(u64, bytes, rows[i].bytes), "%s", rows[i].text);
        }
}

Test(quantity, counts) {
        static const struct {
                const char *text;
                int r;
                uint64_t n;
        } rows[] = {
                {"0", 0, 0},        {"42", 0, 42},       {"0x1f", 0, 31},
                {"100", 0, 100},    {"101", -ERANGE, 0}, {"-1", -EINVAL, 0},
                {"+1", -EINVAL, 0}, {" 1", -EINVAL, 0},  {"1x", -EINVAL, 0},
                {"0x", -EINVAL, 0}, {"", -EINVAL, 0},    {"99999999999999999999", -ERANGE, 0},
        };

        for (size_t i = 0; i < N(rows); i++) {
                uint64_t n = 0;

                cr_expect(eq(int, quantity_count(rows[i].text, 100, &n), rows[i].r), "%s",
                          rows[i].text);
                cr_expect(eq(u64, n, rows[i].n), "%s", rows[i].text);
        }
}

Test(quantity, reals_and_bools) {
        double real = 0;
        bool yes = false, no = true;

        cr_expect(quantity_real("0.5", &real) == 0 && real == 0.5);
        cr_expect(eq(int, quantity_real("half", &real), -EINVAL));
        cr_expect(eq(int, quantity_real("inf", &real), -EINVAL));
        cr_expect(eq(int, quantity_real("1.0x", &real), -EINVAL));
        cr_expect(quantity_bool("Yes", &yes) == 0 && yes);
        cr_expect(quantity_bool("off", &no) == 0 && !no);
        cr_expect(eq(int, quantity_bool("maybe", &no), -EINVAL));
}
