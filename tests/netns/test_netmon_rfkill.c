/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Radios that are blocked and released. The kernel here may have none; but it announces as its own
 * what root has it announce in a namespace, and /sys/class is made up. The rest is in tests/vm. */

#include <criterion/criterion.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bus_text.h"
#include "child.h"
#include "cleanup.h"
#include "moment.h"
#include "names.h"
#include "netmon_process.h"
#include "netmon_world.h"
#include "netns.h"

#define QUIET_USEC 50000 /* for what must not come */
#define KERNEL_GROUP 1
#define MANY 4000

static struct netmon_world world;
static int kernel = -1;

static void setup(void) {
        netmon_world_start(&world, NETMON_AS_NOBODY, NULL);
        kernel = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
        cr_assert_geq(kernel, 0);
        cr_assert_eq(mount("tmpfs", "/sys/class", "tmpfs", 0, NULL), 0);
}

static void teardown(void) {
        if (kernel >= 0)
                (void)close(kernel);
        netmon_world_stop(&world);
}

TestSuite(rfkill, .init = setup, .fini = teardown, .timeout = 60);

/* The words of lib/kobject_uevent.c and net/rfkill/core.c, without the number at the end, which the
 * kernel appends. Returns the length. */
static size_t make_text(char *ret, size_t size, const char *action, unsigned index,
                        const char *type, int state) {
        char path[64];
        int n;

        (void)snprintf(path, sizeof(path), "/devices/virtual/test/radio%u/rfkill%u", index, index);
        n = snprintf(ret, size,
                     "%s@%s%cACTION=%s%cDEVPATH=%s%cSUBSYSTEM=rfkill%cRFKILL_NAME=radio%u%c"
                     "RFKILL_TYPE=%s%cRFKILL_STATE=%d%c",
                     action, path, 0, action, 0, path, 0, 0, index, 0, type, 0, state, 0);
        return (size_t)n;
}

static void announce(const char *action, unsigned index, const char *type, int state) {
        struct {
                struct nlmsghdr header;
                char text[512];
        } message = {.header = {.nlmsg_type = NLMSG_MIN_TYPE, .nlmsg_flags = NLM_F_REQUEST}};
        struct sockaddr_nl address = {.nl_family = AF_NETLINK};

        message.header.nlmsg_len =
                (uint32_t)(NLMSG_HDRLEN + make_text(message.text, sizeof(message.text), action,
                                                    index, type, state));
        cr_assert_eq(sendto(kernel, &message, message.header.nlmsg_len, 0,
                            (struct sockaddr *)&address, sizeof(address)),
                     message.header.nlmsg_len);
}

static void write_switch(unsigned index, const char *type, int state) {
        shell("mkdir -p /sys/class/rfkill/rfkill%u && "
              "printf 'RFKILL_NAME=radio%u\\nRFKILL_TYPE=%s\\nRFKILL_STATE=%d\\n' "
              ">/sys/class/rfkill/rfkill%u/uevent",
              index, index, type, state, index);
}

static bool airplane_mode(void) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int value;

        cr_assert(sd_bus_call_method(world.bus, NETMON_BUS_NAME, NETMON_PATH,
                                     "org.freedesktop.DBus.Properties", "Get", NULL, &reply, "ss",
                                     NETMON_INTERFACE, "AirplaneMode") >= 0);
        cr_assert(sd_bus_message_read(reply, "v", "b", &value) >= 0);
        return value;
}

static void expect_quiet(void) {
        cr_assert_eq(bus_signals_count(world.signals, NULL, moment_boottime_usec() + QUIET_USEC),
                     0);
}

/* The manager's next change; those of interfaces are passed over. To be freed. */
static char *next_change(void) {
        for (;;) {
                sd_bus_message *m = netmon_next(&world, "PropertiesChanged");
                bool found = strcmp(sd_bus_message_get_path(m), NETMON_PATH) == 0;
                char *text = (sd_bus_message_skip(m, "s"), bus_text(m));

                sd_bus_message_unref(m);
                if (found)
                        return text;
                free(text);
        }
}

static void expect_change(const char *expected) {
        CLEANUP(freep) char *change = next_change();

        cr_assert_str_eq(change, expected);
}

/* That a path has changed, with a switch among the reasons or not. */
static void expect_path(bool by_switch) {
        sd_bus_message *m = netmon_next(&world, "PathChanged");
        CLEANUP(freep) char *reasons = (sd_bus_message_skip(m, "t"), bus_text(m));

        sd_bus_message_unref(m);
        cr_assert(strstr(reasons, "admin"), "%s", reasons);
        cr_assert_eq(strstr(reasons, "rfkill") != NULL, by_switch, "%s", reasons);
}

static void add_uplinks(void) {
        netmon_world_add_wifi(&world);
        netmon_world_add_cellular(&world);
}

Test(rfkill, airplane_mode_is_every_radio_blocked) {
        netmon_settle(&world);
        cr_assert(!airplane_mode());
        announce("add", 0, "wlan", 1);
        announce("add", 1, "bluetooth", 0);
        expect_quiet();
        announce("change", 0, "wlan", 2);
        expect_change("{AirplaneMode=true}");
        expect_quiet(); /* no path changed */
        announce("change", 0, "wlan", 0);
        expect_quiet();
        announce("add", 2, "wwan", 1);
        expect_change("{AirplaneMode=false}");
        announce("remove", 2, "wwan", 1);
        expect_change("{AirplaneMode=true}");
        announce("remove", 0, "wlan", 0);
        announce("remove", 1, "bluetooth", 0);
        expect_change("{AirplaneMode=false}");
}

/* As a switch of the hardware does. */
Test(rfkill, link_goes_down_after_the_announcement) {
        add_uplinks();
        announce("add", 0, "wlan", 1);
        announce("add", 1, "bluetooth", 1);
        announce("change", 1, "bluetooth", 0);
        announce("change", 0, "wlan", 2);
        expect_change("{AirplaneMode=true}");
        expect_quiet(); /* longer than netmon settles */
        shell("ip link set wifi0 down");
        expect_path(true);
}

Test(rfkill, other_radios_and_other_times_are_no_reason) {
        add_uplinks();
        announce("add", 0, "wlan", 1);
        announce("add", 1, "wwan", 1);
        announce("change", 1, "wwan", 0);
        shell("ip link set wifi0 down");
        expect_path(false);
}

/* As `rfkill block` does: the kernel shuts the links down first, and then says why. */
Test(rfkill, link_goes_down_before_the_announcement) {
        CLEANUP(freep) char *change = NULL;

        add_uplinks();
        announce("add", 0, "wlan", 1);
        netmon_settle(&world);
        write_switch(0, "wlan", 0);
        shell("ip link set wifi0 down");
        change = next_change();
        cr_assert(strstr(change, "AirplaneMode=true") && strstr(change, "Primary4="), "%s", change);
        expect_path(true);
        netmon_settle(&world);
        announce("change", 0, "wlan", 0);
        expect_quiet();
}

Test(rfkill, link_goes_away_with_its_radio) {
        add_uplinks();
        announce("add", 0, "wlan", 1);
        write_switch(0, "wlan", 0);
        netmon_settle(&world);
        shell("ip link del wifi0");
        expect_path(true);
}

Test(rfkill, switches_that_are_there_at_the_start) {
        write_switch(0, "wlan", 2);
        write_switch(1, "bluetooth", 0);
        shell("mkdir /sys/class/rfkill/rfkill2 /sys/class/rfkill/other");
        netmon_settle(&world);
        cr_assert_eq(child_stop(world.netmon, SIGTERM), 0);
        world.netmon = netmon_start_as_nobody(&world.daemon, NULL, NULL);
        sd_bus_message_unref(netmon_next(&world, "PathChanged"));
        cr_assert(airplane_mode());
        announce("change", 1, "bluetooth", 1);
        expect_change("{AirplaneMode=false}");
}

/* More than there is room for, while netmon cannot read; in the end it is as sysfs says. */
static void overrun(int state) {
        cr_assert_eq(kill(world.netmon, SIGSTOP), 0);
        for (unsigned i = 0; i < MANY; i++)
                announce("change", 0, "wlan", (int)(i % 2));
        write_switch(0, "wlan", state);
        cr_assert_eq(kill(world.netmon, SIGCONT), 0);
}

Test(rfkill, announcements_that_are_lost) {
        announce("add", 0, "wlan", 1);
        netmon_settle(&world);
        overrun(1);
        expect_quiet(); /* what is left of the old ones is told to nobody */
        overrun(0);
        expect_change("{AirplaneMode=true}");
        expect_quiet();
}

Test(rfkill, others_than_the_kernel_are_not_believed) {
        struct sockaddr_nl everyone = {.nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP};
        char text[512];
        size_t len = make_text(text, sizeof(text), "add", 0, "wlan", 0);

        netmon_settle(&world);
        cr_assert_eq(sendto(kernel, text, len, 0, (struct sockaddr *)&everyone, sizeof(everyone)),
                     (ssize_t)len);
        expect_quiet();
        cr_assert(!airplane_mode());
}

/* How often netmon has waited for something. */
static unsigned long count_wakeups(void) {
        char path[64], line[128];
        unsigned long count = 0;
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/%d/status", world.netmon);
        file = fopen(path, "re");
        cr_assert(file != NULL);
        while (fgets(line, sizeof(line), file))
                (void)sscanf(line, "voluntary_ctxt_switches: %lu", &count);
        cr_assert_eq(fclose(file), 0);
        return count;
}

Test(rfkill, other_devices_wake_nobody) {
        unsigned long before;

        cr_assert_eq(umount("/sys/class"), 0);
        shell("ip link add veth0 type veth peer name veth1");
        netmon_settle(&world);
        expect_quiet();
        (void)bus_signals_count(world.signals, NULL, moment_boottime_usec() + 1200000);
        before = count_wakeups();
        shell("for i in $(seq 100); do echo change >/sys/class/net/veth0/uevent; done");
        expect_quiet();
        cr_assert_eq(count_wakeups(), before);
        announce("add", 0, "wlan", 0);
        expect_change("{AirplaneMode=true}");
        expect_quiet();
        cr_assert_gt(count_wakeups(), before);
}
