/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resync.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "moment.h"

Test(resync, first_at_once_then_ever_more_seldom) {
        struct resync resync = {};
        uint64_t now_usec = 5000000, delay_usec = RESYNC_DELAY_MIN_USEC;

        cr_assert(eq(u64, resync_deadline(&resync), USEC_NEVER));
        cr_assert(not(resync_begin(&resync, now_usec)));
        resync_want(&resync, RESYNC_LOST);
        cr_assert(resync_begin(&resync, now_usec));
        cr_assert(not(resync_begin(&resync, now_usec)));
        for (unsigned i = 0; i < 8; i++) {
                resync_want(&resync, RESYNC_LOST); /* while it runs: again afterwards */
                cr_assert(eq(u64, resync_deadline(&resync), USEC_NEVER));
                resync_ended(&resync, 0, now_usec);
                cr_assert(eq(u64, resync_deadline(&resync), now_usec + delay_usec), "round %u", i);
                cr_assert(not(resync_begin(&resync, now_usec + delay_usec - 1)));
                now_usec += delay_usec;
                cr_assert(resync_begin(&resync, now_usec));
                delay_usec *= 2;
                if (delay_usec > RESYNC_DELAY_MAX_USEC)
                        delay_usec = RESYNC_DELAY_MAX_USEC;
        }
}

Test(resync, quick_again_after_a_quiet_time) {
        struct resync resync = {.delay_usec = RESYNC_DELAY_MAX_USEC, .ended_usec = 1000};

        resync_want(&resync, RESYNC_LOST);
        cr_assert(resync_begin(&resync, 1001 + RESYNC_DELAY_MAX_USEC));
        resync_ended(&resync, 0, 9000000);
        resync_want(&resync, RESYNC_LOST);
        cr_assert(eq(u64, resync_deadline(&resync), 9000000 + RESYNC_DELAY_MIN_USEC));
}

Test(resync, what_failed_is_wanted_again) {
        struct resync resync = {};

        resync_want(&resync, RESYNC_LOST);
        cr_assert(resync_begin(&resync, 1000));
        resync_ended(&resync, -EINTR, 2000);
        cr_assert(eq(u64, resync_deadline(&resync), 2000 + RESYNC_DELAY_MIN_USEC));
        cr_assert(resync_begin(&resync, 2000 + RESYNC_DELAY_MIN_USEC));
        resync_ended(&resync, 0, 60000);
        cr_assert(eq(u64, resync_deadline(&resync), USEC_NEVER));
}

Test(resync, tells_why) {
        struct resync resync = {};

        resync_want(&resync, RESYNC_RESUME);
        cr_assert(resync_begin(&resync, 1000));
        resync_want(&resync, RESYNC_LOST);
        cr_assert(eq(u32, resync_ended(&resync, -EINTR, 2000), RESYNC_RESUME));
        cr_assert(resync_begin(&resync, 2000 + RESYNC_DELAY_MIN_USEC));
        cr_assert(eq(u32, resync_ended(&resync, 0, 60000), RESYNC_LOST | RESYNC_RESUME));
        cr_assert(eq(u64, resync_deadline(&resync), USEC_NEVER));
}
