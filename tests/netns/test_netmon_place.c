/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which network netmon says it is on, and whom it tells where that is. */

#include <criterion/criterion.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
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
#define QUIET_USEC 50000 /* for what must not come */
#define STRANGER 65534   /* the bus wants users that the system knows */
#define OTHER 1
#define NETDEV 4242
#define ID_LEN 32

static struct netmon_world world;
static pid_t mock;

static void setup(void) {
        netmon_world_start(&world, NETMON_AS_ROOT, NULL);
}

/* With the group netdev, whether the system has one or not. */
static void setup_netdev(void) {
        if (!netns_possible())
                cr_skip_test("needs root");
        if (unshare(CLONE_NEWNS) < 0)
                cr_skip_test("needs a mount namespace");
        shell("mount --make-rprivate / && f=$(mktemp) && grep -v ^netdev: /etc/group >$f && "
              "echo netdev:x:%d: >>$f && chmod 644 $f && mount --bind $f /etc/group && rm $f",
              NETDEV);
        setup();
}

static void teardown(void) {
        (void)child_stop(mock, SIGKILL);
        netmon_world_stop(&world);
}

TestSuite(place, .init = setup, .fini = teardown, .timeout = 60);
TestSuite(location, .init = setup_netdev, .fini = teardown, .timeout = 60);

/* What follows "key=" in the text, to the next space; to be freed. */
static char *value_of(const char *text, const char *key) {
        const char *at = strstr(text, key);

        cr_assert(at, "%s", text);
        at += strlen(key);
        return strndup(at, strcspn(at, " }"));
}

static char *network_id(const char *destination) {
        struct netmon_answer answer = netmon_ask(&world, destination);
        char *id = value_of(answer.path, "network_id=");

        netmon_answer_free(&answer);
        return id;
}

/* The kernel learns the gateway's address, as it would with the first packet. */
static void learn_gateway(const char *gateway, const char *interface, const char *address) {
        shell("ip neigh replace %s lladdr %s nud reachable dev %s", gateway, address, interface);
}

static void expect_reasons(const char *expected) {
        sd_bus_message *m = netmon_next(&world, "PathChanged");
        CLEANUP(freep) char *reasons = NULL;

        cr_assert(sd_bus_message_skip(m, "t") >= 0);
        reasons = bus_text(m);
        sd_bus_message_unref(m);
        cr_assert_str_eq(reasons, expected, "%s", reasons);
}

Test(place, id_comes_with_the_gateway_and_is_the_same_on_every_visit) {
        CLEANUP(freep) char *none = NULL, *first = NULL, *four = NULL, *other = NULL, *again = NULL;

        netmon_world_add_wifi(&world);
        none = network_id("default4");
        cr_assert_str_eq(none, "");
        learn_gateway("10.1.0.1", "wifi0", "02:00:00:00:00:01");
        expect_reasons("[network-id]");
        first = network_id("default4");
        cr_assert_eq(strlen(first), ID_LEN);
        four = network_id("default6"); /* one network, whichever the family */
        cr_assert_str_eq(four, first);

        tap_set_carrier(world.wifi, false);
        netmon_settle(&world);
        shell("ip neigh flush dev wifi0 nud all");
        tap_set_carrier(world.wifi, true);
        netmon_wait_for(&world, "default4", "usable=true");
        learn_gateway("10.1.0.1", "wifi0", "02:00:00:00:00:02");
        netmon_settle(&world);
        other = network_id("default4");
        cr_assert_eq(strlen(other), ID_LEN);
        cr_assert_str_neq(other, first);

        cr_assert_eq(child_stop(world.netmon, SIGTERM), 0);
        learn_gateway("10.1.0.1", "wifi0", "02:00:00:00:00:01");
        world.netmon = netmon_start(&world.daemon, NULL, NULL);
        bus_wait_for_name(world.bus, NETMON_BUS_NAME, NETMON_WAIT_USEC);
        netmon_settle(&world);
        again = network_id("default4");
        cr_assert_str_neq(again, ""); /* it was known from the start */
}

Test(place, other_neighbours_are_not_heard) {
        netmon_world_add_wifi(&world);
        learn_gateway("10.1.0.7", "wifi0", "02:00:00:00:00:07");
        shell("ip neigh replace 10.1.0.1 nud incomplete dev wifi0");
        cr_assert_eq(bus_signals_count(world.signals, NULL, moment_boottime_usec() + QUIET_USEC),
                     0);
        learn_gateway("10.1.0.1", "wifi0", "02:00:00:00:00:01");
        expect_reasons("[network-id]");
        /* Once it is known, it may go and come. */
        learn_gateway("10.1.0.1", "wifi0", "02:00:00:00:00:01");
        shell("ip neigh replace 10.1.0.1 nud incomplete dev wifi0");
        cr_assert_eq(bus_signals_count(world.signals, NULL, moment_boottime_usec() + QUIET_USEC),
                     0);
}

Test(place, network_of_ipv6_alone) {
        CLEANUP(freep) char *id = NULL;

        world.wifi = tap_add("wifi0");
        tap_set_carrier(world.wifi, true);
        shell("ip link set wifi0 addrgenmode none && ip link set wifi0 up && "
              "ip address add 2001:db8:1::2/64 dev wifi0 nodad && "
              "ip -6 route add default via 2001:db8:1::1 dev wifi0");
        netmon_settle(&world);
        learn_gateway("2001:db8:1::1", "wifi0", "02:00:00:00:00:01");
        expect_reasons("[network-id]");
        id = network_id("default6");
        cr_assert_eq(strlen(id), ID_LEN);
}

/* For one user without root the secret is where his state is. */
Test(place, user_on_his_session_bus_has_a_secret_of_his_own) {
        char home[] = "/tmp/wherry-home-XXXXXX", path[96];
        const char *argv[] = {getenv("WHERRY_NETMON"), "--session", NULL};
        CLEANUP(freep) char *id = NULL;
        struct stat st;

        cr_assert_eq(child_stop(world.netmon, SIGTERM), 0);
        cr_assert(mkdtemp(home) && chown(home, STRANGER, STRANGER) == 0);
        cr_assert(setenv("HOME", home, 1) == 0 && unsetenv("XDG_STATE_HOME") == 0 &&
                  unsetenv("STATE_DIRECTORY") == 0 && unsetenv("XDG_RUNTIME_DIR") == 0 &&
                  setenv("DBUS_SESSION_BUS_ADDRESS", world.daemon.address, 1) == 0);
        world.netmon = child_start_as(STRANGER, STRANGER, argv);
        bus_wait_for_name(world.bus, NETMON_BUS_NAME, NETMON_WAIT_USEC);
        netmon_world_add_wifi(&world);
        learn_gateway("10.1.0.1", "wifi0", "02:00:00:00:00:01");
        expect_reasons("[network-id]");
        id = network_id("default4");
        cr_assert_eq(strlen(id), ID_LEN);
        (void)snprintf(path, sizeof(path), "%s/.local/state/wherry-netmon", home);
        cr_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0700);
        (void)strcat(path, "/key");
        cr_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
        shell("rm -r %s", home);
}

/* The object of an interface. */
static void link_path(const char *name, char *ret, size_t size) {
        (void)snprintf(ret, size, NETMON_LINK_PATH "/%u", if_nametoindex(name));
}

/* What a process of that user and group is told: the location, or the name of the error. */
static void ask_as(uid_t uid, gid_t gid, char *ret, size_t size) {
        char path[64];
        int fds[2], status;
        ssize_t n;
        pid_t pid;

        link_path("wifi0", path, sizeof(path));
        cr_assert_eq(pipe(fds), 0);
        pid = fork();
        if (pid == 0) {
                CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                sd_bus_message *reply = NULL;
                sd_bus *bus;

                if (setgroups(0, NULL) < 0 || setgid(gid) < 0 || setuid(uid) < 0)
                        _exit(1);
                bus = bus_daemon_connect(&world.daemon);
                if (sd_bus_call_method(bus, NETMON_BUS_NAME, path, NETMON_LOCATION_INTERFACE,
                                       "GetLocation", &error, &reply, NULL) < 0)
                        (void)dprintf(fds[1], "%s", error.name);
                else
                        (void)dprintf(fds[1], "%s", bus_text(reply));
                _exit(0);
        }
        (void)close(fds[1]);
        n = read(fds[0], ret, size - 1);
        (void)close(fds[0]);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_assert_gt(n, 0);
        ret[n] = '\0';
}

static void expect_told(uid_t uid, gid_t gid, const char *expected) {
        char text[256];

        ask_as(uid, gid, text, sizeof(text));
        cr_assert(strstr(text, expected), "uid %u: %s", uid, text);
}

/* What others say comes without a signal of ours. */
static void wait_until_told(const char *expected) {
        uint64_t deadline_usec = moment_boottime_usec() + NETMON_WAIT_USEC;
        char text[256];

        do
                ask_as(0, 0, text, sizeof(text));
        while (!strstr(text, expected) && moment_boottime_usec() < deadline_usec);
        cr_assert(strstr(text, expected), "%s", text);
}

Test(location, is_for_root_and_netdev) {
        netmon_world_add_wifi(&world);
        expect_told(0, 0, "{}");
        learn_gateway("10.1.0.1", "wifi0", "02:00:00:00:00:01");
        expect_reasons("[network-id]");
        expect_told(0, 0, "gateway-hardware-address=02:00:00:00:00:01");
        expect_told(STRANGER, STRANGER, "org.freedesktop.DBus.Error.AccessDenied");
        expect_told(STRANGER, NETDEV, "gateway-hardware-address=02:00:00:00:00:01");
}

static void add_session(const char *id, uint32_t uid, bool active) {
        mock_call(world.bus, LOGIND, "/org/freedesktop/login1", "org.freedesktop.DBus.Mock",
                  "AddSession", "ssusb", id, "seat0", uid, "user", (int)active);
}

Test(location, is_for_who_sits_at_the_machine) {
        if (!mock_possible())
                cr_skip_test("needs python3-dbusmock");
        netmon_world_add_wifi(&world);
        mock = mock_start(&world.daemon, world.bus, "logind", LOGIND);
        expect_told(STRANGER, STRANGER, "AccessDenied");
        add_session("1", OTHER, true);
        expect_told(STRANGER, STRANGER, "AccessDenied");
        expect_told(OTHER, OTHER, "{}");
        add_session("2", STRANGER, false);
        expect_told(STRANGER, STRANGER, "AccessDenied");
        add_session("3", STRANGER, true);
        expect_told(STRANGER, STRANGER, "{}");
        mock_call(world.bus, LOGIND, "/org/freedesktop/login1/session/3",
                  "org.freedesktop.DBus.Mock", "UpdateProperties", "sa{sv}",
                  "org.freedesktop.login1.Session", 1, "Remote", "b", 1);
        expect_told(STRANGER, STRANGER, "AccessDenied");
}

Test(location, has_the_name_that_the_connection_was_given) {
        static const char manager[] = "org.freedesktop.NetworkManager";
        static const char device[] = "/org/freedesktop/NetworkManager/Devices/0";
        static const char active[] = "/org/freedesktop/NetworkManager/ActiveConnection/0";
        static const char mocked[] = "org.freedesktop.DBus.Mock";

        if (!mock_possible())
                cr_skip_test("needs python3-dbusmock");
        netmon_world_add_wifi(&world);
        mock = mock_start(&world.daemon, world.bus, "networkmanager", manager);
        mock_call(world.bus, manager, "/org/freedesktop", mocked, "AddObject", "ssa{sv}a(ssss)",
                  active, "org.freedesktop.NetworkManager.Connection.Active", 1, "Id", "s", "Home",
                  0);
        mock_call(world.bus, manager, "/org/freedesktop", mocked, "AddWiFiDevice", "ssi", "0",
                  "wifi0", 100);
        mock_call(world.bus, manager, "/org/freedesktop", mocked, "SetDeviceActive", "ss", device,
                  active);
        wait_until_told("connection=Home");
        mock_call(world.bus, manager, "/org/freedesktop", mocked, "SetDeviceDisconnected", "s",
                  device);
        wait_until_told("{}");
}

Test(location, has_no_property) {
        CLEANUP(freep) char *all = NULL;

        netmon_world_add_wifi(&world);
        learn_gateway("10.1.0.1", "wifi0", "02:00:00:00:00:01");
        expect_reasons("[network-id]");
        all = netmon_snapshot(&world, NETMON_ALL_INTERFACES);
        cr_assert(!strstr(all, "02:00:00:00:00:01"), "%s", all);
}
