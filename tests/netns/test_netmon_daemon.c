/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* netmon as a daemon: without rights, under floods, across the bus, for several clients. */

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_text.h"
#include "child.h"
#include "cleanup.h"
#include "moment.h"
#include "names.h"
#include "netmon_process.h"
#include "netmon_world.h"
#include "netns.h"

static struct netmon_world world;

static void setup(void) {
        netmon_world_start(&world, NETMON_AS_ROOT, NULL);
}

static void setup_nobody(void) {
        netmon_world_start(&world, NETMON_AS_NOBODY, NULL);
}

/* Room for one or two messages. */
static void setup_tiny_buffer(void) {
        static const char *const arguments[] = {"--receive-buffer=1", "--log-level=error", NULL};

        netmon_world_start(&world, NETMON_AS_ROOT, arguments);
}

static void teardown(void) {
        netmon_world_stop(&world);
}

TestSuite(daemon, .init = setup, .fini = teardown, .timeout = 60);
TestSuite(nobody, .init = setup_nobody, .fini = teardown, .timeout = 60);
TestSuite(flood, .init = setup_tiny_buffer, .fini = teardown, .timeout = 60);

/* A property of the manager, or of an interface by its name; to be freed. */
static char *get(const char *path, const char *interface, const char *property) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call_method(world.bus, NETMON_BUS_NAME, path, "org.freedesktop.DBus.Properties",
                               "Get", &error, &reply, "ss", interface, property);
        cr_assert(r >= 0, "%s: %s", property, error.message);
        return bus_text(reply);
}

static void expect_manager(const char *property, const char *expected) {
        CLEANUP(freep) char *value = get(NETMON_PATH, NETMON_INTERFACE, property);

        cr_assert_str_eq(value, expected);
}

static uint64_t manager_counter(const char *property) {
        CLEANUP(freep) char *value = get(NETMON_PATH, NETMON_INTERFACE, property);

        return strtoull(value, NULL, 10);
}

/* Names the signal that should not have come. */
static void expect_silence(uint64_t usec) {
        sd_bus_message *m = bus_signals_next(world.signals, NULL, moment_boottime_usec() + usec);

        if (!m)
                return;
        (void)sd_bus_message_dump(m, stderr, SD_BUS_MESSAGE_DUMP_WITH_HEADER);
        cr_assert_fail("%s came", sd_bus_message_get_member(m));
}

static void expect_shown(const char *name, bool shown) {
        CLEANUP(freep) char *some = netmon_snapshot(&world, NETMON_SHOWN_INTERFACES);
        CLEANUP(freep) char *all = netmon_snapshot(&world, NETMON_ALL_INTERFACES);
        char text[64];

        (void)snprintf(text, sizeof(text), "{Name=%s ", name);
        cr_assert((strstr(some, text) != NULL) == shown, "%s: %s", name, some);
        cr_assert(strstr(all, text), "%s: %s", name, all);
}

Test(daemon, state_follows_links_and_routes) {
        expect_manager("State", "offline");
        netmon_world_add_wifi(&world);
        expect_manager("State", "routed");
        shell("ip route del default && ip -6 route del default");
        netmon_settle(&world);
        expect_manager("State", "local");
        expect_manager("Primary4", "{}");
        shell("ip link set wifi0 down");
        netmon_settle(&world);
        expect_manager("State", "offline");
}

Test(daemon, containers_cost_no_signal) {
        netmon_world_add_wifi(&world);
        shell("ip link add docker0 type bridge && ip link set docker0 up && "
              "ip address add 172.17.0.1/16 dev docker0");
        netmon_settle(&world);
        shell("for i in $(seq 50); do echo link add veth$i type veth peer name c$i; "
              "echo link set veth$i master docker0; echo link set veth$i up; "
              "echo link set c$i up; done | ip -batch -");
        shell("for i in $(seq 50); do echo link del veth$i; done | ip -batch -");
        expect_silence(300000);
        expect_shown("docker0", false);
        expect_shown("wifi0", true);
}

Test(daemon, hidden_interface_of_a_watched_path_is_shown) {
        CLEANUP(freep) char *watch = NULL;

        shell("ip link add docker0 type bridge && ip link add v0 type veth peer name v1 && "
              "ip link set v0 master docker0 up && ip link set v1 up && ip link set docker0 up && "
              "ip address add 172.17.0.1/16 dev docker0");
        netmon_settle(&world);
        expect_shown("docker0", false);
        watch = netmon_watch(&world, "172.17.0.5");
        expect_shown("docker0", true);
        expect_shown("v0", false);
}

Test(nobody, all_works_without_privilege) {
        struct netmon_answer answer;

        netmon_world_add_wifi(&world);
        netmon_world_add_cellular(&world);
        tap_set_carrier(world.wifi, false);
        netmon_wait_for(&world, "default", "why=carrier");
        answer = netmon_ask(&world, "default");
        cr_assert(strstr(answer.alternatives, "interface=cell0"));
        netmon_answer_free(&answer);
        netns_sysctl("ipv4/conf/cell0/rp_filter", "1");
        netmon_settle(&world);
        answer = netmon_ask(&world, "default4");
        cr_assert_str_eq(answer.alternatives, "[]");
        netmon_answer_free(&answer);
}

Test(flood, overrun_ends_in_the_right_state) {
        netmon_world_add_wifi(&world);
        shell("for i in $(seq 200); do echo link add veth$i type veth peer name c$i; "
              "echo address add 10.77.$i.1/24 dev veth$i; done | ip -batch -");
        shell("for i in $(seq 2 200); do echo link del veth$i; done | ip -batch -");
        cr_assert_gt(manager_counter("Overruns"), 0);
        /* A dump follows at the latest a second after the one before it. */
        (void)bus_signals_count(world.signals, NULL, moment_boottime_usec() + 1500000);
        cr_assert_gt(manager_counter("Resyncs"), 0);
        expect_shown("veth1", true);
        CLEANUP(freep) char *all = netmon_snapshot(&world, NETMON_ALL_INTERFACES);
        cr_assert(!strstr(all, "{Name=veth2 "));
        cr_assert(!strstr(all, "{Name=veth200 "));
        tap_set_carrier(world.wifi, false);
        netmon_wait_for(&world, "default", "why=carrier");
}

/* Pulls the cable while the kernel holds back news of carriers, and says how long it took until
 * that was told. */
static uint64_t held_back_cut(void) {
        uint64_t cut_usec, told_usec = 0;

        /* A veth's first loss is told at once, and arms the delay for whoever comes next. */
        shell("ip link add held0 type veth peer name held1 && ip link set held0 up && "
              "ip link set held1 up");
        netmon_settle(&world);
        shell("ip link set held1 down");
        netmon_settle(&world);
        cut_usec = moment_boottime_usec();
        tap_set_carrier(world.wifi, false);
        for (;;) {
                sd_bus_message *m = netmon_next(&world, "PathChanged");
                CLEANUP(freep) char *text = (sd_bus_message_skip(m, "tas"), bus_text(m));

                free(text);
                text = bus_text(m);
                told_usec = moment_boottime_usec();
                sd_bus_message_unref(m);
                if (strstr(text, "why=carrier"))
                        break;
        }
        tap_set_carrier(world.wifi, true);
        shell("ip link del held0");
        netmon_settle(&world);
        return told_usec - cut_usec;
}

Test(daemon, carrier_loss_is_not_held_back) {
        netmon_world_add_wifi(&world);
        netmon_world_add_cellular(&world);
        for (unsigned i = 0; i < 5; i++) {
                uint64_t took_usec = held_back_cut();

                cr_log_info("held back cut told after %llu us", (unsigned long long)took_usec);
                cr_assert_lt(took_usec, 150000);
        }
}

Test(daemon, comes_back_on_a_bus_that_restarts) {
        netmon_world_add_wifi(&world);
        netmon_world_kill_bus(&world);
        tap_set_carrier(world.wifi, false);
        netmon_world_restart_bus(&world);
        netmon_wait_for(&world, "default", "why=carrier");
        tap_set_carrier(world.wifi, true);
        sd_bus_message_unref(netmon_next(&world, "PathChanged"));
}

Test(daemon, waits_for_a_bus_that_is_late) {
        cr_assert_eq(child_stop(world.netmon, SIGTERM), 0);
        netmon_world_kill_bus(&world);
        world.netmon = netmon_start(&world.daemon, NULL, NULL);
        netmon_world_restart_bus(&world);
        expect_manager("State", "offline");
}

Test(daemon, restart_tells_where_things_stand) {
        CLEANUP(freep) char *reasons = NULL;
        sd_bus_message *m;

        netmon_settle(&world);
        cr_assert_eq(child_stop(world.netmon, SIGTERM), 0);
        world.netmon = netmon_start(&world.daemon, NULL, NULL);
        m = netmon_next(&world, "PathChanged");
        cr_assert(sd_bus_message_skip(m, "t") >= 0);
        reasons = bus_text(m);
        cr_assert_str_eq(reasons, "[start]");
        sd_bus_message_unref(m);
}

/* What a script sees that reads the state. */
static void expect_state(const char *expected) {
        char path[96], text[192];

        (void)snprintf(path, sizeof(path), "%s/netmon.state", world.daemon.directory);
        (void)snprintf(text, sizeof(text), ". %s && test \"$STATE $INTERFACE4 $USABLE4\" = '%s'",
                       path, expected);
        cr_assert_eq(system(text), 0, "not %s", expected);
}

Test(daemon, state_file_follows_and_stays) {
        expect_state("offline  no");
        netmon_world_add_wifi(&world);
        netmon_settle(&world);
        expect_state("routed wifi0 yes");
        tap_set_carrier(world.wifi, false);
        netmon_wait_for(&world, "default", "why=carrier");
        netmon_settle(&world);
        expect_state("offline wifi0 no");
        cr_assert_eq(child_stop(world.netmon, SIGTERM), 0);
        expect_state("offline wifi0 no");
        world.netmon = netmon_start(&world.daemon, NULL, NULL);
        sd_bus_message_unref(netmon_next(&world, "PathChanged"));
        expect_state("offline wifi0 no");
}

Test(daemon, wrong_configuration_is_named) {
        pid_t pid = netmon_start(&world.daemon, "[Interface x]\nType=cable\n", NULL);

        cr_assert_eq(child_wait(pid, NETMON_WAIT_USEC), 1);
}

Test(daemon, watch_is_told_to_its_creator_alone) {
        CLEANUP(freep) char *watch = NULL, *path = NULL, *mine = NULL;
        struct bus_signals *others;
        sd_bus *other;
        sd_bus_message *m;

        netmon_world_add_wifi(&world);
        netmon_world_add_cellular(&world);
        other = bus_daemon_connect(&world.daemon);
        others = bus_signals_listen(other, "type='signal',interface='" NETMON_WATCH_INTERFACE "'");
        watch = netmon_watch(&world, "198.51.100.7");
        shell("ip route add 198.51.100.0/24 via 10.2.0.1 dev cell0");
        m = netmon_next(&world, "Changed");
        cr_assert_str_eq(sd_bus_message_get_path(m), watch);
        cr_assert(sd_bus_message_skip(m, "tastt") >= 0);
        path = bus_text(m);
        cr_assert(strstr(path, "interface=cell0"), "%s", path);
        sd_bus_message_unref(m);
        mine = get(watch, NETMON_WATCH_INTERFACE, "Path");
        cr_assert_str_eq(mine, path);

        /* The primary path is the same as before, and a route elsewhere is nothing. */
        cr_assert_eq(
                bus_signals_count(world.signals, "PathChanged", moment_boottime_usec() + 20000), 0);
        shell("ip route add 192.0.2.0/24 via 10.2.0.1 dev cell0");
        cr_assert_eq(bus_signals_count(world.signals, NULL, moment_boottime_usec() + 20000), 0);
        cr_assert_eq(bus_signals_count(others, NULL, moment_boottime_usec() + 20000), 0);
        bus_signals_free(others);
        sd_bus_flush_close_unref(other);
}

Test(daemon, address_under_detection_is_tentative) {
        struct netmon_answer answer;

        world.wifi = tap_add("wifi0");
        tap_set_carrier(world.wifi, true);
        shell("ip link set wifi0 up && ip address add 2001:db8:1::2/64 dev wifi0 && "
              "ip -6 route add default via 2001:db8:1::1 dev wifi0");
        netmon_wait_for(&world, "default6", "why=tentative");
        netmon_wait_for(&world, "default6", "usable=true");
        answer = netmon_ask(&world, "default6");
        cr_assert(strstr(answer.path, "source=2001:db8:1::2"), "%s", answer.path);
        netmon_answer_free(&answer);
}

Test(daemon, duplicate_address_is_no_source) {
        CLEANUP(freep) char *all = NULL;

        shell("ip link add near type veth peer name far && ip link set near up && "
              "ip link set far up && ip address add 2001:db8:9::1/64 dev far nodad && "
              "ip address add 2001:db8:9::1/64 dev near && "
              "ip -6 route add default via 2001:db8:9::7 dev near");
        netmon_wait_for(&world, "default6", "why=no-source");
        all = netmon_snapshot(&world, NETMON_ALL_INTERFACES);
        cr_assert(strstr(all, "dadfailed"), "%s", all);
}
