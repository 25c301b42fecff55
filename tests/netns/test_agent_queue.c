/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages from the app to the server: kept, ordered, and taken back, whatever happens meanwhile.
 */

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_world.h"
#include "bus_text.h"
#include "cleanup.h"
#include "moment.h"
#include "names.h"
#include "netns.h"

#define MIB (1 << 20)

static struct agent_world world;

static void setup(void) {
        world_start(&world);
}

/* There is a channel "a" to the server, but no way to it. */
static char *channel;

static void setup_offline(void) {
        world_start(&world);
        world_cut(&world, "w0");
        world_cut(&world, "c0");
        channel = client_open(&world.app, "a", WORLD_SINK, 0);
        client_wait(&world.app, channel, "State", "waiting");
}

static void teardown(void) {
        free(channel);
        world_stop(&world);
}

TestSuite(queue, .init = setup, .fini = teardown, .timeout = 60);
TestSuite(offline, .init = setup_offline, .fini = teardown, .timeout = 60);

static void go_online(void) {
        world_heal(&world, "c0");
        client_wait(&world.app, channel, "State", "connected");
}

Test(offline, thousand_messages_outlive_kills) {
        for (unsigned i = 0; i < 500; i++) {
                char text[16];

                (void)snprintf(text, sizeof(text), "m %u", i);
                (void)client_send(&world.app, channel, text, 0);
        }
        world_restart_agent(&world);
        client_send_many(&world.app, channel, "m", 500, 500);
        world_restart_agent(&world);
        client_wait(&world.app, channel, "Queued", "1000");
        go_online();
        (void)recorder_next_message(&world.server, "m 999");
        cr_assert_eq(world_expect_in_order(&world, "m", 1000, 0), 0);
        client_do(&world.app, channel, "Flush", "t", WORLD_WAIT_USEC);
        client_wait(&world.app, channel, "InFlight", "0");
        client_wait(&world.app, NULL, "Queued", "0");
        /* And none of them comes again. */
        world_restart_agent(&world);
        client_wait(&world.app, channel, "State", "connected");
        world_send_and_wait(&world, channel, "m", 1000, 1);
        cr_assert_eq(world_expect_in_order(&world, "m", 1001, 0), 0);
}

Test(offline, time_to_live_ends_without_a_network) {
        struct bus_signals *states = client_listen(&world.app, "MessageStates");
        CLEANUP(freep) char *told = NULL;
        sd_bus_message *m;
        uint64_t id;

        id = client_send(&world.app, channel, "short", 1, "ttl", "t", UINT64_C(200000));
        (void)client_send(&world.app, channel, "long", 1, "ttl", "t", UINT64_C(60000000));
        client_wait_message(&world.app, channel, id, "expired ttl");
        m = bus_signals_next(states, NULL, moment_boottime_usec() + WORLD_WAIT_USEC);
        told = bus_text(m);
        cr_assert_str_eq(told, "[(1 expired ttl)]");
        sd_bus_message_unref(m);
        bus_signals_free(states);
        go_online();
        (void)recorder_next_message(&world.server, "long");
        cr_assert_eq(recorder_count(&world.server, "message"), 1);
        client_wait(&world.app, channel, "Parked", "1");
        client_do(&world.app, channel, "Discard", "at", 1, id);
        client_wait(&world.app, channel, "Parked", "0");
}

Test(offline, time_to_live_ends_while_the_agent_is_away) {
        uint64_t id = client_send(&world.app, channel, "short", 1, "ttl", "t", UINT64_C(200000));

        world_kill_agent(&world);
        world_pass(&world, 300000);
        world_restart_agent(&world);
        client_do(&world.app, NULL, "Attach", "a{sv}", 0);
        client_wait_message(&world.app, channel, id, "expired ttl");
        (void)client_send(&world.app, channel, "after", 0);
        go_online();
        (void)recorder_next_message(&world.server, "after");
        cr_assert_eq(recorder_count(&world.server, "message"), 1);
}

Test(offline, cancelled_before_it_was_written) {
        CLEANUP(freep) char *late = NULL, *unknown = NULL;
        uint64_t first, second;

        first = client_send(&world.app, channel, "first", 0);
        second = client_send(&world.app, channel, "second", 0);
        (void)client_send(&world.app, channel, "third", 0);
        client_do(&world.app, channel, "Cancel", "t", second);
        client_wait_message(&world.app, channel, second, "cancelled");
        go_online();
        (void)recorder_next_message(&world.server, "first");
        cr_assert_str_eq(recorder_next(&world.server, "message")->text, "third");
        client_do(&world.app, channel, "Flush", "t", WORLD_WAIT_USEC);
        late = client_refused(&world.app, channel, "Cancel", "t", first);
        cr_assert_str_eq(late, "TooLate");
        unknown = client_refused(&world.app, channel, "Cancel", "t", UINT64_C(99));
        cr_assert_str_eq(unknown, "UnknownMessage");
}

Test(offline, full_queue_drops_the_oldest) {
        client_do(&world.app, channel, "SetOptions", "a{sv}", 2, "queue-messages", "t", UINT64_C(3),
                  "queue-full", "s", "drop-oldest");
        for (unsigned i = 0; i < 5; i++)
                client_send_many(&world.app, channel, "m", i, 1);
        client_wait_message(&world.app, channel, 1, "dropped");
        client_wait_message(&world.app, channel, 2, "dropped");
        client_wait(&world.app, channel, "Queued", "3");
        go_online();
        cr_assert_str_eq(recorder_next(&world.server, "message")->text, "m 2");
        (void)recorder_next_message(&world.server, "m 4");
}

Test(offline, full_queue_refuses) {
        CLEANUP(freep) char *full = NULL, *many = NULL;

        client_do(&world.app, channel, "SetOptions", "a{sv}", 1, "queue-messages", "t",
                  UINT64_C(3));
        client_send_many(&world.app, channel, "m", 0, 2);
        /* All of a commit, or none of it. */
        many = client_refused(&world.app, channel, "SendMany", "a(aya{sv})", 2, 1, 'x', 0, 1, 'y',
                              0);
        cr_assert_str_eq(many, "QueueFull");
        client_send_many(&world.app, channel, "m", 2, 1);
        full = client_refused(&world.app, channel, "Send", "aya{sv}", 1, 'x', 0);
        cr_assert_str_eq(full, "QueueFull");
        go_online();
        (void)recorder_next_message(&world.server, "m 2");
        cr_assert_eq(recorder_count(&world.server, "message"), 3);
}

Test(offline, only_when_connected) {
        CLEANUP(freep)
        char *refused = client_refused(&world.app, channel, "Send", "aya{sv}", 1, 'x', 1,
                                       "if-connected", "b", true);

        cr_assert_str_eq(refused, "NoPath");
        go_online();
        (void)client_send(&world.app, channel, "x", 1, "if-connected", "b", true);
        (void)recorder_next_message(&world.server, "x");
}

Test(offline, same_uuid_is_the_same_message) {
        CLEANUP(freep) char *conflict = NULL;
        sd_bus_message *reply;
        uint64_t ids[3];

        for (unsigned i = 0; i < 3; i++) {
                reply = client_call(&world.app, channel, "Send", "aya{sv}", 3, 'm', ' ', '0', 1,
                                    "uuid", "ay", 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
                                    15, 16);
                cr_assert(sd_bus_message_read(reply, "t", &ids[i]) > 0);
                sd_bus_message_unref(reply);
                if (i == 0)
                        world_restart_agent(&world);
                else if (i == 1)
                        go_online();
        }
        cr_assert(ids[0] == ids[1] && ids[1] == ids[2]);
        conflict = client_refused(&world.app, channel, "Send", "aya{sv}", 1, 'y', 1, "uuid", "ay",
                                  16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
        cr_assert_str_eq(conflict, "Conflict");
        world_send_and_wait(&world, channel, "m", 1, 1);
        cr_assert_eq(world_expect_in_order(&world, "m", 2, 0), 0);
}

Test(offline, close_asks_first) {
        CLEANUP(freep) char *refused = NULL;

        client_send_many(&world.app, channel, "m", 0, 10);
        refused = client_refused(&world.app, channel, "Close", "a{sv}", 0);
        cr_assert_str_eq(refused, "NotEmpty");
        free(refused);
        refused = client_refused(&world.app, channel, "Close", "a{sv}", 1, "flush", "t",
                                 UINT64_C(100000));
        cr_assert_str_eq(refused, "NotEmpty");
        go_online();
        client_do(&world.app, channel, "Close", "a{sv}", 1, "flush", "t", WORLD_WAIT_USEC);
        cr_assert_eq(world_expect_in_order(&world, "m", 10, 0), 0);
        cr_assert_eq(recorder_next(&world.server, "close")->code, 1000);
        client_wait(&world.app, NULL, "Channels", "0");
}

Test(queue, not_before) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_SINK);
        struct moment now = moment_now();
        const struct recorded *message;

        (void)client_send(&world.app, path, "later", 1, "not-before-realtime", "t",
                          now.realtime_usec + 400000);
        (void)client_send(&world.app, path, "now", 0);
        cr_assert_str_eq(recorder_next(&world.server, "message")->text, "now");
        message = recorder_next(&world.server, "message");
        cr_assert_str_eq(message->text, "later");
        cr_assert_geq(message->usec, now.usec + 400000);
        cr_assert_lt(message->usec, now.usec + 1000000);
}

/* It was written, and nothing proves that it came. */
Test(queue, at_most_once_is_uncertain_after_a_loss) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_SINK);
        uint64_t id;

        (void)client_send(&world.app, path, "m 0", 1, "delivery", "s", "at-most-once");
        (void)recorder_next_message(&world.server, "m 0");
        world_swallow(&world, "w0");
        id = client_send(&world.app, path, "lost", 1, "delivery", "s", "at-most-once");
        client_wait(&world.app, path, "InFlight", "1");
        (void)client_send(&world.app, path, "m 1", 0);
        shell("ip address del 10.1.0.2/24 dev w0");
        client_wait_message(&world.app, path, id, "uncertain connection-lost");
        (void)recorder_next_message(&world.server, "m 1");
        cr_assert_eq(world_expect_in_order(&world, "m", 2, 0), 0);
        cr_assert_eq(recorder_count(&world.server, "message"), 2);
}

Test(queue, at_most_once_is_uncertain_after_a_kill) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_SINK);
        uint64_t id;

        world_swallow(&world, "w0");
        id = client_send(&world.app, path, "lost", 1, "delivery", "s", "at-most-once");
        client_wait(&world.app, path, "InFlight", "1");
        world_kill_agent(&world);
        world_spit_out(&world, "w0");
        world_restart_agent(&world);
        client_wait_message(&world.app, path, id, "uncertain");
        world_send_and_wait(&world, path, "m", 0, 1);
        cr_assert_eq(recorder_count(&world.server, "message"), 1);
}

Test(queue, tries_are_limited) {
        CLEANUP(freep)
        char *path = client_open(&world.app, "a", WORLD_SERVER("/poison/1011"), 2, "backoff-first",
                                 "t", UINT64_C(20000), "backoff-cap", "t", UINT64_C(20000));
        uint64_t id = client_send(&world.app, path, "poison", 1, "max-tries", "u", 2);

        (void)client_send(&world.app, path, "after", 0);
        client_wait_message(&world.app, path, id, "rejected max-tries");
        (void)recorder_next_message(&world.server, "after");
        /* Once more, with as many tries. */
        client_do(&world.app, path, "Retry", "at", 1, id);
        client_wait_message(&world.app, path, id, "rejected max-tries");
}

/* A payload of that many bytes. */
static sd_bus_message *send_bytes(const char *path, size_t size) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        sd_bus_message *reply = NULL;
        void *space;

        cr_assert(sd_bus_message_new_method_call(world.app.bus, &m, AGENT_BUS_NAME, path,
                                                 AGENT_CHANNEL_INTERFACE, "Send") >= 0);
        cr_assert(sd_bus_message_append_array_space(m, 'y', size, &space) >= 0);
        memset(space, 'x', size);
        cr_assert(sd_bus_message_append(m, "a{sv}", 0) >= 0);
        (void)sd_bus_call(world.app.bus, m, WORLD_WAIT_USEC, NULL, &reply);
        return reply;
}

Test(queue, empty_message_each_way) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);
        struct bus_signals *signals = client_listen(&world.app, "Received");
        struct received r;

        client_do(&world.app, path, "Subscribe", "ua{sv}", 1, 0);
        (void)client_send(&world.app, path, "", 0);
        (void)client_send(&world.app, path, "", 1, "frame", "s", "text");
        for (unsigned i = 0; i < 2; i++) {
                cr_assert_eq(recorder_next(&world.server, "message")->size, 0);
                client_next_received(signals, &r);
                cr_assert_eq(r.size, 0);
                cr_assert_str_eq(r.frame, i == 0 ? "binary" : "text");
                client_acknowledge(&world.app, path, r.id, r.id);
                received_free(&r);
        }
        bus_signals_free(signals);
}

Test(queue, large_messages_each_way) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);
        struct bus_signals *signals = client_listen(&world.app, "Received");

        client_do(&world.app, path, "Subscribe", "ua{sv}", 4, 0);
        for (unsigned i = 0; i < 4; i++) {
                sd_bus_message *reply = send_bytes(path, MIB);

                cr_assert(reply);
                sd_bus_message_unref(reply);
        }
        cr_assert_null(send_bytes(path, MIB + 1));
        for (unsigned i = 0; i < 4; i++) {
                struct received r;

                cr_assert_eq(recorder_next(&world.server, "message")->size, MIB);
                client_next_received(signals, &r);
                cr_assert(r.by_fd);
                cr_assert_eq(r.size, MIB);
                for (size_t at = 0; at < r.size; at++)
                        cr_assert_eq(r.payload[at], 'x');
                client_do(&world.app, path, "Acknowledge", "at", 1, r.id);
                received_free(&r);
        }
        bus_signals_free(signals);
}

/* No two of them fit into the window. */
Test(offline, messages_that_fill_the_window) {
        for (unsigned i = 0; i < 5; i++)
                sd_bus_message_unref(send_bytes(channel, 200000));
        go_online();
        for (unsigned i = 0; i < 5; i++)
                cr_assert_eq(recorder_next(&world.server, "message")->size, 200000);
        client_do(&world.app, channel, "Flush", "t", WORLD_WAIT_USEC);
}

Test(queue, two_thousand_each_way_stay_in_order) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);
        struct bus_signals *signals = client_listen(&world.app, "Received");

        client_do(&world.app, path, "Subscribe", "ua{sv}", 100, 0);
        client_send_many(&world.app, path, "m", 0, 1000);
        client_send_many(&world.app, path, "m", 1000, 1000);
        for (unsigned i = 0; i < 2000; i++) {
                struct received r;
                char text[16];

                (void)snprintf(text, sizeof(text), "m %u", i);
                client_next_received(signals, &r);
                cr_assert_str_eq(r.payload, text);
                cr_assert(!r.redelivered);
                if (i % 50 == 49)
                        client_acknowledge(&world.app, path, r.id - 49, r.id);
                received_free(&r);
        }
        cr_assert_eq(world_expect_in_order(&world, "m", 2000, 0), 0);
        client_wait(&world.app, path, "Unread", "0");
        bus_signals_free(signals);
}
