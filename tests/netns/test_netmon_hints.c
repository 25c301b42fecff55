/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* netmon beside services that tell it more than the kernel does, played by dbusmock. */

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bus_text.h"
#include "child.h"
#include "cleanup.h"
#include "mock.h"
#include "moment.h"
#include "names.h"
#include "netmon_process.h"
#include "netmon_world.h"
#include "netns.h"

#define LOGIND "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_MANAGER "org.freedesktop.login1.Manager"
#define QUIET_USEC 50000 /* for what must not come */

static struct netmon_world world;
static pid_t mock;

static void setup(void) {
        if (!mock_possible())
                cr_skip_test("needs python3-dbusmock");
        netmon_world_start(&world, NETMON_AS_ROOT, NULL);
}

static void setup_logind(void) {
        setup();
        mock = mock_start(&world.daemon, world.bus, "logind", LOGIND);
}

static void teardown(void) {
        (void)child_stop(mock, SIGTERM);
        netmon_world_stop(&world);
}

TestSuite(sleep, .init = setup_logind, .fini = teardown, .timeout = 60);

static void prepare_for_sleep(bool near) {
        mock_call(world.bus, LOGIND, LOGIND_PATH, "org.freedesktop.DBus.Mock", "EmitSignal",
                  "sssav", LOGIND_MANAGER, "PrepareForSleep", "b", 1, "b", (int)near);
}

static void expect_preparing(const char *expected) {
        sd_bus_message *m = netmon_next(&world, "PropertiesChanged");
        CLEANUP(freep) char *changed = (sd_bus_message_skip(m, "s"), bus_text(m));

        sd_bus_message_unref(m);
        cr_assert_str_eq(changed, expected, "%s", changed);
}

static void expect_resumed(uint64_t expected_usec) {
        sd_bus_message *m = netmon_next(&world, "Resumed");
        uint64_t slept_usec;

        cr_assert(sd_bus_message_read(m, "t", &slept_usec) >= 0);
        sd_bus_message_unref(m);
        cr_assert_eq(slept_usec, expected_usec);
}

static void expect_not_resumed(void) {
        cr_assert_eq(
                bus_signals_count(world.signals, "Resumed", moment_boottime_usec() + QUIET_USEC),
                0);
}

static char *manager_property(const char *property) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        cr_assert(sd_bus_call_method(world.bus, NETMON_BUS_NAME, NETMON_PATH,
                                     "org.freedesktop.DBus.Properties", "Get", NULL, &reply, "ss",
                                     NETMON_INTERFACE, property) >= 0);
        return bus_text(reply);
}

/* A loss of carrier that the kernel keeps to itself, on a link that nobody asks about. */
static void cut_in_silence(int tap) {
        shell("ip link add held0 type veth peer name held1 && ip link set held0 up && "
              "ip link set held1 up");
        netmon_settle(&world);
        shell("ip link set held1 down");
        netmon_settle(&world);
        tap_set_carrier(tap, false);
}

Test(sleep, what_changed_in_it_comes_in_one_burst) {
        CLEANUP(close_fdp) int third = -1;
        CLEANUP(freep) char *reasons = NULL;
        sd_bus_message *m;

        netmon_world_add_wifi(&world);
        netmon_world_add_cellular(&world);
        third = tap_add("third0");
        tap_set_carrier(third, true);
        shell("ip link set third0 addrgenmode none && ip link set third0 up && "
              "ip address add 10.3.0.2/24 dev third0 && "
              "ip route add default via 10.3.0.1 dev third0 metric 300");
        netmon_settle(&world);
        prepare_for_sleep(true);
        expect_preparing("{PreparingForSleep=true}");
        cut_in_silence(third);
        prepare_for_sleep(false);
        expect_preparing("{PreparingForSleep=false}");
        expect_resumed(0);
        m = netmon_next(&world, "PathChanged");
        cr_assert(sd_bus_message_skip(m, "t") >= 0);
        reasons = bus_text(m);
        sd_bus_message_unref(m);
        cr_assert_str_eq(reasons, "[carrier resume]");
        cr_assert_eq(bus_signals_count(world.signals, "PathChanged",
                                       moment_boottime_usec() + QUIET_USEC),
                     0);
}

Test(sleep, nothing_changed_in_it) {
        netmon_world_add_wifi(&world);
        prepare_for_sleep(true);
        prepare_for_sleep(true); /* some say it twice */
        prepare_for_sleep(false);
        prepare_for_sleep(false);
        expect_resumed(0);
        cr_assert_eq(bus_signals_count(world.signals, NULL, moment_boottime_usec() + QUIET_USEC),
                     0);
}

Test(sleep, logind_that_goes_takes_its_word_with_it) {
        prepare_for_sleep(true);
        expect_preparing("{PreparingForSleep=true}");
        (void)child_stop(mock, SIGKILL);
        expect_preparing("{PreparingForSleep=false}");
        expect_not_resumed();
        mock = mock_start(&world.daemon, world.bus, "logind", LOGIND);
        prepare_for_sleep(true);
        expect_preparing("{PreparingForSleep=true}");
}

Test(sleep, who_comes_late_asks) {
        CLEANUP(freep) char *preparing = NULL;

        netmon_settle(&world);
        mock_call(world.bus, LOGIND, LOGIND_PATH, "org.freedesktop.DBus.Properties", "Set", "ssv",
                  LOGIND_MANAGER, "PreparingForSleep", "b", 1);
        cr_assert_eq(child_stop(world.netmon, SIGTERM), 0);
        world.netmon = netmon_start(&world.daemon, NULL, NULL);
        sd_bus_message_unref(netmon_next(&world, "PathChanged"));
        preparing = manager_property("PreparingForSleep");
        if (strcmp(preparing, "false") == 0) /* the answer comes a moment after the name */
                expect_preparing("{PreparingForSleep=true}");
        prepare_for_sleep(false);
        expect_resumed(0);
}

Test(sleep, others_are_not_believed) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        const char *netmon;

        cr_assert(sd_bus_call_method(world.bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus", "GetNameOwner", NULL, &reply, "s",
                                     NETMON_BUS_NAME) >= 0);
        cr_assert(sd_bus_message_read(reply, "s", &netmon) >= 0);
        cr_assert(sd_bus_message_new_signal(world.bus, &m, LOGIND_PATH, LOGIND_MANAGER,
                                            "PrepareForSleep") >= 0);
        cr_assert(sd_bus_message_append(m, "b", 1) >= 0);
        cr_assert(sd_bus_message_set_destination(m, netmon) >= 0);
        cr_assert(sd_bus_send(world.bus, m, NULL) >= 0);
        netmon_settle(&world);
        CLEANUP(freep) char *preparing = manager_property("PreparingForSleep");
        cr_assert_str_eq(preparing, "false");
}

Test(sleep, clock_that_is_set_is_none) {
        struct timespec now;

        cr_assert_eq(clock_gettime(CLOCK_REALTIME, &now), 0);
        if (clock_settime(CLOCK_REALTIME, &now) < 0 && errno == EPERM)
                cr_skip_test("needs the right to set the clock");
        expect_not_resumed();
}
