/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* netmon beside services that tell it more than the kernel does, played by dbusmock. */

#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bus_dict.h"
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
#define NM "org.freedesktop.NetworkManager"
#define NM_DEVICE NM ".Device"
#define NM_DEVICE_PATH "/org/freedesktop/NetworkManager/Devices/0"
#define MM "org.freedesktop.ModemManager1"
#define MM_MODEM MM ".Modem"
#define MM_MODEM_3GPP MM_MODEM ".Modem3gpp"
#define MM_BEARER MM ".Bearer"
#define MM_MODEM_PATH "/org/freedesktop/ModemManager1/Modem/0"
#define MM_BEARER_PATH "/org/freedesktop/ModemManager1/Bearer/0"
#define MOCK "org.freedesktop.DBus.Mock"
#define QUIET_USEC 50000 /* for what must not come */

static struct netmon_world world;
static pid_t mock;

static void stop_mock(void) {
        (void)child_stop(mock, SIGKILL);
        mock = 0;
}

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
        stop_mock();
        netmon_world_stop(&world);
}

TestSuite(manager, .init = setup, .fini = teardown, .timeout = 60);
TestSuite(modem, .init = setup, .fini = teardown, .timeout = 60);
TestSuite(sleep, .init = setup_logind, .fini = teardown, .timeout = 60);

static void prepare_for_sleep(bool near) {
        mock_call(world.bus, LOGIND, LOGIND_PATH, MOCK, "EmitSignal", "sssav", LOGIND_MANAGER,
                  "PrepareForSleep", "b", 1, "b", (int)near);
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
        stop_mock();
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

static void start_manager(void) {
        mock = mock_start(&world.daemon, world.bus, "networkmanager", NM);
}

static void add_device(const char *interface) {
        mock_call(world.bus, NM, "/org/freedesktop", MOCK, "AddWiFiDevice", "ssi", "0", interface,
                  100);
        mock_call(world.bus, NM, NM_DEVICE_PATH, MOCK, "AddProperty", "ssv", NM_DEVICE, "Metered",
                  "u", 0);
}

static void update(const char *name, const char *path, const char *interface, const char *property,
                   const char *type, ...) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        va_list ap;

        cr_assert(sd_bus_message_new_method_call(world.bus, &call, name, path, MOCK,
                                                 "UpdateProperties") >= 0);
        cr_assert(sd_bus_message_append(call, "s", interface) >= 0);
        cr_assert(sd_bus_message_open_container(call, 'a', "{sv}") >= 0);
        cr_assert(bus_dict_open(call, property, type) >= 0);
        va_start(ap, type);
        cr_assert(sd_bus_message_appendv(call, type, ap) >= 0);
        va_end(ap);
        cr_assert(bus_dict_close(call) >= 0);
        cr_assert(sd_bus_message_close_container(call) >= 0);
        cr_assert(sd_bus_call(world.bus, call, NETMON_WAIT_USEC, NULL, NULL) >= 0);
}

static void set_device_metered(uint32_t metered) {
        update(NM, NM_DEVICE_PATH, NM_DEVICE, "Metered", "u", metered);
}

/* PathChanged for these reasons, with this in what it tells. */
static void expect_path(const char *reasons, const char *text) {
        sd_bus_message *m = netmon_next(&world, "PathChanged");
        CLEANUP(freep) char *told = NULL, *now = NULL;

        cr_assert(sd_bus_message_skip(m, "t") >= 0);
        told = bus_text(m);
        cr_assert_str_eq(told, reasons, "%s", told);
        cr_assert(sd_bus_message_skip(m, "a{sv}") >= 0);
        now = bus_text(m);
        cr_assert(strstr(now, text), "%s", now);
        sd_bus_message_unref(m);
}

static void expect_link(const char *text) {
        uint64_t deadline_usec = moment_boottime_usec() + NETMON_WAIT_USEC;

        for (;;) {
                CLEANUP(freep) char *all = netmon_snapshot(&world, NETMON_ALL_INTERFACES);
                sd_bus_message *m;

                if (strstr(all, text))
                        return;
                m = bus_signals_next(world.signals, "PropertiesChanged", deadline_usec);
                cr_assert(m, "%s", all);
                sd_bus_message_unref(m);
        }
}

static void expect_no_path(void) {
        cr_assert_eq(bus_signals_count(world.signals, "PathChanged",
                                       moment_boottime_usec() + QUIET_USEC),
                     0);
}

Test(manager, says_what_is_metered) {
        netmon_world_add_wifi(&world);
        start_manager();
        add_device("wifi0");
        set_device_metered(1);
        expect_path("[metered]", "metered=yes");
        expect_link("Metered=yes MeteredSource=networkmanager");
        set_device_metered(2);
        expect_path("[metered]", "metered=no");
        set_device_metered(4); /* the same by a guess */
        set_device_metered(77);
        expect_path("[metered]", "metered=unknown");
        set_device_metered(3);
        expect_path("[metered]", "metered=yes");
        stop_mock();
        expect_path("[metered]", "metered=unknown");
        start_manager();
        add_device("wifi0");
        set_device_metered(1);
        expect_path("[metered]", "metered=yes");
}

Test(manager, interface_comes_after_its_device) {
        start_manager();
        add_device("wifi0");
        set_device_metered(1);
        netmon_world_add_wifi(&world);
        expect_link("Metered=yes MeteredSource=networkmanager");
}

Test(manager, was_there_before) {
        start_manager();
        add_device("wifi0");
        set_device_metered(1);
        netmon_world_add_wifi(&world);
        cr_assert_eq(child_stop(world.netmon, SIGTERM), 0);
        world.netmon = netmon_start(&world.daemon, NULL, NULL);
        bus_wait_for_name(world.bus, NETMON_BUS_NAME, NETMON_WAIT_USEC);
        expect_link("Metered=yes MeteredSource=networkmanager");
}

Test(manager, nonsense_is_of_no_consequence) {
        netmon_world_add_wifi(&world);
        start_manager();
        add_device("wifi0");
        set_device_metered(1);
        expect_path("[metered]", "metered=yes");
        update(NM, NM_DEVICE_PATH, NM_DEVICE, "Metered", "s", "no");
        update(NM, NM_DEVICE_PATH, NM_DEVICE, "Interface", "s", "much-too-long-for-a-name");
        update(NM, NM_DEVICE_PATH, NM_DEVICE, "IpInterface", "u", 7);
        mock_call(world.bus, NM, NM_DEVICE_PATH, MOCK, "EmitSignal", "sssav",
                  "org.freedesktop.DBus.Properties", "PropertiesChanged", "su", 2, "s", NM_DEVICE,
                  "u", 7);
        expect_no_path();
        expect_link("Metered=yes MeteredSource=networkmanager");
}

static void start_modem(void) {
        mock = mock_start(&world.daemon, world.bus, "modemmanager.py", MM);
}

/* The cellular uplink under the name that the modem has for it. */
static void add_wwan(void) {
        netmon_world_add_cellular(&world);
        shell("ip link set cell0 down && ip link set cell0 name wwan0 && ip link set wwan0 up && "
              "ip route add default via 10.2.0.1 dev wwan0 metric 200");
        netmon_settle(&world);
}

Test(modem, says_how_it_is_connected) {
        add_wwan();
        start_modem();
        expect_link("Operator=Example Mobile AccessTechnology=lte SignalQuality=70 "
                    "Registration=home Roaming=false");
        update(MM, MM_MODEM_PATH, MM_MODEM, "AccessTechnologies", "u", 1u << 5);
        expect_link("AccessTechnology=umts");
        mock_call(world.bus, MM, MM_MODEM_PATH, MOCK, "SetSignalQuality", "u", 31);
        expect_link("SignalQuality=31");
        mock_call(world.bus, MM, MM_MODEM_PATH, MOCK, "SetSignalQuality", "u", 2000);
        expect_no_path();
        expect_link("SignalQuality=31");
        stop_mock();
        expect_link("Operator= AccessTechnology= SignalQuality=0 Registration= Roaming=false");
}

static char *location(const char *name) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        char path[64];

        (void)snprintf(path, sizeof(path), NETMON_LINK_PATH "/%u", if_nametoindex(name));
        cr_assert(sd_bus_call_method(world.bus, NETMON_BUS_NAME, path, NETMON_LOCATION_INTERFACE,
                                     "GetLocation", &error, &reply, NULL) >= 0,
                  "%s", error.message);
        return bus_text(reply);
}

/* What comes after it has been heard. */
static void signal_cell(const char *cell, unsigned percent) {
        char quality[32];

        mock_call(world.bus, MM, MM_MODEM_PATH, MOCK, "SignalCell", "s", cell);
        mock_call(world.bus, MM, MM_MODEM_PATH, MOCK, "SetSignalQuality", "u", percent);
        (void)snprintf(quality, sizeof(quality), "SignalQuality=%u", percent);
        expect_link(quality);
}

/* Where the cell is stands in no property, nor does a signal come of it. */
Test(modem, cell_is_told_to_who_asks) {
        CLEANUP(freep) char *before = NULL, *there = NULL, *all = NULL, *gone = NULL;

        add_wwan();
        start_modem();
        expect_link("Operator=Example Mobile");
        before = location("wwan0");
        cr_assert(!strstr(before, "cell-id"), "%s", before);
        netmon_settle(&world);
        mock_call(world.bus, MM, MM_MODEM_PATH, MOCK, "SignalCell", "s",
                  "310,026,ABCD,112233,00F0");
        cr_assert_eq(bus_signals_count(world.signals, NULL, moment_boottime_usec() + QUIET_USEC),
                     0);
        there = location("wwan0");
        cr_assert(strstr(there, "cell-id=310,026,ABCD,112233,00F0"), "%s", there);
        all = netmon_snapshot(&world, NETMON_ALL_INTERFACES);
        cr_assert(!strstr(all, "ABCD"), "%s", all);
        signal_cell("", 50);
        gone = location("wwan0");
        cr_assert(!strstr(gone, "cell-id"), "%s", gone);
        signal_cell("310,026,ABCD,112233,00F0", 60);
        stop_mock();
        expect_link("Operator= ");
        free(gone);
        gone = location("wwan0");
        cr_assert(!strstr(gone, "cell-id"), "%s", gone);
}

Test(modem, roaming_is_told_with_the_path) {
        add_wwan();
        start_modem();
        expect_link("Registration=home");
        update(MM, MM_MODEM_PATH, MM_MODEM_3GPP, "OperatorName", "s", "Elsewhere");
        expect_no_path();
        update(MM, MM_MODEM_PATH, MM_MODEM_3GPP, "RegistrationState", "u", 5);
        expect_path("[roam bearer]", "roaming=true");
        expect_link("Operator=Elsewhere");
}

Test(modem, bearer_says_what_its_packets_go_through) {
        netmon_world_add_cellular(&world); /* cell0, which is none of its ports */
        start_modem();
        update(MM, MM_BEARER_PATH, MM_BEARER, "Interface", "s", "cell0");
        update(MM, MM_BEARER_PATH, MM_BEARER, "Connected", "b", 1);
        expect_link("Operator=Example Mobile");
        update(MM, MM_BEARER_PATH, MM_BEARER, "Interface", "s", "");
        netmon_settle(&world);
        CLEANUP(freep) char *all = netmon_snapshot(&world, NETMON_ALL_INTERFACES);
        cr_assert(!strstr(all, "Operator=Example"), "%s", all);
}

Test(modem, on_a_serial_line_goes_by_the_manager) {
        pid_t modem;

        netmon_world_add_cellular(&world);
        start_modem();
        modem = mock;
        start_manager();
        mock_call(world.bus, NM, "/org/freedesktop", MOCK, "AddEthernetDevice", "ssi", "0",
                  "ttyUSB0", 100);
        mock_call(world.bus, NM, NM_DEVICE_PATH, MOCK, "AddProperty", "ssv", NM_DEVICE, "Udi", "s",
                  "");
        update(NM, NM_DEVICE_PATH, NM_DEVICE, "Udi", "s", MM_MODEM_PATH);
        update(NM, NM_DEVICE_PATH, NM_DEVICE, "IpInterface", "s", "cell0");
        expect_link("Operator=Example Mobile");
        (void)child_stop(modem, SIGKILL);
        netmon_settle(&world);
        CLEANUP(freep) char *all = netmon_snapshot(&world, NETMON_ALL_INTERFACES);
        cr_assert(!strstr(all, "Operator=Example"), "%s", all);
}
