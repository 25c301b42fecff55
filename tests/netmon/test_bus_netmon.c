/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_netmon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_contract.h"
#include "bus_watch.h"
#include "netmon_bus.h"

static struct netmon_bus nb;

static void setup(void) {
        netmon_bus_start(&nb);
}

static void teardown(void) {
        netmon_bus_stop(&nb);
}

TestSuite(bus_netmon, .init = setup, .fini = teardown, .timeout = 60);

/* Of the manager, by ALICE. */
#define ASK(member, ...) CALL(&nb, ALICE, NETMON_PATH, NETMON_INTERFACE, member, __VA_ARGS__)
#define WRONG(wanted, member, ...) \
        REFUSED(&nb, wanted, ALICE, NETMON_PATH, NETMON_INTERFACE, member, __VA_ARGS__)

static void refused_get(const char *sender, const char *watch, const char *error_name) {
        REFUSED(&nb, error_name, sender, watch, PROPERTIES, "Get", "ss", NETMON_WATCH_INTERFACE,
                "Path");
}

static char *contract_of_object(const char *path) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *xml;

        reply = CALL(&nb, ALICE, path, "org.freedesktop.DBus.Introspectable", "Introspect", "");
        cr_assert(ge(int, sd_bus_message_read(reply, "s", &xml), 0));
        return bus_contract_of_text(xml);
}

Test(bus_netmon, introspection_equals_the_contract) {
        CLEANUP(freep) char *wanted = bus_contract_of_file(getenv("WHERRY_NETMON_XML"));
        CLEANUP(freep) char *manager = contract_of_object(NETMON_PATH);
        CLEANUP(freep) char *link = contract_of_object(NETMON_LINK_PATH "/2");
        CLEANUP(freep) char *watch = netmon_bus_watch(&nb, ALICE);
        CLEANUP(freep) char *own = NULL, *live = NULL;

        own = contract_of_object(watch);
        cr_assert(ne(sz, strlen(wanted), 0));
        cr_assert(asprintf(&live, "%s%s%s", manager, link, own) > 0);
        cr_assert(eq(str, live, wanted));
}

Test(bus_netmon, paths_are_told) {
        CLEANUP(freep) char *any = NULL, *other = NULL, *shown = NULL, *all = NULL;

        any = netmon_bus_text(ASK("GetPath", "sa{sv}", "198.51.100.7", 0));
        cr_assert(strstr(any, "interface=eth0") != NULL, "%s", any);
        cr_assert(strstr(any, "interface=wwan0") != NULL, "%s", any);
        other = netmon_bus_text(ASK("GetPath", "sa{sv}", "198.51.100.7", 4, "interface", "s",
                                    "wwan0", "mark", "u", 7, "protocol", "u", 17,
                                    "destination-port", "q", 53));
        cr_assert(strstr(other, "interface=wwan0") != NULL, "%s", other);
        cr_assert(strstr(other, "interface=eth0") == NULL, "%s", other);
        (void)fake_net_add_link(&nb.net, 9, "veth0"); /* a container's */
        netmon_bus_publish(&nb);
        shown = netmon_bus_text(ASK("Snapshot", "a{sv}", 0));
        cr_assert(strstr(shown, NETMON_LINK_PATH "/2") != NULL, "%s", shown);
        cr_assert(strstr(shown, NETMON_LINK_PATH "/9=") == NULL, "%s", shown);
        all = netmon_bus_text(ASK("Snapshot", "a{sv}", 1, "all", "b", true));
        cr_assert(strstr(all, NETMON_LINK_PATH "/9=") != NULL, "%s", all);
}

Test(bus_netmon, bad_destinations) {
        static const char *const destinations[] = {
                "",
                "example.org",
                "10.1.0",
                "10.1.0.1/24",
                "[::1]",
                "default5",
                " default",
                "0.0.0.0",
                "::",
                "224.0.0.1",
                "ff02::1",
                "fe80::1",
                "fe80::1%",
                "10.0.0.1%eth0",
                "fe80::1%a-name-that-is-too-long",
        };

        for (size_t i = 0; i < sizeof(destinations) / sizeof(destinations[0]); i++) {
                WRONG(SD_BUS_ERROR_INVALID_ARGS, "GetPath", "sa{sv}", destinations[i], 0);
                WRONG(SD_BUS_ERROR_INVALID_ARGS, "WatchPath", "sa{sv}", destinations[i], 0);
        }
        WRONG(SD_BUS_ERROR_INVALID_ARGS, "GetPath", "sa{sv}", "fe80::1%eth0", 1, "interface", "s",
              "wwan0");
}

Test(bus_netmon, bad_options) {
        static const char *const methods[] = {"GetPath", "WatchPath"};

        for (size_t i = 0; i < 2; i++) {
                WRONG(ERROR_INVALID_OPTION, methods[i], "sa{sv}", "default", 1, "colour", "s",
                      "red");
                WRONG(ERROR_INVALID_OPTION, methods[i], "sa{sv}", "default", 1, "mark", "s", "7");
                WRONG(ERROR_INVALID_OPTION, methods[i], "sa{sv}", "default", 1, "uid", "t",
                      UINT64_C(1000));
                WRONG(ERROR_INVALID_OPTION, methods[i], "sa{sv}", "default", 1, "destination-port",
                      "u", 53);
                WRONG(ERROR_INVALID_OPTION, methods[i], "sa{sv}", "default", 1, "interface", "as",
                      1, "eth0");
                WRONG(ERROR_INVALID_OPTION, methods[i], "sa{sv}", "default", 1, "interface", "s",
                      "a/b");
                WRONG(ERROR_INVALID_OPTION, methods[i], "sa{sv}", "default", 1, "protocol", "u",
                      99);
                WRONG(SD_BUS_ERROR_ACCESS_DENIED, methods[i], "sa{sv}", "default", 1, "uid", "u",
                      0);
                WRONG(SD_BUS_ERROR_INVALID_ARGS, methods[i], "s", "default");
                sd_bus_message_unref(CALL(&nb, ROOT, NETMON_PATH, NETMON_INTERFACE, methods[i],
                                          "sa{sv}", "default", 1, "uid", "u", 1000));
        }
        WRONG(ERROR_INVALID_OPTION, "Snapshot", "a{sv}", 1, "all", "s", "yes");
        WRONG(ERROR_INVALID_OPTION, "Snapshot", "a{sv}", 1, "some", "b", true);
        /* Who has no name on the bus has no uid either. */
        REFUSED(&nb, SD_BUS_ERROR_ACCESS_DENIED, NULL, NETMON_PATH, NETMON_INTERFACE, "WatchPath",
                "sa{sv}", "default", 0);
}

Test(bus_netmon, watches_of_a_user_are_limited) {
        CLEANUP(freep) char *watch = netmon_bus_watch(&nb, BOB);

        for (size_t i = 1; i < BUS_WATCH_MAX_USER; i++)
                free(netmon_bus_watch(&nb, i % 2 == 0 ? ALICE : BOB));
        WRONG(SD_BUS_ERROR_LIMITS_EXCEEDED, "WatchPath", "sa{sv}", "default", 0);
        REFUSED(&nb, SD_BUS_ERROR_LIMITS_EXCEEDED, ":1.9", NETMON_PATH, NETMON_INTERFACE,
                "WatchPath", "sa{sv}", "default", 0);
        for (size_t i = 0; i <= BUS_WATCH_MAX_USER; i++)
                free(netmon_bus_watch(&nb, ROOT));
        sd_bus_message_unref(CALL(&nb, BOB, watch, NETMON_WATCH_INTERFACE, "Release", ""));
        free(netmon_bus_watch(&nb, ALICE));
        WRONG(SD_BUS_ERROR_LIMITS_EXCEEDED, "WatchPath", "sa{sv}", "default", 0);
}

Test(bus_netmon, watch_is_its_creators_alone) {
        CLEANUP(freep) char *watch = netmon_bus_watch(&nb, ALICE), *path = NULL;

        refused_get(BOB, watch, SD_BUS_ERROR_ACCESS_DENIED);
        refused_get(ROOT, watch, SD_BUS_ERROR_ACCESS_DENIED);
        refused_get(NULL, watch, SD_BUS_ERROR_ACCESS_DENIED);
        REFUSED(&nb, SD_BUS_ERROR_ACCESS_DENIED, BOB, watch, NETMON_WATCH_INTERFACE, "Release", "");
        REFUSED(&nb, SD_BUS_ERROR_ACCESS_DENIED, BOB, watch, "org.freedesktop.DBus.Introspectable",
                "Introspect", "");
        path = netmon_bus_text(
                CALL(&nb, ALICE, watch, PROPERTIES, "Get", "ss", NETMON_WATCH_INTERFACE, "Path"));
        cr_assert(strstr(path, "interface=eth0") != NULL, "%s", path);
        sd_bus_message_unref(CALL(&nb, ALICE, watch, NETMON_WATCH_INTERFACE, "Release", ""));
        refused_get(ALICE, watch, SD_BUS_ERROR_UNKNOWN_OBJECT);
        REFUSED(&nb, SD_BUS_ERROR_UNKNOWN_OBJECT, ALICE, watch, NETMON_WATCH_INTERFACE, "Release",
                "");
}

/* The next Changed is that of this watch, for its creator. */
static void expect_changed(const char *creator, const char *watch) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = netmon_bus_take(&nb, "Changed");

        cr_assert(m != NULL);
        cr_assert(eq(str, (char *)sd_bus_message_get_path(m), (char *)watch));
        cr_assert(eq(str, (char *)sd_bus_message_get_destination(m), (char *)creator));
}

Test(bus_netmon, watch_goes_with_its_creator) {
        CLEANUP(freep) char *watch = netmon_bus_watch(&nb, ALICE);
        CLEANUP(freep) char *of_bob = netmon_bus_watch(&nb, BOB);

        fake_net_set_flags(&nb.net, 2, 0, 2);
        netmon_bus_publish(&nb);
        expect_changed(BOB, of_bob);
        expect_changed(ALICE, watch);
        netmon_bus_leave(&nb, ALICE);
        refused_get(ALICE, watch, SD_BUS_ERROR_UNKNOWN_OBJECT);
        fake_net_set_flags(&nb.net, 2, IFF_UP | IFF_LOWER_UP, 6);
        netmon_bus_publish(&nb);
        expect_changed(BOB, of_bob);
        cr_assert(netmon_bus_take(&nb, "Changed") == NULL);
        netmon_bus_leave(&nb, BOB);
        cr_assert(nb.net.world.watched.first == NULL);
}
