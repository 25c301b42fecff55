/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hints.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <time.h>

#include "moment.h"
#include "suspend.h"

static sd_event *event;
static struct hints *hints;
static struct suspend_clocks clocks; /* what the machine's clocks say */
static unsigned n_resumed, n_looked;
static uint64_t slept_usec;

static void read_clocks(struct suspend_clocks *ret) {
        *ret = clocks;
        n_looked++;
}

static void on_preparing_for_sleep(bool is_preparing, void *userdata) {
        cr_assert(false, "nobody announced a sleep");
}

static void on_resumed(uint64_t usec, void *userdata) {
        n_resumed++;
        slept_usec = usec;
}

static void on_links(void *userdata) {
        cr_assert(false, "there is no bus");
}

static void setup(void) {
        static const struct hints_owner owner = {
                .preparing_for_sleep = on_preparing_for_sleep,
                .resumed = on_resumed,
                .links = on_links,
        };

        clocks = (struct suspend_clocks){.boottime_usec = 9000, .monotonic_usec = 8000};
        n_resumed = n_looked = 0;
        cr_assert(sd_event_new(&event) >= 0);
        cr_assert(hints_new(event, &owner, NULL, read_clocks, &hints) >= 0);
}

static void teardown(void) {
        hints_free(hints);
        sd_event_unref(event);
}

TestSuite(hints, .init = setup, .fini = teardown);

/* Sets the clock to what it is, and runs the loop until it has been noticed. */
static void jump(void) {
        unsigned before = n_looked;
        struct timespec now;

        cr_assert(clock_gettime(CLOCK_REALTIME, &now) == 0);
        if (clock_settime(CLOCK_REALTIME, &now) < 0 && errno == EPERM)
                cr_skip_test("needs the right to set the clock");
        while (n_looked == before)
                cr_assert(lt(int, 0, sd_event_run(event, 5 * USEC_PER_SEC)));
}

Test(hints, clock_that_is_set_is_no_sleep) {
        jump();
        clocks.boottime_usec += USEC_PER_SEC;
        clocks.monotonic_usec += USEC_PER_SEC;
        jump();
        cr_assert(eq(u32, n_resumed, 0));
}

Test(hints, each_sleep_is_told_with_its_length) {
        clocks.boottime_usec += 3600 * USEC_PER_SEC;
        jump();
        cr_assert(eq(u32, n_resumed, 1));
        cr_assert(eq(u64, slept_usec, 3600 * USEC_PER_SEC));
        jump();
        cr_assert(eq(u32, n_resumed, 1));
        clocks.boottime_usec += USEC_PER_SEC;
        jump();
        cr_assert(eq(u32, n_resumed, 2));
        cr_assert(eq(u64, slept_usec, USEC_PER_SEC));
}
