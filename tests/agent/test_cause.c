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
                                     kind == CAUSE_ORPHANED || kind == CAUSE_DENIED ||
                                     kind == CAUSE_UNWANTED),
                          "kind %u", kind);
}

Test(cause, class_follows_the_kind_and_the_servers_word) {
        for (unsigned kind = 0; kind < CAUSE_KIND_COUNT; kind++) {
                struct cause cause = {.kind = (enum cause_kind)kind};
                enum cause_class class = cause_class(&cause);

                cr_assert(eq(int, class == CAUSE_CLASS_CREDENTIALS, kind == CAUSE_CREDENTIALS));
                cr_assert(eq(int, class == CAUSE_CLASS_NEW_SESSION, kind == CAUSE_SESSION));
                cr_assert(ne(int, class, CAUSE_CLASS_AS_TOLD));
                cause.retry_after_usec = 1;
                cr_assert(eq(int, cause_class(&cause),
                             cause_is_final(cause.kind) ? class : CAUSE_CLASS_AS_TOLD));
        }
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
