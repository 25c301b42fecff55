/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages from the server to the app: kept until it takes them, within its credit. */

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_world.h"
#include "bus_text.h"
#include "cleanup.h"
#include "moment.h"

static struct agent_world world;
static char *channel;                /* "a", connected */
static struct bus_signals *received; /* of the app */

static void setup(void) {
        world_start(&world);
        channel = world_open_connected(&world, "a", WORLD_ECHO);
        (void)recorder_next(&world.server, "open");
        received = client_listen(&world.app, "Received");
}

static void teardown(void) {
        bus_signals_free(received);
        free(channel);
        world_stop(&world);
}

TestSuite(inbox, .init = setup, .fini = teardown, .timeout = 60);

/* The server sends "000000", "000001" and so on; waits until they are on disk. */
static void burst(unsigned n) {
        char unread[16];

        recorder_command(&world.server, "burst %u 6", n);
        (void)snprintf(unread, sizeof(unread), "%u", n);
        client_wait(&world.app, channel, "Unread", unread);
}

static uint64_t expect_received(struct bus_signals *signals, const char *payload,
                                bool redelivered) {
        struct received r;
        uint64_t id;

        client_next_received(signals, &r);
        cr_assert_str_eq(r.payload, payload);
        cr_assert_eq(r.redelivered, redelivered, "%s", payload);
        id = r.id;
        received_free(&r);
        return id;
}

/* All that the agent has sent to this client by now is nothing of that. */
static void expect_nothing(struct agent_client *c, struct bus_signals *signals) {
        (void)client_number(c, channel, "Unread");
        cr_assert_eq(bus_signals_count(signals, NULL, 0), 0);
}

static void expect_unsubscribed(struct bus_signals *signals, const char *reason) {
        sd_bus_message *m =
                bus_signals_next(signals, NULL, moment_boottime_usec() + WORLD_WAIT_USEC);
        CLEANUP(freep) char *text = NULL;

        cr_assert(m, "the subscription did not end");
        text = bus_text(m);
        cr_assert_str_eq(text, reason);
        sd_bus_message_unref(m);
}

Test(inbox, message_waits_for_an_app) {
        uint64_t id;

        /* The app is not there when it comes. */
        bus_signals_free(received);
        client_stop(&world.app);
        recorder_command(&world.server, "burst 5 6");
        world_connect_app(&world);
        received = client_listen(&world.app, "Received");
        client_do(&world.app, NULL, "Attach", "a{sv}", 0);
        client_wait(&world.app, channel, "Unread", "5");

        client_do(&world.app, channel, "Subscribe", "ua{sv}", 2, 0);
        id = expect_received(received, "000000", false);
        (void)expect_received(received, "000001", false);
        expect_nothing(&world.app, received);
        client_do(&world.app, channel, "Acknowledge", "at", 1, id);
        (void)expect_received(received, "000002", false);
        expect_nothing(&world.app, received);
        client_wait(&world.app, channel, "Unread", "4");

        /* Subscribing again offers what is outstanding again. */
        client_do(&world.app, channel, "Subscribe", "ua{sv}", 10, 0);
        (void)expect_received(received, "000001", true);
        (void)expect_received(received, "000002", true);
        (void)expect_received(received, "000003", false);
        id = expect_received(received, "000004", false);
        client_acknowledge(&world.app, channel, 1, id);
        client_wait(&world.app, channel, "Unread", "0");
        recorder_command(&world.server, "send hello");
        (void)expect_received(received, "hello", false);
}

Test(inbox, app_that_leaves_has_not_taken_anything) {
        struct agent_client other = {0};
        struct bus_signals *others;

        burst(3);
        client_start(&other, &world.daemon, WORLD_USER);
        others = client_listen(&other, "Received");
        client_do(&other, channel, "Subscribe", "ua{sv}", 2, 0);
        (void)expect_received(others, "000000", false);
        (void)expect_received(others, "000001", false);
        bus_signals_free(others);
        client_stop(&other);
        client_do(&world.app, channel, "Subscribe", "ua{sv}", 3, 0);
        (void)expect_received(received, "000000", true);
        (void)expect_received(received, "000001", true);
        (void)expect_received(received, "000002", false);
}

Test(inbox, one_consumes) {
        struct bus_signals *ends = client_listen(&world.app, "Unsubscribed"), *others;
        CLEANUP(freep) char *busy = NULL;
        struct agent_client other = {0};

        burst(2);
        client_do(&world.app, channel, "Subscribe", "ua{sv}", 2, 0);
        (void)expect_received(received, "000000", false);
        client_start(&other, &world.daemon, WORLD_USER);
        others = client_listen(&other, "Received");
        busy = client_refused(&other, channel, "Subscribe", "ua{sv}", 2, 0);
        cr_assert_str_eq(busy, "Busy");
        client_do(&other, channel, "Subscribe", "ua{sv}", 2, 1, "takeover", "b", true);
        expect_unsubscribed(ends, "takeover");
        (void)expect_received(others, "000000", true);
        (void)expect_received(others, "000001", true);
        /* Any connection of the owner may acknowledge. */
        client_acknowledge(&world.app, channel, 1, 2);
        client_wait(&other, channel, "Unread", "0");
        recorder_command(&world.server, "send hello");
        (void)expect_received(others, "hello", false);
        bus_signals_free(ends);
        bus_signals_free(others);
        client_stop(&other);
}

Test(inbox, acknowledged_outlives_a_kill) {
        uint64_t first;

        burst(5);
        client_do(&world.app, channel, "Subscribe", "ua{sv}", 3, 0);
        first = expect_received(received, "000000", false);
        (void)expect_received(received, "000001", false);
        client_acknowledge(&world.app, channel, first, first + 1);
        world_restart_agent(&world);
        bus_signals_clear(received, "org.freedesktop.DBus");
        client_wait(&world.app, channel, "Unread", "3");
        client_do(&world.app, channel, "Subscribe", "ua{sv}", 10, 0);
        cr_assert_eq(expect_received(received, "000002", true), first + 2);
        client_acknowledge(&world.app, channel, first + 2, first + 4);
        client_wait(&world.app, channel, "Unread", "0");
}

Test(inbox, large_payload_comes_by_descriptor) {
        struct received r;

        client_do(&world.app, channel, "Subscribe", "ua{sv}", 10, 0);
        recorder_command(&world.server, "bytes 65536");
        client_next_received(received, &r);
        cr_assert(!r.by_fd);
        cr_assert_eq(r.size, 65536);
        received_free(&r);
        recorder_command(&world.server, "bytes 65537");
        client_next_received(received, &r);
        cr_assert(r.by_fd);
        cr_assert_eq(r.size, 65537);
        cr_assert_str_eq(r.frame, "binary");
        received_free(&r);
        recorder_command(&world.server, "send text");
        client_next_received(received, &r);
        cr_assert_str_eq(r.frame, "text");
        received_free(&r);
}

/* 256 KiB of payload are outstanding at most, but one message is, however large. */
Test(inbox, credit_counts_bytes_too) {
        struct received r;

        for (unsigned i = 0; i < 3; i++)
                recorder_command(&world.server, "bytes 200000");
        recorder_command(&world.server, "bytes 500000");
        client_wait(&world.app, channel, "Unread", "4");
        client_do(&world.app, channel, "Subscribe", "ua{sv}", 10, 0);
        for (unsigned i = 0; i < 4; i++) {
                client_next_received(received, &r);
                cr_assert_eq(r.size, i == 3 ? 500000 : 200000);
                expect_nothing(&world.app, received);
                client_acknowledge(&world.app, channel, r.id, r.id);
                received_free(&r);
        }
}

Test(inbox, observer_out_of_credit_is_dropped) {
        struct agent_client other = {0};
        struct bus_signals *others, *ends;

        client_start(&other, &world.daemon, WORLD_USER);
        others = client_listen(&other, "Received");
        ends = client_listen(&other, "Unsubscribed");
        client_do(&other, channel, "Subscribe", "ua{sv}", 2, 1, "mode", "s", "observe");
        client_do(&world.app, channel, "Subscribe", "ua{sv}", 10, 0);
        burst(5);
        for (unsigned i = 0; i < 5; i++) {
                char text[16];

                (void)snprintf(text, sizeof(text), "%06u", i);
                (void)expect_received(received, text, false);
        }
        (void)expect_received(others, "000000", false);
        (void)expect_received(others, "000001", false);
        expect_unsubscribed(ends, "credit");
        expect_nothing(&other, others);
        bus_signals_free(others);
        bus_signals_free(ends);
        client_stop(&other);
}

Test(inbox, observer_of_more_than_its_credit_is_dropped) {
        struct bus_signals *ends = client_listen(&world.app, "Unsubscribed");

        burst(5);
        client_do(&world.app, channel, "Subscribe", "ua{sv}", 2, 1, "mode", "s", "observe");
        (void)expect_received(received, "000000", false);
        (void)expect_received(received, "000001", false);
        expect_unsubscribed(ends, "credit");
        client_do(&world.app, channel, "Subscribe", "ua{sv}", 10, 1, "mode", "s", "observe");
        (void)expect_received(received, "000000", false);
        client_wait(&world.app, channel, "Unread", "5");
        bus_signals_free(ends);
}

Test(inbox, acknowledgement_may_have_a_time_limit) {
        burst(1);
        client_do(&world.app, channel, "Subscribe", "ua{sv}", 2, 1, "ack-timeout", "t",
                  UINT64_C(100000));
        (void)expect_received(received, "000000", false);
        (void)expect_received(received, "000000", true);
}

/* What does not fit stays at the server, and comes when there is room. */
Test(inbox, full_inbox_pauses_the_server) {
        uint64_t first;

        client_do(&world.app, channel, "SetOptions", "a{sv}", 1, "inbox-messages", "t",
                  UINT64_C(4));
        recorder_command(&world.server, "burst 10 6");
        client_wait(&world.app, channel, "Unread", "4");
        world_pass(&world, 100000);
        client_wait(&world.app, channel, "Unread", "4");
        client_wait(&world.app, channel, "State", "connected");
        client_do(&world.app, channel, "Subscribe", "ua{sv}", 10, 0);
        first = expect_received(received, "000000", false);
        (void)expect_received(received, "000001", false);
        (void)expect_received(received, "000002", false);
        (void)expect_received(received, "000003", false);
        client_acknowledge(&world.app, channel, first, first);
        world_pass(&world, 50000);
        expect_nothing(&world.app, received);
        for (unsigned i = 1; i < 10; i++) {
                client_acknowledge(&world.app, channel, first + i, first + i);
                if (i + 3 < 10) {
                        char text[16];

                        (void)snprintf(text, sizeof(text), "%06u", i + 3);
                        if (i + 3 > 3)
                                (void)expect_received(received, text, false);
                }
        }
        client_wait(&world.app, channel, "Unread", "0");
        cr_assert_eq(recorder_count(&world.server, "open"), 1);
}

Test(inbox, full_inbox_may_drop_the_oldest) {
        struct bus_signals *recoveries = client_listen(&world.app, "Recovered");
        CLEANUP(freep) char *outcome = NULL;
        sd_bus_message *m;

        client_do(&world.app, channel, "SetOptions", "a{sv}", 2, "inbox-messages", "t", UINT64_C(4),
                  "inbox-full", "s", "drop-oldest");
        client_do(&world.app, channel, "Subscribe", "ua{sv}", 100, 1, "mode", "s", "observe");
        recorder_command(&world.server, "burst 10 6");
        m = bus_signals_next(recoveries, NULL, moment_boottime_usec() + WORLD_WAIT_USEC);
        cr_assert(m);
        outcome = bus_text(m);
        cr_assert_str_eq(outcome, "lost");
        sd_bus_message_unref(m);
        bus_signals_free(recoveries);
        /* An observer hears all of them, the inbox keeps the last four. */
        for (unsigned i = 0; i < 10; i++) {
                char text[16];

                (void)snprintf(text, sizeof(text), "%06u", i);
                (void)expect_received(received, text, false);
        }
        client_wait(&world.app, channel, "Unread", "4");
        client_do(&world.app, channel, "Subscribe", "ua{sv}", 10, 0);
        (void)expect_received(received, "000006", false);
        (void)expect_received(received, "000007", false);
        (void)expect_received(received, "000008", false);
        (void)expect_received(received, "000009", false);
}

/* One who does not take his messages is not told of states without end either. */
Test(inbox, states_overflow_without_credit) {
        struct bus_signals *overflows = client_listen(&world.app, "Overflow");
        struct bus_signals *states = client_listen(&world.app, "MessageStates");

        client_do(&world.app, channel, "Subscribe", "ua{sv}", 1, 0);
        (void)client_send(&world.app, channel, "first", 0);
        (void)expect_received(received, "first", false);
        bus_signals_clear(states, "org.wherry.Agent1");
        (void)client_send(&world.app, channel, "second", 0);
        client_do(&world.app, channel, "Flush", "t", WORLD_WAIT_USEC);
        expect_nothing(&world.app, states);
        cr_assert_eq(bus_signals_count(overflows, NULL, 0), 1);
        bus_signals_free(overflows);
        bus_signals_free(states);
}
