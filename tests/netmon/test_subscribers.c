/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "subscribers.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "moment.h"

static struct subscribers subscribers;

static void teardown(void) {
        subscribers_deinit(&subscribers);
}

TestSuite(subscribers, .fini = teardown);

static void set(const char *sender, uint64_t id, uint64_t period_usec, uint64_t now_usec) {
        cr_assert(eq(
                int,
                subscribers_set(&subscribers, sender, id, (uint32_t)id + 1, period_usec, now_usec),
                0));
}

/* The index of a link that is due, 0 for none. */
static uint32_t take(uint64_t now_usec) {
        uint64_t id = 0;
        uint32_t ifindex = subscribers_take(&subscribers, now_usec, &id);

        cr_assert(eq(u64, id, ifindex == 0 ? 0 : ifindex - 1));
        return ifindex;
}

Test(subscribers, nobody) {
        cr_assert(eq(u64, subscribers_deadline(&subscribers), USEC_NEVER));
        cr_assert(eq(u32, take(1), 0));
}

Test(subscribers, at_once_and_then_every_period) {
        set(":1.1", 1, 100, 50);
        cr_assert(eq(u64, subscribers_deadline(&subscribers), 50));
        cr_assert(eq(u32, take(50), 2));
        cr_assert(eq(u32, take(50), 0));
        cr_assert(eq(u64, subscribers_deadline(&subscribers), 150));
        cr_assert(eq(u32, take(170), 2));
        cr_assert(eq(u64, subscribers_deadline(&subscribers), 270));
}

Test(subscribers, one_answer_for_all) {
        set(":1.1", 1, 100, 0);
        set(":1.2", 1, 300, 0);
        set(":1.2", 2, 1000, 0);
        cr_assert(ne(u32, take(0), 0));
        cr_assert(ne(u32, take(0), 0));
        cr_assert(eq(u32, take(0), 0));
        cr_assert(eq(u64, subscribers_deadline(&subscribers), 100));
}

Test(subscribers, latest_wish_counts) {
        set(":1.1", 1, 100, 0);
        set(":1.1", 1, 500, 10);
        cr_assert(eq(u32, take(10), 2));
        cr_assert(eq(u64, subscribers_deadline(&subscribers), 510));
        cr_assert(eq(int, subscribers_remove(&subscribers, ":1.1", 1), 0));
        cr_assert(eq(int, subscribers_remove(&subscribers, ":1.1", 1), -ENOENT));
        cr_assert(eq(u64, subscribers_deadline(&subscribers), USEC_NEVER));
}

Test(subscribers, who_leaves_wants_nothing) {
        set(":1.1", 1, 100, 0);
        set(":1.2", 1, 100, 0);
        set(":1.1", 2, 100, 0);
        subscribers_forget(&subscribers, ":1.1");
        cr_assert(eq(int, subscribers_remove(&subscribers, ":1.1", 2), -ENOENT));
        cr_assert(eq(u64, subscribers_deadline(&subscribers), 0));
        subscribers_forget_link(&subscribers, 1);
        cr_assert(eq(u64, subscribers_deadline(&subscribers), USEC_NEVER));
}
