/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cause.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

Test(cause, every_kind_has_a_name_in_the_contract) {
        for (unsigned kind = 0; kind < CAUSE_KIND_COUNT; kind++) {
                const char *name = cause_error_name((enum cause_kind)kind);

                cr_assert(name != NULL, "kind %u", kind);
                if (kind != CAUSE_NONE && kind != CAUSE_SUSPENDED)
                        cr_assert(strncmp(name, "org.wherry.Error.", 17) == 0, "kind %u", kind);
        }
}

Test(cause, only_a_short_list_is_final) {
        for (unsigned kind = 0; kind < CAUSE_KIND_COUNT; kind++)
                cr_assert(eq(int, cause_is_final((enum cause_kind)kind),
                             kind == CAUSE_CERTIFICATE || kind == CAUSE_CREDENTIALS ||
                                     kind == CAUSE_ORPHANED || kind == CAUSE_DENIED),
                          "kind %u", kind);
}

Test(cause, http_status) {
        static const struct {
                unsigned status;
                enum cause_kind kind;
        } rows[] = {
                {200, CAUSE_PROTOCOL},    {301, CAUSE_REFUSED},     {400, CAUSE_REFUSED},
                {401, CAUSE_CREDENTIALS}, {403, CAUSE_CREDENTIALS}, {404, CAUSE_REFUSED},
                {407, CAUSE_CREDENTIALS}, {408, CAUSE_UNAVAILABLE}, {418, CAUSE_REFUSED},
                {429, CAUSE_UNAVAILABLE}, {500, CAUSE_UNAVAILABLE}, {503, CAUSE_UNAVAILABLE},
                {999, CAUSE_UNAVAILABLE},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                cr_assert(eq(int, cause_of_http_status(rows[i].status), rows[i].kind), "status %u",
                          rows[i].status);
}

Test(cause, close_code) {
        static const struct {
                unsigned code;
                enum cause_kind kind;
        } rows[] = {
                {1000, CAUSE_CLOSED},      {1001, CAUSE_CLOSED},      {1002, CAUSE_PROTOCOL},
                {1003, CAUSE_MESSAGE},     {1005, CAUSE_CLOSED},      {1006, CAUSE_LOST},
                {1007, CAUSE_MESSAGE},     {1008, CAUSE_MESSAGE},     {1009, CAUSE_MESSAGE},
                {1010, CAUSE_PROTOCOL},    {1011, CAUSE_UNAVAILABLE}, {1012, CAUSE_UNAVAILABLE},
                {1013, CAUSE_UNAVAILABLE}, {1014, CAUSE_UNAVAILABLE}, {3000, CAUSE_CREDENTIALS},
                {3003, CAUSE_CREDENTIALS}, {4000, CAUSE_CLOSED},      {4401, CAUSE_CREDENTIALS},
                {4403, CAUSE_CREDENTIALS}, {4429, CAUSE_UNAVAILABLE}, {4999, CAUSE_CLOSED},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                cr_assert(eq(int, cause_of_close_code(rows[i].code), rows[i].kind), "code %u",
                          rows[i].code);
}

Test(cause, long_text_is_cut_not_overrun) {
        struct cause cause;
        char text[1000];

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        cause_setf(&cause, CAUSE_LOST, "%s", text);
        cr_assert(eq(sz, strlen(cause.text), sizeof(cause.text) - 1));
}

Test(cause, text_is_always_utf8) {
        struct cause cause;
        char text[1000];

        cause_setf(&cause, CAUSE_LOST, "%s", "name \xff\xc3\xa4");
        cr_assert(eq(str, cause.text, "name ?\xc3\xa4"));
        for (size_t i = 0; i + 2 < sizeof(text); i += 2)
                memcpy(text + i, "\xc3\xa4", 3);
        /* Cut after a character, and in the middle of one. */
        for (size_t shift = 0; shift < 2; shift++) {
                size_t len;

                cause_setf(&cause, CAUSE_LOST, "%s%s", shift ? "x" : "", text);
                len = strlen(cause.text);
                cr_assert(eq(chr, cause.text[len - 1], (len - shift) % 2 == 0 ? '\xa4' : '?'));
        }
}
