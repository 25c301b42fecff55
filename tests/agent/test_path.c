/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

Test(path, interfaces_come_and_go) {
        struct interfaces list = {0};
        struct interface *one, *two;

        cr_assert(zero(ptr, interfaces_find(&list, 1)));
        one = interfaces_put(&list, 1);
        one->addresses = calloc(1, sizeof(*one->addresses));
        one->n_addresses = 1;
        (void)strcpy(one->addresses[0], "192.0.2.1");
        two = interfaces_put(&list, 2);
        cr_assert(eq(int, two->ifindex, 2));
        cr_assert(eq(ptr, interfaces_put(&list, 2), two));
        cr_assert(eq(int, interfaces_find_address(&list, "192.0.2.1")->ifindex, 1));
        cr_assert(zero(ptr, interfaces_find_address(&list, "192.0.2.2")));
        interfaces_remove(&list, 1);
        interfaces_remove(&list, 1);
        cr_assert(zero(ptr, interfaces_find(&list, 1)));
        cr_assert(eq(int, interfaces_find(&list, 2)->ifindex, 2));
        interfaces_clear(&list);
        cr_assert(eq(sz, list.n_items, 0));
}
