/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_manager.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bus_netmon.h"
#include "netmon_bus.h"
#include "rfkill_msg.h"

#define PATH4                                                                                      \
        "destination=default4 family=ipv4 interface=eth0 ifindex=2 type=ethernet source=10.1.0.2 " \
        "gateway=10.1.0.1 table=254 metric=100 mtu=1500 metered=no roaming=false "
#define PATH6                                                                                  \
        "destination=default6 family=ipv6 interface=eth0 ifindex=2 type=ethernet "             \
        "source=2001:db8:1::2 gateway=2001:db8:1::1 table=254 metric=100 mtu=1500 metered=no " \
        "roaming=false "
#define WORKS "usable=true since_usec=1000 network_id="
#define BROKEN "usable=false since_usec=1001 network_id= why=carrier"

static struct netmon_bus nb;

static void setup(void) {
        netmon_bus_start(&nb);
}

static void teardown(void) {
        netmon_bus_stop(&nb);
}

TestSuite(bus_manager, .init = setup, .fini = teardown, .timeout = 60);

#define ASK(...) netmon_bus_text(CALL(&nb, ALICE, NETMON_PATH, NETMON_INTERFACE, __VA_ARGS__))

static char *properties(void) {
        return netmon_bus_properties(&nb, ALICE, NETMON_PATH, NETMON_INTERFACE);
}

/* The oldest signal with that member, which must be there, is of that object for everyone. */
static char *expect_signal(const char *member, const char *path) {
        sd_bus_message *m = netmon_bus_take(&nb, member);

        cr_assert(m != NULL, "%s", member);
        cr_assert(eq(str, (char *)sd_bus_message_get_path(m), (char *)path));
        cr_assert(sd_bus_message_get_destination(m) == NULL);
        return netmon_bus_text(m);
}

static void lose_carrier(void) {
        fake_net_set_flags(&nb.net, 2, IFF_UP, 2);
        netmon_bus_publish(&nb);
}

Test(bus_manager, properties) {
        CLEANUP(freep) char *all = NULL;

        nb.net.world.overruns = 5;
        nb.net.world.resyncs = 4;
        all = properties();
        cr_assert(eq(str, all,
                     "{Version=" WHERRY_VERSION
                     " Features=[] Serial=1 State=routed StateSince=1000 "
                     "Primary4={" PATH4 WORKS "} Primary6={" PATH6 WORKS "} Metered=no "
                     "AirplaneMode=false Overruns=5 Resyncs=4 PreparingForSleep=false}\n"));
}

Test(bus_manager, no_path_has_no_keys) {
        CLEANUP(freep) char *all = NULL, *path = NULL;

        fake_net_clear_routes(&nb.net);
        netmon_bus_publish(&nb);
        all = properties();
        cr_assert(strstr(all, " State=local ") != NULL, "%s", all);
        cr_assert(strstr(all, " Primary4={} Primary6={} Metered=unknown ") != NULL, "%s", all);
        path = ASK("GetPath", "sa{sv}", "default", 0);
        cr_assert(strstr(path, " interface= ifindex=0 type=unknown source= gateway= ") != NULL,
                  "%s", path);
        cr_assert(strstr(path, " usable=false ") != NULL && strstr(path, " why=no-route}\n[]\n"),
                  "%s", path);
}

Test(bus_manager, snapshot_is_all_at_once) {
        CLEANUP(freep) char *snapshot = ASK("Snapshot", "a{sv}", 0), *all = properties();

        cr_assert(eq(int, strncmp(snapshot, "1\n", 2), 0), "%s", snapshot);
        cr_assert(strstr(snapshot, all) == snapshot + 2, "%s", snapshot);
        for (unsigned i = 1; i <= 3; i++) {
                CLEANUP(freep) char *of_link = NULL;
                char path[64];

                (void)snprintf(path, sizeof(path), NETMON_LINK_PATH "/%u", i);
                of_link = netmon_bus_properties(&nb, ALICE, path, NETMON_LINK_INTERFACE);
                of_link[strcspn(of_link, "\n")] = '\0';
                cr_assert(strstr(snapshot, of_link) != NULL, "%s", of_link);
        }
}

/* Keys and types of the a{sv} at the cursor, a line each. */
static char *types_of(sd_bus_message *m) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        cr_assert(lt(int, 0, sd_bus_message_enter_container(m, 'a', "{sv}")));
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                const char *key, *contents;

                cr_assert(lt(int, 0, sd_bus_message_read_basic(m, 's', &key)));
                cr_assert(lt(int, 0, sd_bus_message_peek_type(m, NULL, &contents)));
                (void)fprintf(out, "%s %s\n", key, contents);
                cr_assert(ge(int, sd_bus_message_skip(m, "v"), 0));
                cr_assert(lt(int, 0, sd_bus_message_exit_container(m)));
        }
        cr_assert(lt(int, 0, sd_bus_message_exit_container(m)));
        (void)fclose(out);
        return text;
}

static char *types_of_properties(const char *path, const char *interface) {
        CLEANUP(sd_bus_message_unrefp)
        sd_bus_message *m = CALL(&nb, ALICE, path, PROPERTIES, "GetAll", "s", interface);

        return types_of(m);
}

Test(bus_manager, snapshot_has_the_types_of_the_properties) {
        CLEANUP(freep) char *manager = types_of_properties(NETMON_PATH, NETMON_INTERFACE);
        CLEANUP(freep)
        char *link = types_of_properties(NETMON_LINK_PATH "/2", NETMON_LINK_INTERFACE);
        CLEANUP(sd_bus_message_unrefp)
        sd_bus_message *m = CALL(&nb, ALICE, NETMON_PATH, NETMON_INTERFACE, "Snapshot", "a{sv}", 0);
        CLEANUP(freep) char *in_manager = NULL;

        cr_assert(ge(int, sd_bus_message_skip(m, "t"), 0));
        in_manager = types_of(m);
        cr_assert(eq(str, in_manager, manager));
        cr_assert(lt(int, 0, sd_bus_message_enter_container(m, 'a', "{oa{sv}}")));
        for (int i = 0; i < 3; i++) {
                CLEANUP(freep) char *in_link = NULL;

                cr_assert(lt(int, 0, sd_bus_message_enter_container(m, 'e', "oa{sv}")));
                cr_assert(ge(int, sd_bus_message_skip(m, "o"), 0));
                in_link = types_of(m);
                cr_assert(eq(str, in_link, link));
                cr_assert(lt(int, 0, sd_bus_message_exit_container(m)));
        }
}

/* The types of a path's keys, as clients were promised them. */
Test(bus_manager, path_has_the_promised_types) {
        CLEANUP(sd_bus_message_unrefp)
        sd_bus_message *m = CALL(&nb, ALICE, NETMON_PATH, NETMON_INTERFACE, "GetPath", "sa{sv}",
                                 "198.51.100.7", 0);
        CLEANUP(freep) char *path = NULL, *alternative = NULL;

        cr_assert(ge(int, sd_bus_message_skip(m, "t"), 0));
        path = types_of(m);
        cr_assert(eq(str, path,
                     "destination s\nfamily s\ninterface s\nifindex i\ntype s\nsource s\n"
                     "gateway s\ntable u\nmetric u\nmtu u\nmetered s\nroaming b\nusable b\n"
                     "since_usec t\nnetwork_id s\n"));
        cr_assert(lt(int, 0, sd_bus_message_enter_container(m, 'a', "a{sv}")));
        alternative = types_of(m);
        cr_assert(eq(str, alternative, path));
}

Test(bus_manager, burst_is_one_signal_of_each) {
        CLEANUP(freep) char *of_link = NULL, *of_manager = NULL, *changed = NULL, *all = NULL;

        lose_carrier();
        of_link = expect_signal("PropertiesChanged", NETMON_LINK_PATH "/2");
        cr_assert(eq(str, of_link,
                     NETMON_LINK_INTERFACE
                     "\n{Carrier=false OperState=down Usable=false Since=1001}\n[]\n"));
        of_manager = expect_signal("PropertiesChanged", NETMON_PATH);
        cr_assert(eq(str, of_manager,
                     NETMON_INTERFACE "\n{Primary4={" PATH4 BROKEN "} Primary6={" PATH6 BROKEN
                                      "}}\n[]\n"));
        changed = expect_signal("PathChanged", NETMON_PATH);
        cr_assert(strstr(changed, "2\n[carrier]\n{primary4={" PATH4 WORKS "} primary6={" PATH6 WORKS
                                  "} state=routed metered=no}\n{primary4={" PATH4 BROKEN
                                  "} primary6={" PATH6 BROKEN "} state=routed metered=no "
                                  "alternatives4=[{destination=default4 ") == changed,
                  "%s", changed);
        cr_assert(strstr(changed, " alternatives6=[{destination=default6 ") != NULL, "%s", changed);
        cr_assert(strstr(changed, " event_usec=1001 published_usec=") != NULL, "%s", changed);
        cr_assert(eq(sz, nb.n_signals, 0));
        all = properties();
        cr_assert(strstr(all, " Serial=2 ") != NULL, "%s", all);
        cr_assert(strstr(all, " Primary4={" PATH4 BROKEN "} ") != NULL, "%s", all);
}

Test(bus_manager, airplane_mode_is_no_path) {
        const struct rfkill_msg blocked = {.type = LINK_TYPE_WIFI, .is_blocked = true};
        CLEANUP(freep) char *changed = NULL, *all = NULL;

        cr_assert(radio_switches_take(&nb.net.world.switches, &blocked, FAKE_NOW_USEC));
        netmon_bus_publish(&nb);
        changed = expect_signal("PropertiesChanged", NETMON_PATH);
        cr_assert(eq(str, changed, NETMON_INTERFACE "\n{AirplaneMode=true}\n[]\n"));
        cr_assert(eq(sz, nb.n_signals, 0));
        all = properties();
        cr_assert(strstr(all, " Serial=2 ") != NULL, "%s", all);
        cr_assert(strstr(all, " AirplaneMode=true ") != NULL, "%s", all);
        netmon_bus_publish(&nb);
        cr_assert(eq(sz, nb.n_signals, 0));
}

Test(bus_manager, same_again_is_silence) {
        CLEANUP(freep) char *all = NULL;

        lose_carrier();
        netmon_bus_forget(&nb);
        lose_carrier();
        cr_assert(eq(sz, nb.n_signals, 0));
        all = properties();
        cr_assert(strstr(all, " Serial=2 ") != NULL, "%s", all);
}

Test(bus_manager, start_is_told_as_if_there_was_nothing) {
        CLEANUP(freep) char *changed = NULL;

        cr_assert(ge(int, bus_netmon_publish_start(nb.bus), 0));
        cr_assert(ge(int, sd_bus_flush(nb.ours), 0));
        netmon_bus_leave(&nb, BOB); /* and with it all that is on the way */
        changed = expect_signal("PathChanged", NETMON_PATH);
        cr_assert(strstr(changed, "1\n[start]\n{primary4={} primary6={} state=offline "
                                  "metered=unknown}\n{primary4={" PATH4 WORKS "} ") == changed,
                  "%s", changed);
}

Test(bus_manager, agent_asks_for_everyone) {
        static const char agent[] = ":1.20", other[] = ":1.21";

#define REFUSED_TO(sender)                                                                         \
        REFUSED(&nb, SD_BUS_ERROR_ACCESS_DENIED, sender, NETMON_PATH, NETMON_INTERFACE, "GetPath", \
                "sa{sv}", "default", 1, "uid", "u", 4711)
        REFUSED_TO(agent);
        netmon_bus_own(&nb, AGENT_BUS_NAME, agent);
        sd_bus_message_unref(CALL(&nb, agent, NETMON_PATH, NETMON_INTERFACE, "GetPath", "sa{sv}",
                                  "default", 1, "uid", "u", 4711));
        REFUSED_TO(other);
        netmon_bus_own(&nb, AGENT_BUS_NAME, other);
        REFUSED_TO(agent);
        netmon_bus_leave(&nb, AGENT_BUS_NAME);
        REFUSED_TO(other);
}

Test(bus_manager, kernel_that_cannot_be_asked) {
        nb.net.error = -EAGAIN;
        REFUSED(&nb, SD_BUS_ERROR_FAILED, ALICE, NETMON_PATH, NETMON_INTERFACE, "GetPath", "sa{sv}",
                "default", 0);
        REFUSED(&nb, SD_BUS_ERROR_FAILED, ALICE, NETMON_PATH, NETMON_INTERFACE, "WatchPath",
                "sa{sv}", "default", 0);
        cr_assert(nb.net.world.watched.first == NULL);
}

Test(bus_manager, what_is_not_there) {
        static const char other[] = NETMON_PATH "/nothing";

        REFUSED(&nb, SD_BUS_ERROR_UNKNOWN_METHOD, ALICE, NETMON_PATH, NETMON_INTERFACE, "Reboot",
                "");
        REFUSED(&nb, SD_BUS_ERROR_UNKNOWN_PROPERTY, ALICE, NETMON_PATH, PROPERTIES, "Get", "ss",
                NETMON_INTERFACE, "Colour");
        REFUSED(&nb, SD_BUS_ERROR_PROPERTY_READ_ONLY, ALICE, NETMON_PATH, PROPERTIES, "Set", "ssv",
                NETMON_INTERFACE, "State", "s", "routed");
        REFUSED(&nb, SD_BUS_ERROR_UNKNOWN_OBJECT, ALICE, other, NETMON_INTERFACE, "GetPath",
                "sa{sv}", "default", 0);
}
