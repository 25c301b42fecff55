/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recheck.h"

#include "moment.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct recheck recheck;

static void setup(void) {
        recheck_init(&recheck);
}

TestSuite(recheck, .init = setup);

Test(recheck, nothing_without_a_message) {
        cr_assert(eq(u64, recheck_deadline(&recheck), USEC_NEVER));
        cr_assert(eq(u32, recheck_take(&recheck, 1), RECHECK_NOTHING));
}

Test(recheck, what_was_asked_settles_once) {
        recheck_asked(&recheck, 1000);
        recheck_asked(&recheck, 2000); /* does not put it off */
        cr_assert(eq(u64, recheck_deadline(&recheck), 1000 + RECHECK_SETTLE_USEC));
        cr_assert(eq(u32, recheck_take(&recheck, 1000), RECHECK_NOTHING));
        cr_assert(eq(u32, recheck_take(&recheck, 1000 + RECHECK_SETTLE_USEC),
                     RECHECK_LINKS | RECHECK_PATHS));
        cr_assert(eq(u64, recheck_deadline(&recheck), USEC_NEVER));
}

Test(recheck, links_are_suspected_for_a_second) {
        uint64_t now_usec = 1000;
        unsigned n = 0;

        recheck_link_message(&recheck, now_usec);
        while (recheck_deadline(&recheck) != USEC_NEVER) {
                cr_assert(le(u64, recheck_deadline(&recheck), now_usec + RECHECK_PERIOD_USEC));
                now_usec = recheck_deadline(&recheck);
                cr_assert(eq(u32, recheck_take(&recheck, now_usec), RECHECK_LINKS));
                n++;
        }
        cr_assert(eq(u32, n, RECHECK_WINDOW_USEC / RECHECK_PERIOD_USEC));
        cr_assert(eq(u64, now_usec, 1000 + RECHECK_WINDOW_USEC));
}

Test(recheck, another_message_prolongs_it_and_puts_nothing_off) {
        recheck_link_message(&recheck, 1000);
        recheck_link_message(&recheck, 40000);
        cr_assert(eq(u64, recheck_deadline(&recheck), 1000 + RECHECK_PERIOD_USEC));
        cr_assert(eq(u64, recheck.links_until_usec, 40000 + RECHECK_WINDOW_USEC));
}

Test(recheck, a_late_loop_catches_up_at_once) {
        recheck_link_message(&recheck, 1000);
        cr_assert(eq(u32, recheck_take(&recheck, 500000), RECHECK_LINKS));
        cr_assert(eq(u64, recheck_deadline(&recheck), 500000 + RECHECK_PERIOD_USEC));
}
