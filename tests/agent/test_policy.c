/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define SEC USEC_PER_SEC
#define MSEC USEC_PER_MSEC

/* A channel's world: what the owner would keep beside the policy. */
static struct policy policy;
static struct moment now;
static struct policy_view view;

static const struct policy_options standard = {
        .first_usec = SEC,
        .cap_usec = 60 * SEC,
        .factor = 2.0,
        .jitter = 0.5,
        .max_attempts = 10,
        .give_up = POLICY_GIVE_UP_SLOW,
        .good_after_usec = 30 * SEC,
        .linger_usec = 5 * SEC,
};

static void start_with(const struct policy_options *options) {
        now = (struct moment){.usec = 1000 * SEC};
        view = (struct policy_view){0};
        policy_init(&policy, options, &now);
}

static void setup(void) {
        start_with(&standard);
}

TestSuite(policy, .init = setup);

static unsigned step(enum policy_event event) {
        return policy_step(&policy, event, NULL, NULL, &now);
}

static unsigned step_cause(enum policy_event event, enum cause_kind kind) {
        struct cause cause;

        cause_setf(&cause, kind, "kind %d", (int)kind);
        return policy_step(&policy, event, NULL, &cause, &now);
}

static unsigned see(void) {
        return policy_step(&policy, POLICY_PATH, &view, NULL, &now);
}

/* netmon's answers; the fates are those of an undisturbed link and attempt. */
static unsigned see_path(int ifindex) {
        view = (struct policy_view){.known = true, .usable = true, .best = {.ifindex = ifindex}};
        return see();
}

static unsigned see_no_path(void) {
        view = (struct policy_view){.known = true};
        return see();
}

static void pass(uint64_t usec) {
        now.usec += usec;
}

/* The clock goes to the next deadline. */
static unsigned tick(void) {
        cr_assert(ne(u64, policy.deadline_usec, USEC_NEVER));
        if (now.usec < policy.deadline_usec)
                now.usec = policy.deadline_usec;
        return step(POLICY_TICK);
}

static void expect(unsigned actions, unsigned wanted, enum channel_state state) {
        cr_assert(eq(u32, actions, wanted), "actions %#x instead of %#x", actions, wanted);
        cr_assert(eq(int, (int)policy.state, (int)state), "state %s instead of %s",
                  channel_state_string(policy.state), channel_state_string(state));
}

/* Connected through interface 1, and good. */
static void connect_good(void) {
        (void)see_path(1);
        (void)step(POLICY_START);
        (void)step(POLICY_OPENED);
        pass(30 * SEC);
        cr_assert(eq(u32, step(POLICY_RECEIVED), POLICY_GOOD));
}

Test(policy, states_have_the_words_of_the_contract) {
        static const char *const words[] = {"idle",      "waiting", "connecting", "recovering",
                                            "connected", "backoff", "failed",     "closed"};

        for (unsigned i = 0; i < CHANNEL_STATE_COUNT; i++)
                cr_assert(eq(str, (char *)channel_state_string((enum channel_state)i),
                             (char *)words[i]));
}

Test(policy, no_usable_path_means_waiting_and_no_failure) {
        (void)see_no_path();
        expect(step(POLICY_START), 0, CHANNEL_WAITING);
        cr_assert(eq(int, (int)policy.cause.kind, CAUSE_NO_PATH));
        cr_assert(eq(u64, policy.next_attempt_usec, now.usec + 300 * SEC));
        /* The safety attempt asks the kernel itself; its failure counts for nothing. */
        expect(tick(), POLICY_CONNECT, CHANNEL_CONNECTING);
        expect(step_cause(POLICY_FAILED, CAUSE_NO_PATH), 0, CHANNEL_WAITING);
        cr_assert(eq(u32, policy.failures, 0));
        cr_assert(eq(u64, policy.next_attempt_usec, now.usec + 300 * SEC));
        for (int i = 0; i < 20; i++) {
                expect(tick(), POLICY_CONNECT, CHANNEL_CONNECTING);
                expect(step_cause(POLICY_FAILED, CAUSE_TIMEOUT), 0, CHANNEL_WAITING);
        }
        cr_assert(eq(u32, policy.failures, 0));
}

Test(policy, safety_attempt_may_prove_netmon_wrong) {
        (void)see_no_path();
        (void)step(POLICY_START);
        (void)tick();
        expect(see_no_path(), 0, CHANNEL_CONNECTING);
        expect(step(POLICY_OPENED), 0, CHANNEL_CONNECTED);
        view.link_fate = POLICY_FATE_SILENT;
        expect(see(), 0, CHANNEL_CONNECTED);
        view.link_fate = POLICY_FATE_GONE;
        expect(see(), POLICY_DROP_LINK, CHANNEL_WAITING);
}

Test(policy, path_that_comes_up_is_taken_at_once) {
        (void)see_no_path();
        (void)step(POLICY_START);
        expect(see_path(1), POLICY_CONNECT, CHANNEL_CONNECTING);
        cr_assert(eq(int, policy.attempt_path.ifindex, 1));
}

Test(policy, path_event_interrupts_the_backoff) {
        (void)see_path(1);
        expect(step(POLICY_START), POLICY_CONNECT, CHANNEL_CONNECTING);
        expect(step_cause(POLICY_FAILED, CAUSE_REFUSED), 0, CHANNEL_BACKOFF);
        expect(see_path(1), 0, CHANNEL_BACKOFF); /* nothing new */
        expect(see_path(2), POLICY_CONNECT, CHANNEL_CONNECTING);
        cr_assert(eq(int, policy.attempt_path.ifindex, 2));
        cr_assert(eq(u32, policy.failures, 1)); /* only good resets */
}

Test(policy, without_netmon_the_path_is_assumed_usable) {
        expect(step(POLICY_START), POLICY_CONNECT, CHANNEL_CONNECTING);
        cr_assert(eq(int, policy.attempt_path.ifindex, 0));
        expect(step(POLICY_OPENED), 0, CHANNEL_CONNECTED);
        /* netmon comes: the link is found on its path, nothing moves. */
        view = (struct policy_view){
                .known = true, .usable = true, .best = {.ifindex = 1}, .link_path = {.ifindex = 1}};
        expect(see(), 0, CHANNEL_CONNECTED);
        cr_assert(eq(int, policy.link_path.ifindex, 1));
        /* and goes: nothing is dropped. */
        view = (struct policy_view){0};
        expect(see(), 0, CHANNEL_CONNECTED);
}

Test(policy, netmon_vanishing_ends_the_waiting) {
        (void)see_no_path();
        (void)step(POLICY_START);
        view = (struct policy_view){0};
        expect(see(), POLICY_CONNECT, CHANNEL_CONNECTING);
}

Test(policy, path_change_during_an_attempt_restarts_it) {
        (void)see_path(1);
        (void)step(POLICY_START);
        expect(see_path(1), 0, CHANNEL_CONNECTING);
        expect(see_path(2), POLICY_DROP_ATTEMPT | POLICY_CONNECT, CHANNEL_CONNECTING);
        cr_assert(eq(int, policy.attempt_path.ifindex, 2));
        expect(see_no_path(), POLICY_DROP_ATTEMPT, CHANNEL_WAITING);
        cr_assert(eq(u32, policy.failures, 0));
}

Test(policy, attempt_whose_source_is_gone_restarts_on_the_same_path) {
        (void)see_path(1);
        (void)step(POLICY_START);
        view.attempt_fate = POLICY_FATE_GONE;
        expect(see(), POLICY_DROP_ATTEMPT | POLICY_CONNECT, CHANNEL_CONNECTING);
}

Test(policy, source_gone_abandons_and_connects_on_the_best_path) {
        connect_good();
        view = (struct policy_view){.known = true,
                                    .usable = true,
                                    .best = {.ifindex = 2},
                                    .link_fate = POLICY_FATE_GONE};
        expect(see(), POLICY_DROP_LINK | POLICY_CONNECT, CHANNEL_CONNECTING);
        cr_assert(eq(int, policy.attempt_path.ifindex, 2));
        cr_assert(eq(u32, policy.failures, 0));
}

Test(policy, source_gone_without_a_path_waits) {
        connect_good();
        view = (struct policy_view){.known = true, .link_fate = POLICY_FATE_GONE};
        expect(see(), POLICY_DROP_LINK, CHANNEL_WAITING);
        expect(see_path(1), POLICY_CONNECT, CHANNEL_CONNECTING);
}

static unsigned lose_carrier(bool alternative) {
        view = (struct policy_view){.known = true, .link_fate = POLICY_FATE_SILENT};
        view.usable = alternative;
        view.best.ifindex = alternative ? 2 : 0;
        return see();
}

Test(policy, carrier_lost_without_alternative_lingers_then_abandons) {
        connect_good();
        expect(lose_carrier(false), POLICY_HOLD, CHANNEL_WAITING);
        cr_assert(eq(u64, policy.deadline_usec, now.usec + 5 * SEC));
        pass(4 * SEC);
        expect(lose_carrier(false), 0, CHANNEL_WAITING);
        expect(tick(), POLICY_DROP_LINK, CHANNEL_WAITING);
        cr_assert(eq(u64, now.usec, 1035 * SEC));
}

Test(policy, carrier_back_in_time_is_probed_and_kept) {
        connect_good();
        (void)lose_carrier(false);
        pass(2 * SEC);
        expect(see_path(1), POLICY_PROBE, CHANNEL_CONNECTED);
        cr_assert(eq(int, (int)policy.cause.kind, CAUSE_NONE));
        /* The probe found it dead: it had been good, so at once. */
        pass(2 * SEC);
        expect(step_cause(POLICY_LOST, CAUSE_LOST), POLICY_CONNECT, CHANNEL_CONNECTING);
}

Test(policy, carrier_lost_with_alternative_connects_there_now) {
        connect_good();
        expect(lose_carrier(true), POLICY_HOLD | POLICY_CONNECT, CHANNEL_CONNECTING);
        cr_assert(eq(int, policy.attempt_path.ifindex, 2));
        expect(step(POLICY_OPENED), POLICY_DROP_LINK, CHANNEL_CONNECTED);
        cr_assert(eq(int, policy.link_path.ifindex, 2));
}

Test(policy, carrier_back_before_the_alternative_answers_keeps_the_link) {
        connect_good();
        (void)lose_carrier(true);
        pass(100 * MSEC);
        expect(see_path(1), POLICY_DROP_ATTEMPT | POLICY_PROBE, CHANNEL_CONNECTED);
}

Test(policy, carrier_lost_first_alternative_told_after_it) {
        connect_good();
        expect(lose_carrier(false), POLICY_HOLD, CHANNEL_WAITING);
        expect(lose_carrier(true), POLICY_CONNECT, CHANNEL_CONNECTING);
}

Test(policy, failing_alternative_does_not_outlive_the_linger) {
        connect_good();
        (void)lose_carrier(true);
        expect(step_cause(POLICY_FAILED, CAUSE_TIMEOUT), 0, CHANNEL_WAITING);
        expect(tick(), POLICY_CONNECT, CHANNEL_CONNECTING);
        pass(5 * SEC);
        expect(step(POLICY_TICK), POLICY_DROP_LINK, CHANNEL_CONNECTING);
}

Test(policy, better_path_makes_before_it_breaks) {
        connect_good();
        expect(see_path(2), POLICY_CONNECT, CHANNEL_CONNECTED);
        expect(step(POLICY_OPENED), POLICY_CLOSE_LINK, CHANNEL_CONNECTED);
        cr_assert(eq(int, policy.link_path.ifindex, 2));
        expect(see_path(2), 0, CHANNEL_CONNECTED);
}

/* Over interface 1 by IPv6; its default path is one of IPv4. */
static struct policy_view view_of_ipv6(const char *gateway) {
        struct policy_view v = {.known = true, .usable = true, .best = {1, "", true}};

        (void)strcpy(v.best.gateway, gateway);
        v.link_path = v.best;
        return v;
}

Test(policy, other_family_of_the_interface_is_no_other_path) {
        view = (struct policy_view){.known = true, .usable = true, .best = {1, "192.0.2.1"}};
        expect(see(), 0, CHANNEL_IDLE);
        expect(step(POLICY_START), POLICY_CONNECT, CHANNEL_CONNECTING);
        /* The server's addresses are known now. */
        view = view_of_ipv6("2001:db8::1");
        expect(see(), 0, CHANNEL_CONNECTING);
        expect(step(POLICY_OPENED), 0, CHANNEL_CONNECTED);
        expect(see(), 0, CHANNEL_CONNECTED);
        /* Another gateway of the family that the link is found in is another path. */
        view = view_of_ipv6("2001:db8::2");
        expect(see(), POLICY_CONNECT, CHANNEL_CONNECTED);
}

Test(policy, failed_move_leaves_the_link_and_tries_again_later) {
        connect_good();
        (void)see_path(2);
        expect(step_cause(POLICY_FAILED, CAUSE_TIMEOUT), 0, CHANNEL_CONNECTED);
        cr_assert(eq(u32, policy.failures, 0));
        cr_assert(eq(int, (int)policy.cause.kind, CAUSE_NONE));
        cr_assert(ge(u64, policy.next_attempt_usec, now.usec + SEC / 2));
        expect(tick(), POLICY_CONNECT, CHANNEL_CONNECTED);
        /* No longer wanted: the old path is the best again. */
        expect(see_path(1), POLICY_DROP_ATTEMPT, CHANNEL_CONNECTED);
        cr_assert(eq(u64, policy.next_attempt_usec, 0));
}

Test(policy, link_lost_while_moving_waits_for_the_attempt) {
        connect_good();
        (void)see_path(2);
        expect(step_cause(POLICY_LOST, CAUSE_LOST), 0, CHANNEL_CONNECTING);
        expect(step(POLICY_OPENED), 0, CHANNEL_CONNECTED);
}

Test(policy, other_gateway_on_the_same_interface_is_another_path) {
        connect_good();
        (void)strcpy(view.best.gateway, "192.0.2.1");
        view.best.ifindex = 1;
        expect(see(), POLICY_CONNECT, CHANNEL_CONNECTED);
}

Test(policy, loss_of_a_good_link_reconnects_at_once) {
        connect_good();
        expect(step_cause(POLICY_LOST, CAUSE_CLOSED), POLICY_CONNECT, CHANNEL_CONNECTING);
        cr_assert(eq(u32, policy.failures, 0));
}

Test(policy, server_that_closes_with_busy_is_not_hurried) {
        connect_good();
        expect(step_cause(POLICY_LOST, CAUSE_UNAVAILABLE), 0, CHANNEL_BACKOFF);
}

Test(policy, server_that_accepts_and_closes_sees_a_growing_backoff) {
        uint64_t delay = SEC;

        (void)see_path(1);
        expect(step(POLICY_START), POLICY_CONNECT, CHANNEL_CONNECTING);
        for (int i = 0; i < 9; i++) {
                (void)step(POLICY_OPENED);
                expect(step_cause(POLICY_LOST, CAUSE_CLOSED), 0, CHANNEL_BACKOFF);
                cr_assert(eq(u64, policy.next_attempt_usec, now.usec + delay));
                delay = delay * 2 > 60 * SEC ? 60 * SEC : delay * 2;
                expect(tick(), POLICY_CONNECT, CHANNEL_CONNECTING);
        }
        (void)step(POLICY_OPENED);
        expect(step_cause(POLICY_LOST, CAUSE_CLOSED), POLICY_NOTIFY, CHANNEL_FAILED);
        cr_assert(eq(int, (int)policy.cause.kind, CAUSE_GAVE_UP));
        /* Told once, though every later opening and loss comes to the same. */
        expect(tick(), POLICY_CONNECT, CHANNEL_FAILED);
        expect(step(POLICY_OPENED), 0, CHANNEL_CONNECTED);
        expect(step_cause(POLICY_LOST, CAUSE_CLOSED), 0, CHANNEL_FAILED);
}

Test(policy, backoff_jitters_down_by_a_half) {
        (void)see_path(1);
        (void)step(POLICY_START);
        now.entropy = UINT32_MAX;
        (void)step_cause(POLICY_FAILED, CAUSE_REFUSED);
        cr_assert(ge(u64, policy.next_attempt_usec, now.usec + SEC / 2));
        cr_assert(lt(u64, policy.next_attempt_usec, now.usec + SEC / 2 + MSEC));
}

Test(policy, good_needs_time_and_a_byte_after_it) {
        (void)see_path(1);
        (void)step(POLICY_START);
        (void)step_cause(POLICY_FAILED, CAUSE_REFUSED);
        (void)tick();
        (void)step(POLICY_OPENED);
        pass(29 * SEC);
        expect(step(POLICY_RECEIVED), 0, CHANNEL_CONNECTED);
        cr_assert(eq(u32, policy.failures, 1));
        /* A quiet channel gets one ping at the mark. */
        expect(tick(), POLICY_PING, CHANNEL_CONNECTED);
        cr_assert(eq(u64, policy.deadline_usec, USEC_NEVER));
        expect(step(POLICY_TICK), 0, CHANNEL_CONNECTED);
        expect(step(POLICY_RECEIVED), POLICY_GOOD, CHANNEL_CONNECTED);
        cr_assert(eq(u32, policy.failures, 0));
        expect(step(POLICY_RECEIVED), 0, CHANNEL_CONNECTED);
}

static void fail_until_given_up(unsigned last_actions) {
        (void)see_path(1);
        (void)step(POLICY_START);
        for (int i = 0; i < 9; i++) {
                expect(step_cause(POLICY_FAILED, CAUSE_REFUSED), 0, CHANNEL_BACKOFF);
                (void)tick();
        }
        expect(step_cause(POLICY_FAILED, CAUSE_REFUSED), last_actions, CHANNEL_FAILED);
}

Test(policy, give_up_slow_goes_on_at_the_cap_and_stays_failed) {
        fail_until_given_up(POLICY_NOTIFY);
        cr_assert(eq(u64, policy.next_attempt_usec, now.usec + 60 * SEC));
        expect(step(POLICY_MESSAGE), 0, CHANNEL_FAILED);
        cr_assert(eq(u64, policy.next_attempt_usec, now.usec + 60 * SEC));
        expect(tick(), POLICY_CONNECT, CHANNEL_FAILED);
        expect(step_cause(POLICY_FAILED, CAUSE_REFUSED), 0, CHANNEL_FAILED);
        expect(step(POLICY_HOST_GOOD), POLICY_CONNECT, CHANNEL_FAILED);
        expect(step(POLICY_OPENED), 0, CHANNEL_CONNECTED);
}

Test(policy, give_up_stop_waits_for_a_fact) {
        struct policy_options options = standard;
        static const enum policy_event rearming[] = {POLICY_RECONNECT, POLICY_REARM};

        options.give_up = POLICY_GIVE_UP_STOP;
        for (size_t i = 0; i < sizeof(rearming) / sizeof(rearming[0]); i++) {
                start_with(&options);
                fail_until_given_up(POLICY_NOTIFY);
                cr_assert(eq(u64, policy.deadline_usec, USEC_NEVER));
                cr_assert(eq(u64, policy.next_attempt_usec, 0));
                expect(step(POLICY_MESSAGE), 0, CHANNEL_FAILED);
                expect(step(POLICY_HOST_GOOD), 0, CHANNEL_FAILED);
                expect(see_path(1), 0, CHANNEL_FAILED);
                expect(step(rearming[i]), POLICY_CONNECT, CHANNEL_FAILED);
        }
        start_with(&options);
        fail_until_given_up(POLICY_NOTIFY);
        (void)see_no_path();
        expect(see_path(1), POLICY_CONNECT, CHANNEL_FAILED);
}

Test(policy, no_limit_never_gives_up) {
        struct policy_options options = standard;

        options.max_attempts = 0;
        start_with(&options);
        (void)see_path(1);
        (void)step(POLICY_START);
        for (int i = 0; i < 1000; i++) {
                expect(step_cause(POLICY_FAILED, CAUSE_REFUSED), 0, CHANNEL_BACKOFF);
                (void)tick();
        }
}

Test(policy, certificate_and_credentials_stop_at_once) {
        static const enum cause_kind kinds[] = {CAUSE_CERTIFICATE, CAUSE_CREDENTIALS, CAUSE_DENIED};

        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                setup();
                (void)see_path(1);
                (void)step(POLICY_START);
                expect(step_cause(POLICY_FAILED, kinds[i]), POLICY_NOTIFY, CHANNEL_FAILED);
                cr_assert(eq(int, (int)policy.cause.kind, (int)kinds[i]));
                cr_assert(eq(u64, policy.deadline_usec, USEC_NEVER));
                /* The same network again is no news; another one is. */
                (void)see_no_path();
                expect(see_path(1), 0, CHANNEL_FAILED);
                expect(see_path(2), POLICY_CONNECT, CHANNEL_CONNECTING);
        }
}

Test(policy, classic_is_1_2_4_8_16_then_stop) {
        static const unsigned seconds[] = {1, 2, 4, 8, 16};
        struct policy_options options = standard;

        options.classic = true;
        start_with(&options);
        now.entropy = UINT32_MAX; /* no jitter here */
        (void)see_path(1);
        expect(step(POLICY_START), POLICY_CONNECT, CHANNEL_CONNECTING);
        for (size_t i = 0; i < 5; i++) {
                expect(step_cause(POLICY_FAILED, CAUSE_REFUSED), 0, CHANNEL_BACKOFF);
                cr_assert(eq(u64, policy.next_attempt_usec, now.usec + seconds[i] * SEC));
                expect(step(POLICY_MESSAGE), 0, CHANNEL_BACKOFF);
                expect(step(POLICY_HOST_GOOD), 0, CHANNEL_BACKOFF);
                expect(tick(), POLICY_CONNECT, CHANNEL_CONNECTING);
        }
        expect(step_cause(POLICY_FAILED, CAUSE_REFUSED), POLICY_NOTIFY, CHANNEL_FAILED);
        cr_assert(eq(u64, policy.deadline_usec, USEC_NEVER));
        /* A path event restarts the schedule. */
        expect(see_path(2), POLICY_CONNECT, CHANNEL_CONNECTING);
        expect(step_cause(POLICY_FAILED, CAUSE_REFUSED), 0, CHANNEL_BACKOFF);
        cr_assert(eq(u64, policy.next_attempt_usec, now.usec + SEC));
        /* Success resets it. */
        (void)tick();
        (void)step(POLICY_OPENED);
        expect(step_cause(POLICY_LOST, CAUSE_LOST), 0, CHANNEL_BACKOFF);
        cr_assert(eq(u64, policy.next_attempt_usec, now.usec + SEC));
}

Test(policy, retry_after_is_obeyed_within_an_hour) {
        struct cause cause;

        (void)see_path(1);
        (void)step(POLICY_START);
        cause_setf(&cause, CAUSE_UNAVAILABLE, "busy");
        cause.retry_after_usec = 120 * SEC;
        (void)policy_step(&policy, POLICY_FAILED, NULL, &cause, &now);
        cr_assert(eq(u64, policy.next_attempt_usec, now.usec + 120 * SEC));
        expect(step(POLICY_MESSAGE), 0, CHANNEL_BACKOFF);
        (void)tick();
        cause.retry_after_usec = UINT64_MAX;
        (void)policy_step(&policy, POLICY_FAILED, NULL, &cause, &now);
        cr_assert(eq(u64, policy.next_attempt_usec, now.usec + 3600 * SEC));
}

Test(policy, flapping_path_is_not_hammered) {
        unsigned attempts = 0;

        (void)see_path(1);
        attempts += step(POLICY_START) == POLICY_CONNECT;
        for (int i = 0; i < 100; i++) {
                (void)see_no_path();
                pass(100 * MSEC);
                attempts += (see_path(1) & POLICY_CONNECT) != 0;
                pass(100 * MSEC);
        }
        /* 4 tokens, then by the backoff: 1, 2, 4, 8 s within 20 s. */
        cr_assert(le(u32, attempts, 1 + 4 + 5), "%u attempts", attempts);
        /* and in the end it is connected to. */
        expect(tick(), POLICY_CONNECT, CHANNEL_CONNECTING);
}

Test(policy, link_that_served_gives_its_token_back) {
        (void)see_path(1);
        (void)step(POLICY_START);
        (void)step(POLICY_OPENED);
        for (int i = 0; i < 50; i++) {
                view = (struct policy_view){.known = true,
                                            .usable = true,
                                            .best = {.ifindex = 2 - i % 2},
                                            .link_fate = POLICY_FATE_GONE};
                expect(see(), POLICY_DROP_LINK | POLICY_CONNECT, CHANNEL_CONNECTING);
                (void)step(POLICY_OPENED);
                pass(2 * SEC);
                (void)step(POLICY_RECEIVED);
        }
}

Test(policy, message_and_host_hurry_a_backoff) {
        (void)see_path(1);
        (void)step(POLICY_START);
        (void)step_cause(POLICY_FAILED, CAUSE_REFUSED);
        expect(step(POLICY_MESSAGE), POLICY_CONNECT, CHANNEL_CONNECTING);
        (void)step_cause(POLICY_FAILED, CAUSE_REFUSED);
        expect(step(POLICY_HOST_GOOD), POLICY_CONNECT, CHANNEL_CONNECTING);
        (void)step_cause(POLICY_FAILED, CAUSE_REFUSED);
        (void)step(POLICY_MESSAGE);
        (void)step_cause(POLICY_FAILED, CAUSE_REFUSED);
        (void)step(POLICY_MESSAGE);
        (void)step_cause(POLICY_FAILED, CAUSE_REFUSED);
        expect(step(POLICY_MESSAGE), 0, CHANNEL_BACKOFF); /* the bucket is empty */
}

Test(policy, message_while_waiting_changes_nothing) {
        (void)see_no_path();
        (void)step(POLICY_START);
        expect(step(POLICY_MESSAGE), 0, CHANNEL_WAITING);
}

Test(policy, reconnect_probes_a_link_and_overrides_netmon) {
        connect_good();
        expect(step(POLICY_RECONNECT), POLICY_PROBE, CHANNEL_CONNECTED);
        setup();
        (void)see_no_path();
        (void)step(POLICY_START);
        expect(step(POLICY_RECONNECT), POLICY_CONNECT, CHANNEL_CONNECTING);
        expect(step_cause(POLICY_FAILED, CAUSE_NO_PATH), 0, CHANNEL_WAITING);
}

Test(policy, stop_ends_everything_and_start_begins_anew) {
        connect_good();
        (void)see_path(2);
        expect(step_cause(POLICY_STOP, CAUSE_SUSPENDED), POLICY_DROP_ATTEMPT | POLICY_CLOSE_LINK,
               CHANNEL_IDLE);
        cr_assert(eq(u64, policy.deadline_usec, USEC_NEVER));
        expect(see_path(1), 0, CHANNEL_IDLE);
        expect(step(POLICY_RECONNECT), 0, CHANNEL_IDLE);
        expect(step(POLICY_MESSAGE), 0, CHANNEL_IDLE);
        expect(step(POLICY_START), POLICY_CONNECT, CHANNEL_CONNECTING);
}

Test(policy, new_server_forgets_the_old_ones_failures) {
        fail_until_given_up(POLICY_NOTIFY);
        expect(step(POLICY_NEW_SERVER), POLICY_CONNECT, CHANNEL_CONNECTING);
        cr_assert(eq(u32, policy.failures, 0));
        (void)step(POLICY_OPENED);
        expect(step(POLICY_NEW_SERVER), POLICY_CLOSE_LINK | POLICY_CONNECT, CHANNEL_CONNECTING);
}

Test(policy, early_ticks_do_nothing) {
        (void)see_path(1);
        (void)step(POLICY_START);
        (void)step_cause(POLICY_FAILED, CAUSE_REFUSED);
        expect(step(POLICY_TICK), 0, CHANNEL_BACKOFF);
        cr_assert(eq(u64, policy.next_attempt_usec, now.usec + SEC));
}

/* Whatever happens in whatever order: the books agree, and nobody waits for ever without a cause.
 */
Test(policy, random_events_keep_the_books) {
        uint32_t random = 12345;

        for (int run = 0; run < 200; run++) {
                bool link = false, attempt = false;

                setup();
                for (int i = 0; i < 500; i++) {
                        unsigned actions;
                        enum policy_event event;

                        random = random * 1664525u + 1013904223u;
                        now.entropy = random;
                        pass((random >> 8) % (2 * SEC));
                        event = (enum policy_event)((random >> 4) % POLICY_EVENT_COUNT);
                        if ((event == POLICY_OPENED || event == POLICY_FAILED) && !attempt)
                                continue;
                        if ((event == POLICY_LOST || event == POLICY_RECEIVED) && !link)
                                continue;
                        if (event == POLICY_PATH) {
                                view.known = (random >> 12) % 8 != 0;
                                view.usable = (random >> 15) % 3 != 0;
                                view.best.ifindex = 1 + (int)((random >> 17) % 3);
                                view.link_fate = (enum policy_fate)((random >> 19) % 3);
                                view.attempt_fate = (enum policy_fate)((random >> 21) % 3);
                                actions = see();
                        } else if (event == POLICY_STOP || event == POLICY_FAILED ||
                                   event == POLICY_LOST) {
                                actions = step_cause(
                                        event, (enum cause_kind)(
                                                       1 + (random >> 9) % (CAUSE_KIND_COUNT - 1)));
                        } else {
                                actions = step(event);
                        }
                        if (event == POLICY_OPENED) {
                                cr_assert(eq(int, link,
                                             (actions & (POLICY_DROP_LINK | POLICY_CLOSE_LINK)) !=
                                                     0));
                                attempt = false;
                                link = true;
                        } else if (event == POLICY_LOST) {
                                link = false;
                        } else if (event == POLICY_FAILED) {
                                attempt = false;
                        }
                        if (actions & POLICY_DROP_ATTEMPT) {
                                cr_assert(attempt);
                                attempt = false;
                        }
                        if (event != POLICY_OPENED &&
                            (actions & (POLICY_DROP_LINK | POLICY_CLOSE_LINK))) {
                                cr_assert(link);
                                link = false;
                        }
                        if (actions & POLICY_CONNECT) {
                                cr_assert(not(attempt));
                                attempt = true;
                        }
                        cr_assert(eq(int, policy.linked, link));
                        cr_assert(eq(int, policy.attempting, attempt));
                        if (policy.state == CHANNEL_BACKOFF || policy.state == CHANNEL_WAITING)
                                cr_assert(ne(u64, policy.deadline_usec, USEC_NEVER));
                        if (policy.state == CHANNEL_CONNECTED)
                                cr_assert(link);
                        if (policy.state == CHANNEL_FAILED)
                                cr_assert(ne(int, (int)policy.cause.kind, CAUSE_NONE));
                }
        }
}

Test(policy, attempt_without_a_path_begins_anew_on_the_one_that_comes) {
        (void)see_no_path();
        (void)step(POLICY_START);
        expect(step(POLICY_RECONNECT), POLICY_CONNECT, CHANNEL_CONNECTING);
        pass(SEC);
        /* Its packets went nowhere, and the kernel would be slow to send them again. */
        expect(see_path(1), POLICY_DROP_ATTEMPT | POLICY_CONNECT, CHANNEL_CONNECTING);
        cr_assert(eq(int, policy.attempt_path.ifindex, 1));
        expect(see(), 0, CHANNEL_CONNECTING);
}

Test(policy, attempts_while_offline_do_not_lengthen_the_backoff) {
        struct policy_options options = standard;

        options.jitter = 0;
        start_with(&options);
        (void)see_no_path();
        (void)step(POLICY_START);
        for (int i = 0; i < 5; i++) {
                (void)tick();
                (void)step_cause(POLICY_FAILED, CAUSE_NO_PATH);
        }
        expect(see_path(1), POLICY_CONNECT, CHANNEL_CONNECTING);
        expect(step_cause(POLICY_FAILED, CAUSE_TIMEOUT), 0, CHANNEL_BACKOFF);
        cr_assert(eq(u64, policy.next_attempt_usec, now.usec + SEC));
}

Test(policy, good_links_that_end_at_once_are_not_hammered) {
        struct policy_options options = standard;
        unsigned n = 0;

        options.good_after_usec = 0;
        start_with(&options);
        (void)see_path(1);
        (void)step(POLICY_START);
        /* A minute of a server that accepts, says something and closes, each within 10 ms. */
        for (uint64_t end = now.usec + 60 * SEC; now.usec < end; n++) {
                (void)step(POLICY_OPENED);
                pass(10 * MSEC);
                cr_assert(eq(u32, step(POLICY_RECEIVED), POLICY_GOOD));
                (void)step_cause(POLICY_LOST, CAUSE_CLOSED);
                while (!policy.attempting)
                        (void)tick();
        }
        cr_assert(lt(u32, n, 130), "%u connections", n);
}

Test(policy, classic_after_many_failures_has_a_schedule) {
        struct policy_options options = standard;

        options.max_attempts = 0;
        start_with(&options);
        (void)see_path(1);
        (void)step(POLICY_START);
        for (int i = 0; i < 70; i++) {
                (void)step_cause(POLICY_FAILED, CAUSE_TIMEOUT);
                (void)tick();
        }
        options.classic = true;
        policy_set_options(&policy, &options);
        /* The attempt loses its address again and again, until no token is left. */
        for (int i = 0; i < 6; i++) {
                view.attempt_fate = POLICY_FATE_GONE;
                (void)see();
        }
        cr_assert(le(u64, policy.next_attempt_usec, now.usec + 16 * SEC));
}

Test(policy, link_is_probed_after_a_sleep) {
        (void)see_path(2);
        (void)step(POLICY_START);
        (void)step(POLICY_OPENED);
        pass(3600 * SEC);
        expect(step(POLICY_RESUMED), POLICY_PROBE, CHANNEL_CONNECTED);
}

Test(policy, attempt_begins_anew_after_a_sleep) {
        (void)see_path(2);
        expect(step(POLICY_START), POLICY_CONNECT, CHANNEL_CONNECTING);
        pass(3600 * SEC);
        expect(step(POLICY_RESUMED), POLICY_DROP_ATTEMPT | POLICY_CONNECT, CHANNEL_CONNECTING);
        cr_assert(eq(u32, policy.failures, 0)); /* it was not the server's doing */
}

Test(policy, backoff_ends_with_a_sleep) {
        (void)see_path(2);
        (void)step(POLICY_START);
        (void)step_cause(POLICY_FAILED, CAUSE_REFUSED);
        cr_assert(eq(int, (int)policy.state, (int)CHANNEL_BACKOFF));
        expect(step(POLICY_RESUMED), POLICY_CONNECT, CHANNEL_CONNECTING);
}

Test(policy, sleeps_without_end_do_not_hammer_a_server) {
        unsigned n_connects = 0;

        (void)see_path(2);
        (void)step(POLICY_START);
        for (unsigned i = 0; i < 100; i++) {
                (void)step_cause(POLICY_FAILED, CAUSE_REFUSED);
                n_connects += (step(POLICY_RESUMED) & POLICY_CONNECT) != 0;
                pass(10 * MSEC);
        }
        cr_assert(le(u32, n_connects, 6));
}

Test(policy, no_path_after_a_sleep) {
        (void)see_path(2);
        (void)step(POLICY_START);
        (void)see_no_path();
        expect(step(POLICY_RESUMED), 0, CHANNEL_WAITING);
}

Test(policy, who_is_not_wanted_or_has_stopped_sleeps_on) {
        expect(step(POLICY_RESUMED), 0, CHANNEL_IDLE);
        (void)see_path(2);
        (void)step(POLICY_START);
        (void)step_cause(POLICY_FAILED, CAUSE_CREDENTIALS);
        expect(step(POLICY_RESUMED), 0, CHANNEL_FAILED);
}

Test(policy, silent_link_is_not_probed_after_a_sleep) {
        (void)see_path(2);
        (void)step(POLICY_START);
        (void)step(POLICY_OPENED);
        view.usable = false;
        view.link_fate = POLICY_FATE_SILENT;
        expect(see(), POLICY_HOLD, CHANNEL_WAITING);
        cr_assert(zero(u32, step(POLICY_RESUMED) & POLICY_PROBE));
}

/* Through a tunnel, interface 9, which is carried by another interface with a gateway; 0: netmon
 * does not know by which. */
static unsigned see_tunnel(int underlay, const char *gateway) {
        struct path_key key = {.ifindex = 9, .underlay_ifindex = underlay};

        (void)strcpy(key.underlay_gateway, gateway);
        view = (struct policy_view){.known = true, .usable = true, .best = key};
        if (policy.linked)
                view.link_path = key;
        return see();
}

static void connect_through_tunnel(int underlay, const char *gateway) {
        (void)see_tunnel(underlay, gateway);
        expect(step(POLICY_START), POLICY_CONNECT, CHANNEL_CONNECTING);
        expect(step(POLICY_OPENED), 0, CHANNEL_CONNECTED);
}

Test(policy, link_is_probed_when_its_tunnel_is_carried_otherwise) {
        connect_through_tunnel(1, "192.0.2.1");
        expect(see_tunnel(2, "198.51.100.1"), POLICY_PROBE, CHANNEL_CONNECTED);
        expect(see_tunnel(2, "198.51.100.1"), 0, CHANNEL_CONNECTED);
        expect(see_tunnel(2, "198.51.100.2"), POLICY_PROBE, CHANNEL_CONNECTED);
        /* What is not known for a while is no change, nor what comes of it. */
        expect(see_tunnel(0, ""), 0, CHANNEL_CONNECTED);
        expect(see_tunnel(2, "198.51.100.2"), 0, CHANNEL_CONNECTED);
        expect(see_tunnel(0, ""), 0, CHANNEL_CONNECTED);
        expect(see_tunnel(1, "192.0.2.1"), POLICY_PROBE, CHANNEL_CONNECTED);
}

Test(policy, tunnel_that_becomes_known_is_no_change) {
        connect_through_tunnel(0, "");
        expect(see_tunnel(1, "192.0.2.1"), 0, CHANNEL_CONNECTED);
        expect(see_tunnel(2, "192.0.2.1"), POLICY_PROBE, CHANNEL_CONNECTED);
}

Test(policy, silent_tunnel_is_probed_when_it_is_back) {
        connect_through_tunnel(1, "192.0.2.1");
        view.usable = false;
        view.link_path = (struct path_key){0};
        view.link_fate = POLICY_FATE_SILENT;
        expect(see(), POLICY_HOLD, CHANNEL_WAITING);
        expect(see_tunnel(2, "198.51.100.1"), POLICY_PROBE, CHANNEL_CONNECTED);
        expect(see_tunnel(2, "198.51.100.1"), 0, CHANNEL_CONNECTED);
}

Test(policy, what_carries_another_path_concerns_no_link) {
        connect_good();
        for (int underlay = 1; underlay <= 2; underlay++) {
                view = (struct policy_view){.known = true,
                                            .usable = true,
                                            .best = {.ifindex = 9, .underlay_ifindex = underlay},
                                            .link_path = {.ifindex = 1}};
                expect(see(), underlay == 1 ? POLICY_CONNECT : 0, CHANNEL_CONNECTED);
        }
}
