/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cursor.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

static struct cursor c;

static void teardown(void) {
        cursor_deinit(&c);
}

TestSuite(cursor, .fini = teardown);

Test(cursor, cursor_and_epoch_are_set_together) {
        cr_assert(eq(int, cursor_set(&c, "7", "e1"), 0));
        cr_assert(eq(str, c.text, "7"));
        cr_assert(eq(str, c.epoch, "e1"));
        cr_assert(eq(int, cursor_set(&c, "8", NULL), 0));
        cr_assert(eq(str, c.text, "8"));
        cr_assert(c.epoch == NULL);
        cr_assert(eq(int, cursor_set(&c, NULL, "e2"), 0));
        cr_assert(c.text == NULL && c.epoch == NULL);
}

Test(cursor, empty_is_known) {
        cr_assert(eq(int, cursor_set(&c, "", ""), 0));
        cr_assert(eq(str, c.text, ""));
        cr_assert(eq(str, c.epoch, ""));
}

Test(cursor, what_is_too_long_changes_nothing) {
        static char text[CURSOR_MAX_BYTES + 2];

        memset(text, 'x', CURSOR_MAX_BYTES + 1);
        cr_assert(eq(int, cursor_set(&c, "7", "e"), 0));
        cr_assert(eq(int, cursor_set(&c, text, "e"), -EMSGSIZE));
        cr_assert(eq(int, cursor_set(&c, "8", text), -EMSGSIZE));
        cr_assert(eq(str, c.text, "7"));
        cr_assert(eq(str, c.epoch, "e"));
        cr_assert(eq(int, cursor_set(&c, text + 1, text + 1), 0));
}

Test(cursor, is_outdated_only_by_another_epoch) {
        cr_assert(not(cursor_is_outdated(&c, "e")));
        cr_assert(eq(int, cursor_set(&c, "7", NULL), 0));
        cr_assert(not(cursor_is_outdated(&c, "e")));
        cr_assert(eq(int, cursor_set(&c, "7", "e"), 0));
        cr_assert(not(cursor_is_outdated(&c, NULL)));
        cr_assert(not(cursor_is_outdated(&c, "e")));
        cr_assert(cursor_is_outdated(&c, "f"));
}
