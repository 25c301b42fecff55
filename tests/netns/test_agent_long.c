/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What takes half a minute by its nature: these tests mostly wait, side by side. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_world.h"
#include "cleanup.h"
#include "moment.h"
#include "names.h"

static struct agent_world world;

static void setup(void) {
        world_start(&world);
}

static void teardown(void) {
        world_stop(&world);
}

TestSuite(long_ones, .init = setup, .fini = teardown, .timeout = 120);

/* As recorder_next(), for what comes late. */
static const struct recorded *next_late(const char *event) {
        const struct recorded *next =
                recorder_try(&world.server, event, moment_boottime_usec() + 40 * USEC_PER_SEC);

        cr_assert(next, "the server tells no \"%s\"", event);
        return next;
}

Test(long_ones, classic_policy_waits_1_2_4_8_16_seconds_then_stops) {
        CLEANUP(freep)
        char *path = client_open(&world.app, "a", WORLD_SERVER("/refuse/503"), 1, "policy", "s",
                                 "classic");
        uint64_t before_usec = next_late("request")->usec;

        for (unsigned i = 0; i < 5; i++) {
                uint64_t wait_usec = (UINT64_C(1) << i) * USEC_PER_SEC;
                uint64_t due_usec = client_number(&world.app, path, "NextAttempt"), usec;

                if (due_usec == 0) { /* the refusal is still on its way */
                        client_wait(&world.app, path, "State", "backoff");
                        due_usec = client_number(&world.app, path, "NextAttempt");
                }
                usec = next_late("request")->usec;
                cr_log_info("after %llu us", (unsigned long long)(usec - before_usec));
                cr_assert_geq(usec - before_usec, wait_usec);
                cr_assert_lt(usec - before_usec, wait_usec + 150000);
                cr_assert_geq(usec, due_usec);
                before_usec = usec;
        }
        client_wait(&world.app, path, "State", "failed");
        client_wait(&world.app, path, "Error", "(org.wherry.Error.GaveUp ");
        client_wait(&world.app, path, "NextAttempt", "0");
        /* A new path begins all over. */
        world_cut(&world, "w0");
        before_usec = next_late("request")->usec;
        cr_assert_geq(next_late("request")->usec - before_usec, 1000000);
        cr_assert_eq(recorder_count(&world.server, "request"), 8);
}

Test(long_ones, transient_channel_waits_half_a_minute_for_its_app) {
        CLEANUP(freep)
        char *path = client_open(&world.app, "a", WORLD_ECHO, 1, "persistent", "b", false);
        uint64_t gone_usec;
        const struct recorded *end;

        client_wait(&world.app, path, "State", "connected");
        gone_usec = moment_boottime_usec();
        bus_daemon_kill(&world.daemon);
        client_stop(&world.app);
        bus_daemon_restart(&world.daemon);
        world_connect_app(&world);
        end = next_late("close");
        cr_assert_geq(end->usec - gone_usec, 30 * USEC_PER_SEC);
        cr_assert_lt(end->usec - gone_usec, 31 * USEC_PER_SEC);
        client_wait(&world.app, NULL, "Channels", "0");
}

Test(long_ones, full_inbox_disconnects_until_half_is_taken) {
        CLEANUP(freep)
        char *path =
                client_open(&world.app, "a", WORLD_ECHO, 1, "inbox-messages", "t", UINT64_C(4));
        struct bus_signals *received = client_listen(&world.app, "Received");
        struct received r;

        client_wait(&world.app, path, "State", "connected");
        (void)next_late("open");
        recorder_command(&world.server, "burst 4 6");
        client_wait(&world.app, path, "Unread", "4");
        (void)next_late("close");
        client_wait(&world.app, path, "State", "idle");
        client_wait(&world.app, path, "Error", "(org.wherry.Error.InboxFull ");
        (void)client_send(&world.app, path, "waits", 0);
        /* It stays so after a restart. */
        world_restart_agent(&world);
        client_do(&world.app, NULL, "Attach", "a{sv}", 0);
        client_wait(&world.app, path, "State", "idle");
        client_wait(&world.app, path, "Error", "(org.wherry.Error.InboxFull ");
        client_do(&world.app, path, "Subscribe", "ua{sv}", 4, 0);
        client_next_received(received, &r);
        client_acknowledge(&world.app, path, r.id, r.id);
        client_wait(&world.app, path, "Unread", "3");
        client_wait(&world.app, path, "State", "idle");
        client_acknowledge(&world.app, path, r.id, r.id + 1);
        client_wait(&world.app, path, "State", "connected");
        (void)next_late("open");
        (void)recorder_next_message(&world.server, "waits");
        received_free(&r);
        bus_signals_free(received);
}

/* Nothing is pinged, nothing is good yet: what is proved is proved by the mark. */
Test(long_ones, quiet_channel_gets_good_by_a_ping) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);
        uint64_t opened_usec = client_number(&world.app, path, "Since");
        uint64_t trip_usec = client_number(&world.app, path, "RoundTrip");

        cr_assert_eq(trip_usec, 0);
        world_pass(&world, 30500000);
        cr_assert_gt(client_number(&world.app, path, "RoundTrip"), 0);
        cr_assert_gt(client_number(&world.app, path, "LastReceived"), opened_usec + 29000000);
}
