/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "utf8.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

Test(utf8, repair) {
        static const struct {
                const char *text;
                const char *repaired;
        } cases[] = {
                {"", ""},
                {"plain \t\x7f", "plain \t\x7f"},
                {"h\xc3\xa4 \xe2\x82\xac \xf0\x9f\x9b\xb6",
                 "h\xc3\xa4 \xe2\x82\xac \xf0\x9f\x9b\xb6"},
                {"\x80", "?"},
                {"a\xff"
                 "b",
                 "a?b"},
                {"cut \xc3", "cut ?"},
                {"cut \xf0\x9f\x9b", "cut ???"},
                {"\xc3(", "?("},
                {"\xc0\xaf\xc1\xbf", "????"},                    /* not the shortest form */
                {"\xe0\x9f\xbf\xf0\x8f\xbf\xbf", "???????"},     /* nor these */
                {"\xed\x9f\xbf\xed\xa0\x80", "\xed\x9f\xbf???"}, /* a surrogate */
                {"\xf4\x8f\xbf\xbf\xf4\x90\x80\x80", "\xf4\x8f\xbf\xbf????"},
                {"\xf5\x80\x80\x80", "????"},
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char text[32];

                (void)snprintf(text, sizeof(text), "%s", cases[i].text);
                utf8_repair(text);
                cr_assert(eq(str, text, (char *)cases[i].repaired), "%zu", i);
        }
}
