/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The agent on a network that changes: what becomes of a connection and of the messages on it. */

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_world.h"
#include "bus_text.h"
#include "child.h"
#include "cleanup.h"
#include "mock.h"
#include "moment.h"
#include "netns.h"

/* As many messages may be written and not proved, and so repeated: the default. */
#define WINDOW 64

static struct agent_world world;

static void setup(void) {
        world_start(&world);
}

static void setup_one_uplink(void) {
        world_start_network(&world);
        shell("ip link del c0");
        world_start_netmon(&world, NULL);
        world_start_agent(&world);
        world_connect_app(&world);
}

static void teardown(void) {
        world_stop(&world);
}

TestSuite(paths, .init = setup, .fini = teardown, .timeout = 60);
TestSuite(one_path, .init = setup_one_uplink, .fini = teardown, .timeout = 60);

/* When netmon has read the kernel's news of the next change of paths. */
static uint64_t next_event_usec(struct bus_signals *changes) {
        sd_bus_message *m =
                bus_signals_next(changes, "PathChanged", moment_boottime_usec() + WORLD_WAIT_USEC);
        CLEANUP(freep) char *text = NULL;
        const char *event;

        cr_assert(m && sd_bus_message_skip(m, "tasa{sv}") >= 0);
        text = bus_text(m);
        sd_bus_message_unref(m);
        event = strstr(text, "event_usec=");
        cr_assert(event);
        return strtoull(event + strlen("event_usec="), NULL, 10);
}

Test(paths, carrier_cut_moves_over_and_back) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);
        struct bus_signals *changes =
                bus_signals_listen(world.app.bus, "type='signal',member='PathChanged'");
        struct bus_signals *recoveries = client_listen(&world.app, "Recovered");
        const struct recorded *event;
        uint64_t event_usec;
        unsigned over_c0, back;

        (void)world_expect_open(&world, "10.1.0.2");
        world_send_and_wait(&world, path, "m", 0, 20);

        /* The default route stays where it was. */
        world_cut(&world, "w0");
        client_send_many(&world.app, path, "m", 20, 20);
        over_c0 = world_expect_open(&world, "10.2.0.2");
        event = recorder_next_message(&world.server, "m 39");
        cr_assert_eq(event->connection, over_c0);
        event_usec = next_event_usec(changes);
        cr_log_info("all came %llu us after the kernel's word",
                    (unsigned long long)(event->usec - event_usec));
        cr_assert_lt(event->usec - event_usec, 500000);
        world_wait_interface(&world, path, "c0");
        cr_assert_eq(world_count_sockets("10.1.0.2"), 0, "the dead connection was not reset");

        /* The new connection is there before the old one ends, and that in order. */
        client_send_many(&world.app, path, "m", 40, 1000);
        world_heal(&world, "w0");
        client_send_many(&world.app, path, "m", 1040, 1000);
        back = world_expect_open(&world, "10.1.0.2");
        do
                event = recorder_next(&world.server, "close");
        while (event->connection != over_c0);
        cr_assert_eq(event->code, 1000);
        world_send_and_wait(&world, path, "m", 2040, 1);
        cr_assert_eq(world.server.events[world.server.cursor - 1].connection, back);
        cr_log_info("%u repeats", world_expect_in_order(&world, "m", 2041, WINDOW));
        world_wait_interface(&world, path, "w0");
        cr_assert_eq(bus_signals_count(recoveries, "Recovered", 0), 2);
        bus_signals_free(changes);
        bus_signals_free(recoveries);
}

Test(paths, removed_address_abandons) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);

        (void)world_expect_open(&world, "10.1.0.2");
        world_send_and_wait(&world, path, "m", 0, 10);
        shell("ip address del 10.1.0.2/24 dev w0");
        client_send_many(&world.app, path, "m", 10, 10);
        (void)world_expect_open(&world, "10.2.0.2");
        world_send_and_wait(&world, path, "m", 20, 1);
        (void)world_expect_in_order(&world, "m", 21, WINDOW);
        cr_assert_eq(world_count_sockets("10.1.0.2"), 0);
}

Test(paths, deleted_link_abandons) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);

        (void)world_expect_open(&world, "10.1.0.2");
        shell("ip link del w0");
        client_send_many(&world.app, path, "m", 0, 10);
        (void)world_expect_open(&world, "10.2.0.2");
        world_send_and_wait(&world, path, "m", 10, 1);
        (void)world_expect_in_order(&world, "m", 11, WINDOW);
}

Test(paths, replaced_route_moves_without_loss) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);
        const struct recorded *event;
        unsigned before;

        before = world_expect_open(&world, "10.1.0.2");
        client_send_many(&world.app, path, "m", 0, 1000);
        shell("ip route replace default via 10.2.0.1 dev c0 metric 50");
        client_send_many(&world.app, path, "m", 1000, 1000);
        (void)world_expect_open(&world, "10.2.0.2");
        event = recorder_next(&world.server, "close");
        cr_assert_eq(event->connection, before);
        cr_assert_eq(event->code, 1000);
        world_send_and_wait(&world, path, "m", 2000, 1);
        cr_log_info("%u repeats", world_expect_in_order(&world, "m", 2001, WINDOW));
}

Test(paths, other_routes_do_not_touch_a_connection) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);

        shell("ip route add 198.51.100.0/24 via 10.2.0.1 dev c0");
        shell("ip route replace default via 10.2.0.1 dev c0 metric 600 && "
              "ip address add 10.3.0.1/24 dev c0");
        world_expect_connections(&world, path, 1);
}

Test(paths, connection_stays_bound_when_a_dead_route_returns) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);

        (void)world_expect_open(&world, "10.1.0.2");
        world_cut(&world, "w0");
        (void)world_expect_open(&world, "10.2.0.2");
        shell("ip route del default dev w0");
        world_expect_connections(&world, path, 2);
        /* A manager puts it back before the link works. */
        shell("ip route add default via 10.1.0.1 dev w0 metric 100");
        world_expect_connections(&world, path, 2);
        shell("ss -Htn src 10.2.0.2 | grep -q 10.2.0.2%%c0");
        world_wait_interface(&world, path, "c0");
}

Test(paths, attempt_begins_anew_on_a_new_path) {
        CLEANUP(freep) char *path = NULL;
        uint64_t begin_usec;

        world_swallow(&world, "w0");
        path = client_open(&world.app, "a", WORLD_ECHO, 0);
        client_wait(&world.app, path, "State", "connecting");
        begin_usec = moment_boottime_usec();
        shell("ip route replace default via 10.2.0.1 dev c0 metric 50");
        (void)world_expect_open(&world, "10.2.0.2");
        client_wait(&world.app, path, "State", "connected");
        cr_assert_lt(moment_boottime_usec() - begin_usec, 2000000);
}

Test(paths, moves_over_ipv6_too) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO6);

        (void)world_expect_open(&world, "2001:db8:1::2");
        world_send_and_wait(&world, path, "m", 0, 10);
        world_cut(&world, "w0");
        client_send_many(&world.app, path, "m", 10, 10);
        (void)world_expect_open(&world, "2001:db8:2::2");
        world_heal(&world, "w0");
        (void)world_expect_open(&world, "2001:db8:1::2");
        world_send_and_wait(&world, path, "m", 20, 1);
        (void)world_expect_in_order(&world, "m", 21, WINDOW);
}

/* A network loses one family and keeps the other. */
Test(paths, other_family_serves) {
        CLEANUP(freep) char *path = NULL;

        netns_replace_file("/etc/hosts", "2001:db8:ffff::1 both.test\n203.0.113.1 both.test\n");
        path = world_open_connected(&world, "a", "ws://both.test:8080/echo");
        (void)world_expect_open(&world, "2001:db8:1::2");
        world_expect_connections(&world, path, 1);
        shell("ip -6 address del 2001:db8:1::2/64 dev w0 && "
              "ip -6 address del 2001:db8:2::2/64 dev c0");
        client_send_many(&world.app, path, "m", 0, 10);
        (void)world_expect_open(&world, "10.1.0.2");
        world_send_and_wait(&world, path, "m", 10, 1);
        (void)world_expect_in_order(&world, "m", 11, WINDOW);
}

Test(paths, silent_family_costs_little) {
        CLEANUP(freep) char *path = NULL;
        uint64_t begin_usec;

        netns_replace_file("/etc/hosts", WORLD_BLACK_HOLE6 " both.test\n203.0.113.1 both.test\n");
        begin_usec = moment_boottime_usec();
        path = world_open_connected(&world, "a", "ws://both.test:8080/echo");
        (void)world_expect_open(&world, "10.1.0.2");
        cr_assert_lt(moment_boottime_usec() - begin_usec, 1000000);
}

/* Whichever of two equal next hops it took: when that one dies it takes the other. */
Test(paths, one_of_two_next_hops_dies) {
        CLEANUP(freep) char *path = NULL;
        const struct recorded *open;
        bool by_w0;

        shell("ip route del default dev w0 && ip route del default dev c0 && "
              "ip route add default nexthop via 10.1.0.1 dev w0 nexthop via 10.2.0.1 dev c0");
        path = world_open_connected(&world, "a", WORLD_ECHO);
        open = recorder_next(&world.server, "open");
        by_w0 = strcmp(open->peer, "10.1.0.2") == 0;
        world_expect_connections(&world, path, 1);
        world_server_shell(&world, "ip link set %s down", by_w0 ? "w0" : "c0");
        client_send_many(&world.app, path, "m", 0, 10);
        (void)world_expect_open(&world, by_w0 ? "10.2.0.2" : "10.1.0.2");
        world_send_and_wait(&world, path, "m", 10, 1);
}

Test(paths, metered_network_may_be_refused) {
        CLEANUP(freep)
        char *path = client_open(&world.app, "a", WORLD_ECHO, 1, "metered", "s", "no");

        client_wait(&world.app, path, "State", "connected");
        (void)world_expect_open(&world, "10.1.0.2");
        world_cut(&world, "w0");
        client_wait(&world.app, path, "State", "waiting");
        client_do(&world.app, path, "SetOptions", "a{sv}", 1, "metered", "s", "yes");
        (void)world_expect_open(&world, "10.2.0.2");
}

/* The link works, the network behind it does not. */
Test(paths, silence_is_a_loss_after_the_ping) {
        CLEANUP(freep)
        char *path = client_open(&world.app, "a", WORLD_ECHO, 3, "ping-interval", "t",
                                 UINT64_C(200000), "ping-timeout", "t", UINT64_C(300000),
                                 "connect-timeout", "t", UINT64_C(300000));

        client_wait(&world.app, path, "State", "connected");
        (void)world_expect_open(&world, "10.1.0.2");
        world_swallow(&world, "w0");
        client_wait(&world.app, path, "Error", "(org.wherry.Error.");
        client_wait(&world.app, path, "State", "backoff");
        client_send_many(&world.app, path, "m", 0, 10);
        world_spit_out(&world, "w0");
        (void)world_expect_open(&world, "10.1.0.2");
        world_send_and_wait(&world, path, "m", 10, 1);
        (void)world_expect_in_order(&world, "m", 11, 0);
}

/* What logind says makes netmon tell of a sleep. */
static void sleep_and_wake(pid_t *ret_logind) {
        static const char logind[] = "org.freedesktop.login1";

        *ret_logind = mock_start(&world.daemon, world.app.bus, "logind", logind);
        for (int near = 1; near >= 0; near--)
                mock_call(world.app.bus, logind, "/org/freedesktop/login1",
                          "org.freedesktop.DBus.Mock", "EmitSignal", "sssav",
                          "org.freedesktop.login1.Manager", "PrepareForSleep", "b", 1, "b", near);
}

Test(paths, silence_after_a_sleep_is_a_loss_within_seconds) {
        CLEANUP(freep) char *a = NULL, *b = NULL;
        uint64_t woken_usec;
        pid_t logind;

        if (!mock_possible())
                cr_skip_test("needs python3-dbusmock");
        a = world_open_connected(&world, "a", WORLD_ECHO);
        b = world_open_connected(&world, "b", WORLD_ECHO);
        world_swallow(&world, "w0");
        sleep_and_wake(&logind);
        woken_usec = moment_boottime_usec();
        client_wait(&world.app, a, "Error", "(org.wherry.Error.");
        client_wait(&world.app, b, "Error", "(org.wherry.Error.");
        cr_assert_lt(moment_boottime_usec() - woken_usec, 3 * USEC_PER_SEC);
        world_spit_out(&world, "w0");
        client_wait(&world.app, a, "State", "connected");
        client_wait(&world.app, b, "State", "connected");
        (void)child_stop(logind, SIGKILL);
}

Test(paths, connection_that_lives_outlives_a_sleep) {
        CLEANUP(freep) char *path = NULL;
        pid_t logind;

        if (!mock_possible())
                cr_skip_test("needs python3-dbusmock");
        path = world_open_connected(&world, "a", WORLD_ECHO);
        (void)world_expect_open(&world, "10.1.0.2");
        sleep_and_wake(&logind);
        world_send_and_wait(&world, path, "m", 0, 10);
        cr_assert_eq(world_expect_in_order(&world, "m", 10, 0), 0);
        cr_assert_eq(recorder_count(&world.server, "open"), 1);
        (void)child_stop(logind, SIGKILL);
}

Test(one_path, connection_outlives_a_short_loss_of_carrier) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);

        (void)world_expect_open(&world, "10.1.0.2");
        world_send_and_wait(&world, path, "m", 0, 10);
        world_cut(&world, "w0");
        client_wait(&world.app, path, "State", "waiting");
        client_wait(&world.app, NULL, "Status", "offline");
        client_send_many(&world.app, path, "m", 10, 10);
        world_heal(&world, "w0");
        client_wait(&world.app, path, "State", "connected");
        world_send_and_wait(&world, path, "m", 20, 1);
        cr_assert_eq(world_expect_in_order(&world, "m", 21, 0), 0);
        cr_assert_eq(recorder_count(&world.server, "open"), 1);
        client_wait(&world.app, NULL, "Status", "online");
}

Test(one_path, connection_is_abandoned_after_a_long_loss_of_carrier) {
        CLEANUP(freep)
        char *path = client_open(&world.app, "a", WORLD_ECHO, 1, "linger", "t", UINT64_C(200000));

        client_wait(&world.app, path, "State", "connected");
        (void)world_expect_open(&world, "10.1.0.2");
        world_cut(&world, "w0");
        client_wait(&world.app, path, "Error",
                    "(org.wherry.Error.NoPath the network link did not come back");
        client_wait(&world.app, path, "State", "waiting");
        cr_assert_eq(world_count_sockets("10.1.0.2"), 0);
        client_send_many(&world.app, path, "m", 0, 10);
        world_heal(&world, "w0");
        (void)world_expect_open(&world, "10.1.0.2");
        world_send_and_wait(&world, path, "m", 10, 1);
        cr_assert_eq(world_expect_in_order(&world, "m", 11, 0), 0);
}

/* Its carrier came back, but the network behind it knows nothing of the connection any more. */
Test(one_path, kept_connection_that_is_dead_is_replaced) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);

        (void)world_expect_open(&world, "10.1.0.2");
        world_cut(&world, "w0");
        client_wait(&world.app, path, "State", "waiting");
        world_restart_server(&world);
        client_send_many(&world.app, path, "m", 0, 10);
        world_heal(&world, "w0");
        (void)world_expect_open(&world, "10.1.0.2");
        world_send_and_wait(&world, path, "m", 10, 1);
        (void)world_expect_in_order(&world, "m", 11, 0);
}

Test(one_path, time_without_a_network_is_no_failure) {
        CLEANUP(freep) char *path = NULL;

        world_cut(&world, "w0");
        path = client_open(&world.app, "a", WORLD_ECHO, 3, "max-attempts", "u", 1, "give-up", "s",
                           "stop", "backoff-first", "t", UINT64_C(10000));
        client_wait(&world.app, path, "State", "waiting");
        world_pass(&world, 500000);
        client_wait(&world.app, path, "State", "waiting");
        client_wait(&world.app, path, "Attempt", "1");
        world_heal(&world, "w0");
        client_wait(&world.app, path, "State", "connected");
}
