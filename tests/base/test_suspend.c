/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "suspend.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define SECOND UINT64_C(1000000)

static struct suspend suspend;
static struct suspend_clocks now;
static uint64_t slept_usec;

static void setup(void) {
        now = (struct suspend_clocks){.boottime_usec = 500 * SECOND,
                                      .monotonic_usec = 400 * SECOND};
        suspend_init(&suspend, &now);
        slept_usec = 12345;
}

TestSuite(suspend, .init = setup);

static void pass(uint64_t usec) {
        now.boottime_usec += usec;
        now.monotonic_usec += usec;
}

static void sleep_for(uint64_t usec) {
        now.boottime_usec += usec;
}

static bool look(void) {
        return suspend_look(&suspend, &now, &slept_usec);
}

static bool hear(enum suspend_word word) {
        return suspend_hear(&suspend, word, &now, &slept_usec);
}

Test(suspend, time_that_passes_is_no_sleep) {
        pass(3600 * SECOND);
        cr_assert(not(look()));
        cr_assert(eq(u64, slept_usec, 12345));
}

Test(suspend, each_sleep_is_told_once_with_its_length) {
        sleep_for(3600 * SECOND);
        cr_assert(look());
        cr_assert(eq(u64, slept_usec, 3600 * SECOND));
        cr_assert(not(look()));
        pass(SECOND);
        sleep_for(2 * SECOND);
        cr_assert(look());
        cr_assert(eq(u64, slept_usec, 2 * SECOND));
}

Test(suspend, clocks_read_one_after_the_other_are_no_sleep) {
        sleep_for(SUSPEND_MIN_USEC - 1);
        cr_assert(not(look()));
        now.boottime_usec -= SUSPEND_MIN_USEC;
        cr_assert(not(look()));
}

Test(suspend, boot_time_may_be_behind) { /* in a time namespace */
        now = (struct suspend_clocks){.boottime_usec = SECOND, .monotonic_usec = 400 * SECOND};
        suspend_init(&suspend, &now);
        cr_assert(not(look()));
        sleep_for(SECOND);
        cr_assert(look());
        cr_assert(eq(u64, slept_usec, SECOND));
}

Test(suspend, logind_comes_after_the_clocks) {
        cr_assert(not(hear(SUSPEND_NEAR)));
        cr_assert(suspend.is_preparing);
        sleep_for(SECOND);
        cr_assert(look());
        cr_assert(suspend.is_preparing);
        cr_assert(not(hear(SUSPEND_OVER)));
        cr_assert(not(suspend.is_preparing));
}

Test(suspend, logind_comes_before_the_clocks) {
        (void)hear(SUSPEND_NEAR);
        sleep_for(SECOND);
        cr_assert(hear(SUSPEND_OVER));
        cr_assert(eq(u64, slept_usec, SECOND));
        cr_assert(not(look()));
}

Test(suspend, sleep_that_did_not_come_about) {
        (void)hear(SUSPEND_NEAR);
        pass(SECOND);
        cr_assert(hear(SUSPEND_OVER));
        cr_assert(eq(u64, slept_usec, 0));
}

Test(suspend, what_is_said_twice_is_told_once) {
        (void)hear(SUSPEND_NEAR);
        sleep_for(SECOND);
        cr_assert(look());
        (void)hear(SUSPEND_NEAR);
        cr_assert(not(hear(SUSPEND_OVER)));
        cr_assert(not(hear(SUSPEND_OVER)));
}

Test(suspend, an_end_without_a_beginning_is_none) {
        cr_assert(not(hear(SUSPEND_OVER)));
}

Test(suspend, logind_that_is_gone_announces_nothing) {
        (void)hear(SUSPEND_NEAR);
        cr_assert(not(hear(SUSPEND_SILENT)));
        cr_assert(not(suspend.is_preparing));
        cr_assert(not(hear(SUSPEND_OVER)));
        sleep_for(SECOND);
        cr_assert(look());
}
