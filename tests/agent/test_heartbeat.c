/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "heartbeat.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define SEC USEC_PER_SEC

static struct heartbeat h;
static struct moment now;

static void setup(void) {
        now = (struct moment){.usec = 1000 * SEC};
        heartbeat_init(&h, 60 * SEC, 10 * SEC, &now);
}

TestSuite(heartbeat, .init = setup);

static enum heartbeat_action after(uint64_t usec) {
        now.usec += usec;
        return heartbeat_tick(&h, &now);
}

Test(heartbeat, silence_is_broken_by_a_ping_and_ended_by_its_deadline) {
        cr_assert(eq(u64, heartbeat_deadline(&h), now.usec + 60 * SEC));
        cr_assert(eq(int, after(59 * SEC), HEARTBEAT_NOTHING));
        cr_assert(eq(int, after(1 * SEC), HEARTBEAT_PING));
        cr_assert(eq(u64, heartbeat_sent(&h, &now), 1));
        cr_assert(eq(u64, heartbeat_deadline(&h), now.usec + 10 * SEC));
        cr_assert(eq(int, after(9 * SEC), HEARTBEAT_NOTHING));
        cr_assert(eq(int, after(1 * SEC), HEARTBEAT_LOST));
}

Test(heartbeat, pong_measures_the_round_trip) {
        uint64_t sequence = heartbeat_sent(&h, &now);

        now.usec += 30000;
        heartbeat_received(&h, &now);
        cr_assert(heartbeat_pong(&h, sequence, &now));
        cr_assert(eq(u64, h.round_trip_usec, 30000));
        cr_assert(eq(u64, heartbeat_deadline(&h), now.usec + 60 * SEC));
        cr_assert(not(heartbeat_pong(&h, sequence, &now)));
}

Test(heartbeat, pong_of_another_ping_is_no_answer) {
        uint64_t sequence = heartbeat_sent(&h, &now);

        cr_assert(not(heartbeat_pong(&h, sequence + 1, &now)));
        cr_assert(not(heartbeat_pong(&h, 0, &now)));
        cr_assert(ne(u64, h.sent_usec, 0));
}

Test(heartbeat, any_byte_is_life) {
        (void)heartbeat_sent(&h, &now);
        now.usec += 9 * SEC;
        heartbeat_received(&h, &now);
        cr_assert(eq(int, after(9 * SEC), HEARTBEAT_NOTHING));
        cr_assert(eq(int, after(1 * SEC), HEARTBEAT_LOST));
}

Test(heartbeat, server_that_talks_but_never_answers_is_lost_in_the_end) {
        (void)heartbeat_sent(&h, &now);
        for (int i = 0; i < 11; i++) {
                cr_assert(eq(int, after(5 * SEC), HEARTBEAT_NOTHING));
                heartbeat_received(&h, &now);
        }
        cr_assert(eq(int, after(5 * SEC), HEARTBEAT_LOST));
}

Test(heartbeat, probe_wants_a_byte_within_2_s) {
        heartbeat_probe(&h, &now);
        cr_assert(eq(u64, heartbeat_deadline(&h), now.usec + 2 * SEC));
        (void)heartbeat_sent(&h, &now);
        cr_assert(eq(int, after(2 * SEC), HEARTBEAT_LOST));
        heartbeat_received(&h, &now);
        cr_assert(eq(int, after(2 * SEC), HEARTBEAT_NOTHING));
}

Test(heartbeat, held_deadlines_stand_still_and_begin_anew) {
        (void)heartbeat_sent(&h, &now);
        heartbeat_hold(&h, true, &now);
        cr_assert(eq(u64, heartbeat_deadline(&h), USEC_NEVER));
        cr_assert(eq(int, after(3600 * SEC), HEARTBEAT_NOTHING));
        heartbeat_hold(&h, false, &now);
        cr_assert(eq(u64, heartbeat_deadline(&h), now.usec + 10 * SEC));
        cr_assert(eq(int, after(9 * SEC), HEARTBEAT_NOTHING));
}

Test(heartbeat, slow_upload_is_no_silence) {
        (void)heartbeat_sent(&h, &now);
        for (int i = 0; i < 100; i++) {
                cr_assert(eq(int, after(9 * SEC), HEARTBEAT_NOTHING));
                heartbeat_progressed(&h, &now);
        }
        cr_assert(eq(int, after(10 * SEC), HEARTBEAT_LOST));
}

Test(heartbeat, may_be_chosen_by_the_agent_or_off) {
        heartbeat_init(&h, 0, 10 * SEC, &now);
        cr_assert(eq(u64, heartbeat_deadline(&h), now.usec + HEARTBEAT_INTERVAL_USEC));
        heartbeat_init(&h, USEC_NEVER, 10 * SEC, &now);
        cr_assert(eq(u64, heartbeat_deadline(&h), USEC_NEVER));
        cr_assert(eq(int, after(1000000 * SEC), HEARTBEAT_NOTHING));
}
