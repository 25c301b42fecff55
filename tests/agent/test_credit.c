/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "credit.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

static struct credit c;

static void setup(void) {
        credit_init(&c, 3);
}

static void teardown(void) {
        credit_deinit(&c);
}

TestSuite(credit, .init = setup, .fini = teardown);

Test(credit, counts_messages) {
        for (uint64_t id = 1; id <= 3; id++) {
                cr_assert(credit_admits(&c, 10));
                cr_assert(eq(int, credit_take(&c, id, 10), 0));
        }
        cr_assert(not(credit_admits(&c, 10)));
        cr_assert(eq(i64, credit_give(&c, 2), 10));
        cr_assert(credit_admits(&c, 10));
        cr_assert(eq(i64, credit_give(&c, 2), -ENOENT));
        cr_assert(eq(u64, c.bytes, 20));
}

Test(credit, counts_bytes_but_lets_one_of_any_size_through) {
        cr_assert(credit_admits(&c, 10 * CREDIT_MAX_BYTES));
        cr_assert(eq(int, credit_take(&c, 1, 10 * CREDIT_MAX_BYTES), 0));
        cr_assert(not(credit_admits(&c, 0)));
        (void)credit_give(&c, 1);
        cr_assert(eq(int, credit_take(&c, 2, CREDIT_MAX_BYTES - 1), 0));
        cr_assert(credit_admits(&c, 1));
        cr_assert(not(credit_admits(&c, 2)));
}

Test(credit, holds_many) {
        credit_init(&c, UINT32_MAX);
        for (uint64_t id = 0; id < 1000; id++)
                cr_assert(eq(int, credit_take(&c, id, 1), 0));
        for (uint64_t id = 1000; id-- > 0;)
                cr_assert(eq(i64, credit_give(&c, id), 1));
        cr_assert(eq(sz, c.n_items, 0));
}
