/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clock_jump.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <time.h>

#include "moment.h"
#include "suspend.h"

static unsigned n_jumps;

static void on_jump(void *userdata) {
        n_jumps++;
}

static int on_other(sd_event_source *source, void *userdata) {
        cr_assert(lt(u32, 0, n_jumps)); /* it goes first */
        return 0;
}

/* Sets the clock to what it is. */
static void jump(void) {
        struct timespec now;

        cr_assert(clock_gettime(CLOCK_REALTIME, &now) == 0);
        if (clock_settime(CLOCK_REALTIME, &now) < 0 && errno == EPERM)
                cr_skip_test("needs the right to set the clock");
}

Test(clock_jump, each_jump_is_told_before_anything_else) {
        sd_event *event;
        sd_event_source *other;
        struct clock_jump *clock_jump;

        cr_assert(sd_event_new(&event) >= 0);
        cr_assert(clock_jump_new(event, on_jump, NULL, &clock_jump) >= 0);
        cr_assert(sd_event_add_defer(event, &other, on_other, NULL) >= 0);
        for (unsigned i = 1; i <= 3; i++) {
                jump();
                while (n_jumps < i)
                        cr_assert(lt(int, 0, sd_event_run(event, 5 * USEC_PER_SEC)));
        }
        sd_event_source_unref(other);
        clock_jump_free(clock_jump);
        sd_event_unref(event);
}

Test(clock_jump, clocks_are_read_together) {
        struct suspend_clocks before, after;
        struct suspend suspend;
        uint64_t slept_usec;

        clock_jump_read(&before);
        suspend_init(&suspend, &before);
        for (unsigned i = 0; i < 10000; i++) {
                clock_jump_read(&after);
                cr_assert(not(suspend_look(&suspend, &after, &slept_usec)));
        }
        cr_assert(ge(u64, after.boottime_usec, before.boottime_usec));
}
