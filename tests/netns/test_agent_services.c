/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The agent when what it works with goes away and comes back: netmon, the bus, itself. */

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_world.h"
#include "child.h"
#include "cleanup.h"
#include "moment.h"
#include "names.h"
#include "netns.h"

static struct agent_world world;

static void setup(void) {
        world_start(&world);
}

static void setup_without_netmon(void) {
        world_start_network(&world);
        world_start_agent(&world);
        world_connect_app(&world);
}

/* netmon's buffer has room for one or two messages. */
static void setup_tiny_buffer(void) {
        static const char *const arguments[] = {"--receive-buffer=1", "--log-level=error", NULL};

        world_start_network(&world);
        world_start_netmon(&world, arguments);
        world_start_agent(&world);
        world_connect_app(&world);
}

static void teardown(void) {
        world_stop(&world);
}

TestSuite(services, .init = setup, .fini = teardown, .timeout = 60);
TestSuite(without_netmon, .init = setup_without_netmon, .fini = teardown, .timeout = 60);
TestSuite(tiny_buffer, .init = setup_tiny_buffer, .fini = teardown, .timeout = 60);

Test(without_netmon, late_netmon_moves_nothing) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);
        CLEANUP(freep) char *unknown = client_get(&world.app, path, "Path");

        cr_assert_str_eq(unknown, "{}");
        (void)world_expect_open(&world, "10.1.0.2");
        world_send_and_wait(&world, path, "m", 0, 10);
        world_start_netmon(&world, NULL);
        world_wait_interface(&world, path, "w0");
        world_expect_connections(&world, path, 1);
        /* And from then on it counts. */
        world_cut(&world, "w0");
        (void)world_expect_open(&world, "10.2.0.2");
        world_wait_interface(&world, path, "c0");
}

Test(without_netmon, server_is_tried_by_the_clock) {
        CLEANUP(freep)
        char *path = client_open(&world.app, "a", WORLD_ECHO, 3, "backoff-first", "t",
                                 UINT64_C(100000), "backoff-cap", "t", UINT64_C(200000),
                                 "connect-timeout", "t", UINT64_C(200000));

        client_wait(&world.app, path, "State", "connected");
        recorder_kill(&world.server);
        client_wait(&world.app, path, "State", "backoff");
        client_send_many(&world.app, path, "m", 0, 10);
        world_restart_server(&world);
        world_send_and_wait(&world, path, "m", 10, 1);
        cr_assert_eq(world_expect_in_order(&world, "m", 11, 0), 0);
}

Test(services, netmon_goes_and_comes) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);

        (void)world_expect_open(&world, "10.1.0.2");
        world_stop_netmon(&world);
        world_expect_connections(&world, path, 1);
        client_wait(&world.app, path, "State", "connected");
        client_wait(&world.app, path, "Path", "{}");
        world_start_netmon(&world, NULL);
        world_wait_interface(&world, path, "w0");
        world_expect_connections(&world, path, 1);
        world_cut(&world, "w0");
        (void)world_expect_open(&world, "10.2.0.2");
        world_wait_interface(&world, path, "c0");
        /* What changed while it was away counts when it is back. */
        world_stop_netmon(&world);
        world_heal(&world, "w0");
        world_start_netmon(&world, NULL);
        (void)world_expect_open(&world, "10.1.0.2");
}

Test(services, netmon_crashes_when_there_is_no_path) {
        CLEANUP(freep) char *path = NULL;

        world_cut(&world, "w0");
        world_cut(&world, "c0");
        path = client_open(&world.app, "a", WORLD_ECHO, 2, "connect-timeout", "t", UINT64_C(200000),
                           "backoff-first", "t", UINT64_C(100000));
        client_wait(&world.app, path, "State", "waiting");
        cr_assert_eq(child_stop(world.netmon, SIGKILL), 128 + SIGKILL);
        world.netmon = 0;
        /* Without its word the server is tried, by the clock. */
        client_wait(&world.app, path, "State", "connecting");
        world_heal(&world, "w0");
        (void)world_expect_open(&world, "10.1.0.2");
}

Test(tiny_buffer, channel_moves_though_news_are_lost) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);
        uint64_t overruns = 0;

        (void)world_expect_open(&world, "10.1.0.2");
        shell("for i in $(seq 100); do echo link add v$i type veth peer name x$i; "
              "echo address add 10.77.$i.1/24 dev v$i; done | ip -batch -");
        world_cut(&world, "w0");
        shell("for i in $(seq 100); do echo link del v$i; done | ip -batch -");
        client_send_many(&world.app, path, "m", 0, 10);
        (void)world_expect_open(&world, "10.2.0.2");
        world_send_and_wait(&world, path, "m", 10, 1);
        (void)world_expect_in_order(&world, "m", 11, 0);
        cr_assert(sd_bus_get_property_trivial(world.app.bus, NETMON_BUS_NAME, NETMON_PATH,
                                              NETMON_INTERFACE, "Overruns", NULL, 't',
                                              &overruns) >= 0);
        cr_assert_gt(overruns, 0);
}

/* The bus goes first: it is not the app that leaves. */
static void restart_bus(void) {
        bus_daemon_kill(&world.daemon);
        client_stop(&world.app);
        bus_daemon_restart(&world.daemon);
        world_connect_app(&world);
}

Test(services, connections_outlive_the_bus) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);
        CLEANUP(freep) char *again = NULL;

        (void)world_expect_open(&world, "10.1.0.2");
        client_send_many(&world.app, path, "m", 0, 100);
        restart_bus();
        again = client_open(&world.app, "a", WORLD_ECHO, 0);
        cr_assert_str_eq(again, path);
        client_wait(&world.app, path, "State", "connected");
        world_send_and_wait(&world, path, "m", 100, 1);
        cr_assert_eq(world_expect_in_order(&world, "m", 101, 0), 0);
        cr_assert_eq(recorder_count(&world.server, "open"), 1);
        /* netmon is heard again. */
        world_cut(&world, "w0");
        (void)world_expect_open(&world, "10.2.0.2");
        world_expect_connections(&world, path, 2);
}

Test(services, network_may_change_while_there_is_no_bus) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);

        (void)world_expect_open(&world, "10.1.0.2");
        client_stop(&world.app);
        bus_daemon_kill(&world.daemon);
        world_cut(&world, "w0");
        bus_daemon_restart(&world.daemon);
        (void)world_expect_open(&world, "10.2.0.2");
        world_connect_app(&world);
        client_wait(&world.app, path, "State", "connected");
}

Test(services, transient_channel_ends_with_its_app) {
        CLEANUP(freep)
        char *path = client_open(&world.app, "a", WORLD_ECHO, 1, "persistent", "b", false);

        client_wait(&world.app, path, "State", "connected");
        (void)world_expect_open(&world, "10.1.0.2");
        client_stop(&world.app);
        (void)recorder_next(&world.server, "close");
        world_connect_app(&world);
        client_wait(&world.app, NULL, "Channels", "0");
        free(client_refused(&world.app, NULL, "GetChannel", "sa{sv}", "a", 0));
}

Test(services, transient_channel_outlives_the_bus) {
        CLEANUP(freep)
        char *path = client_open(&world.app, "a", WORLD_ECHO, 1, "persistent", "b", false);
        CLEANUP(freep) char *again = NULL;

        client_wait(&world.app, path, "State", "connected");
        restart_bus();
        again = client_open(&world.app, "a", WORLD_ECHO, 1, "persistent", "b", false);
        cr_assert_str_eq(again, path);
        world_expect_connections(&world, path, 1);
        /* Its app is this connection now. */
        client_stop(&world.app);
        (void)recorder_next(&world.server, "close");
        world_connect_app(&world);
}

Test(services, late_bus) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO), *again = NULL;

        (void)world_expect_open(&world, "10.1.0.2");
        world_kill_agent(&world);
        client_stop(&world.app);
        bus_daemon_kill(&world.daemon);
        world_start_agent(&world);
        /* The channel connects without a bus, and so without netmon. */
        (void)world_expect_open(&world, "10.1.0.2");
        bus_daemon_restart(&world.daemon);
        world_connect_app(&world);
        again = client_open(&world.app, "a", WORLD_ECHO, 0); /* so that it hears of it */
        cr_assert_str_eq(again, path);
        world_expect_connections(&world, path, 2);
        world_wait_interface(&world, path, "w0");
}

Test(services, second_agent_is_refused) {
        pid_t first = world.agent;

        world_start_agent(&world);
        cr_assert_eq(child_wait(world.agent, WORLD_WAIT_USEC), 1);
        world.agent = first;
        client_wait(&world.app, NULL, "Status", "idle");
}

Test(services, calls_of_an_app_that_left_wait_no_more) {
        CLEANUP(freep) char *path = client_open(&world.app, "a", "ws://10.9.0.1:1/", 0);
        CLEANUP(freep) char *refused = NULL;
        struct agent_client other;

        (void)client_send(&world.app, path, "x", 0);
        client_start(&other, &world.daemon, getuid());
        /* As many as may wait on one channel. */
        for (int i = 0; i < 1024; i++)
                cr_assert_geq(sd_bus_call_method_async(other.bus, NULL, AGENT_BUS_NAME, path,
                                                       AGENT_CHANNEL_INTERFACE, "Flush", NULL, NULL,
                                                       "t", UINT64_MAX),
                              0);
        /* Answered behind them. */
        refused = client_refused(&other, path, "Flush", "t", UINT64_C(0));
        cr_assert_str_eq(refused, "LimitsExceeded");
        client_stop(&other);
        do {
                free(refused);
                refused = client_refused(&world.app, path, "Flush", "t", UINT64_C(0));
        } while (strcmp(refused, "LimitsExceeded") == 0);
        cr_assert_str_eq(refused, "Timeout");
}
