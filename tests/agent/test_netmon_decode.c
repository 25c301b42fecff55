/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netmon_decode.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "names.h"

static sd_bus *bus;
static sd_bus_message *m;
static struct interfaces list;

static void setup(void) {
        int pair[2];

        cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
        cr_assert(sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, pair[0], pair[0]) >= 0);
        cr_assert(sd_bus_start(bus) >= 0);
        cr_assert(sd_bus_message_new_signal(bus, &m, NETMON_LINK_PATH "/7",
                                            "org.freedesktop.DBus.Properties",
                                            "PropertiesChanged") >= 0);
}

static void teardown(void) {
        interfaces_clear(&list);
        sd_bus_message_unref(m);
        sd_bus_close_unref(bus);
}

TestSuite(netmon_decode, .init = setup, .fini = teardown);

static void append(const char *types, ...) {
        va_list ap;

        va_start(ap, types);
        cr_assert(sd_bus_message_appendv(m, types, ap) >= 0);
        va_end(ap);
}

static void ready(void) {
        cr_assert(sd_bus_message_seal(m, 1, 0) >= 0);
        cr_assert(sd_bus_message_rewind(m, true) >= 0);
}

Test(netmon_decode, changed_paths_with_what_a_newer_netmon_may_add) {
        struct paths paths;

        append("tastt", UINT64_C(3), 1, "carrier", UINT64_C(1), UINT64_C(2));
        append("a{sv}", 6, "interface", "s", "wlan0", "ifindex", "i", 2, "usable", "b", false,
               "why", "s", "carrier", "novelty", "(su)", "x", 1, "gateway", "s", "192.0.2.1");
        append("aa{sv}", 1, 2, "interface", "s", "wwan0", "usable", "b", true);
        ready();
        cr_assert(ge(int, netmon_decode_changed(m, &paths), 0));
        cr_assert(paths.known && !paths.selected.usable);
        cr_assert(eq(int, paths.selected.ifindex, 2));
        cr_assert(eq(str, paths.selected.interface, "wlan0"));
        cr_assert(eq(str, paths.selected.why, "carrier"));
        cr_assert(eq(str, paths.selected.gateway, "192.0.2.1"));
        cr_assert(eq(sz, paths.n_alternatives, 1));
        cr_assert(paths.alternatives[0].usable);
        cr_assert(eq(str, paths.alternatives[0].interface, "wwan0"));
}

Test(netmon_decode, what_carries_a_tunnel) {
        struct paths paths;

        append("tastt", UINT64_C(3), 1, "vpn", UINT64_C(1), UINT64_C(2));
        append("a{sv}", 3, "ifindex", "i", 9, "underlay", "a{sv}", 2, "ifindex", "i", 2, "gateway",
               "s", "192.0.2.1", "gateway", "s", "");
        append("aa{sv}", 1, 2, "ifindex", "i", 8, "underlay", "s", "none");
        ready();
        cr_assert(ge(int, netmon_decode_changed(m, &paths), 0));
        cr_assert(eq(int, paths.selected.ifindex, 9));
        cr_assert(eq(str, paths.selected.gateway, ""));
        cr_assert(eq(int, paths.selected.underlay_ifindex, 2));
        cr_assert(eq(str, paths.selected.underlay_gateway, "192.0.2.1"));
        cr_assert(eq(int, paths.alternatives[0].underlay_ifindex, 0));
}

Test(netmon_decode, next_hops_and_wrong_types) {
        struct paths paths;

        append("a{sv}", 2, "Path", "a{sv}", 3, "nexthops", "aa{sv}", 2, 1, "ifindex", "i", 4, 1,
               "ifindex", "i", 5, "ifindex", "s", "four", "metric", "u", 100, "Alternatives",
               "aa{sv}", 0);
        ready();
        cr_assert(ge(int, netmon_decode_watch(m, &paths), 0));
        cr_assert(eq(sz, paths.selected.n_nexthops, 2));
        cr_assert(eq(int, paths.selected.nexthops[1], 5));
        cr_assert(eq(int, paths.selected.ifindex, 0)); /* of another type: not believed */
        cr_assert(eq(u32, paths.selected.metric, 100));
}

Test(netmon_decode, more_alternatives_than_there_is_room_for) {
        struct paths paths;

        append("tastt", UINT64_C(3), 0, UINT64_C(1), UINT64_C(2));
        append("a{sv}", 0);
        append("aa{sv}", 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        ready();
        cr_assert(ge(int, netmon_decode_changed(m, &paths), 0));
        cr_assert(eq(sz, paths.n_alternatives, PATHS_ALTERNATIVES_MAX));
}

Test(netmon_decode, messages_of_another_shape_change_nothing) {
        struct paths paths = {.known = false};

        append("s", "nonsense");
        ready();
        cr_assert(lt(int, netmon_decode_changed(m, &paths), 0));
        cr_assert(not(paths.known));
        cr_assert(lt(int, netmon_decode_objects(m, &list), 0));
        cr_assert(eq(sz, list.n_items, 0));
}

Test(netmon_decode, objects_of_interfaces) {
        struct interface *interface;

        append("a{oa{sa{sv}}}", 2, NETMON_LINK_PATH "/7", 2, "org.freedesktop.DBus.Peer", 0,
               NETMON_LINK_INTERFACE, 4, "Name", "s", "wlan0", "Usable", "b", true, "Addresses",
               "a(susas)", 2, "192.0.2.7", 24, "global", 0, "fe80::7", 64, "link", 1, "temporary",
               "Mtu", "u", 1500, "/org/wherry/NetMon1/other", 0);
        ready();
        cr_assert(ge(int, netmon_decode_objects(m, &list), 0));
        cr_assert(eq(sz, list.n_items, 1));
        interface = interfaces_find(&list, 7);
        cr_assert(interface && interface->usable);
        cr_assert(eq(str, interface->name, "wlan0"));
        cr_assert(eq(sz, interface->n_addresses, 2));
        cr_assert(eq(str, interface->addresses[1], "fe80::7"));
}

Test(netmon_decode, properties_change_what_is_known_only) {
        struct interface *interface;

        append("sa{sv}as", NETMON_LINK_INTERFACE, 2, "Usable", "b", false, "Addresses", "a(susas)",
               0, 0);
        ready();
        cr_assert(eq(int, netmon_decode_properties(m, &list), -ENOENT));
        interface = interfaces_put(&list, 7);
        interface->usable = true;
        cr_assert(ge(int, netmon_decode_properties(m, &list), 0));
        cr_assert(not(interface->usable));
        cr_assert(eq(sz, interface->n_addresses, 0));
}

Test(netmon_decode, object_paths) {
        cr_assert(eq(int, netmon_decode_ifindex(NETMON_LINK_PATH "/12"), 12));
        cr_assert(lt(int, netmon_decode_ifindex(NETMON_LINK_PATH "/0"), 0));
        cr_assert(lt(int, netmon_decode_ifindex(NETMON_LINK_PATH "/12x"), 0));
        cr_assert(lt(int, netmon_decode_ifindex(NETMON_LINK_PATH "/"), 0));
        cr_assert(lt(int, netmon_decode_ifindex(NETMON_LINK_PATH "/99999999999"), 0));
        cr_assert(lt(int, netmon_decode_ifindex(NETMON_PATH), 0));
}

Test(netmon_decode, encoded_paths_are_decoded_alike) {
        struct path path = {.ifindex = 3, .usable = true, .metric = 5, .since_usec = 7};
        struct paths paths;

        (void)strcpy(path.interface, "eth0");
        append("tastt", UINT64_C(3), 0, UINT64_C(1), UINT64_C(2));
        cr_assert(ge(int, netmon_encode_path(m, &path), 0));
        append("aa{sv}", 0);
        ready();
        cr_assert(ge(int, netmon_decode_changed(m, &paths), 0));
        cr_assert(eq(int, memcmp(&paths.selected, &path, sizeof(path)), 0));
}
