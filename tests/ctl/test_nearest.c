/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nearest.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(nearest, suggests) {
        static const char *const candidates[] = {"status", "send", "monitor", "channels", "open"};
        static const struct {
                const char *word, *best;
        } rows[] = {
                {"stauts", "status"},
                {"sned", "send"},
                {"chan", "channels"},
                {"opne", "open"},
                {"monitr", "monitor"},
                {"moniter", "monitor"},
                {"statuses", "status"},
                {"sen", "send"},
                {"frobnicate", NULL},
                {"xyzzy", NULL},
                {"", NULL},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct nearest nearest = nearest_begin(rows[i].word);

                for (size_t c = 0; c < sizeof(candidates) / sizeof(candidates[0]); c++)
                        nearest_offer(&nearest, candidates[c]);
                cr_expect(eq(str, (char *)(nearest.best ? nearest.best : "none"),
                             (char *)(rows[i].best ? rows[i].best : "none")),
                          "%s", rows[i].word);
        }
}

Test(nearest, long_words_are_no_trouble) {
        static const char word[] =
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        struct nearest nearest = nearest_begin(word);

        nearest_offer(&nearest, "aaaa");
        cr_expect(nearest.best == NULL || nearest.distance > 0);
}
