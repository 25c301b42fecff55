/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "own_addresses.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bus_daemon.h"
#include "cleanup.h"
#include "die.h"
#include "moment.h"
#include "names.h"
#include "netaddr.h"

/* A netmon of the test's own on a private bus, and who listens to it. */
static struct bus_daemon daemon_;
static sd_event *event;
static sd_bus *client, *netmon;
static struct own_addresses *own;
static char heard[1024];    /* "2: 192.0.2.1 / 3: / unknown / " */
static const char *objects; /* what it answers: the address of interface 2, or NULL for nonsense */
static bool is_asked;       /* for them */

static void on_changed(uint32_t ifindex, const struct netaddr *addresses, size_t n,
                       void *userdata) {
        size_t len = strlen(heard);

        len += (size_t)snprintf(heard + len, sizeof(heard) - len, "%u:", ifindex);
        for (size_t i = 0; i < n; i++) {
                char text[NETADDR_TEXT_SIZE];

                len += (size_t)snprintf(heard + len, sizeof(heard) - len, " %s",
                                        netaddr_format(&addresses[i], text));
        }
        (void)snprintf(heard + len, sizeof(heard) - len, " / ");
}

static void on_unknown(void *userdata) {
        size_t len = strlen(heard);

        (void)snprintf(heard + len, sizeof(heard) - len, "unknown / ");
}

static const struct own_addresses_owner owner = {.changed = on_changed, .unknown = on_unknown};

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        if (!sd_bus_message_is_method_call(m, "org.freedesktop.DBus.ObjectManager",
                                           "GetManagedObjects"))
                return 0;
        is_asked = true;
        if (!objects)
                return sd_bus_reply_method_return(m, "s", "nonsense");
        return sd_bus_reply_method_return(m, "a{oa{sa{sv}}}", 2, NETMON_LINK_PATH "/2", 2,
                                          NETMON_LINK_INTERFACE, 2, "Name", "s", "eth0",
                                          "Addresses", "a(susas)", 1, objects, 24, "global", 0,
                                          "org.other", 1, "Addresses", "s", "no", NETMON_PATH, 0);
}

/* Runs until that much has been heard, and nothing else. */
static void expect(const char *text) {
        uint64_t deadline_usec = moment_boottime_usec() + 5 * USEC_PER_SEC;

        while (strlen(heard) < strlen(text)) {
                cr_assert(lt(u64, moment_boottime_usec(), deadline_usec), "%s", heard);
                cr_assert(ge(int, sd_event_run(event, USEC_PER_SEC), 0));
        }
        cr_assert(eq(str, heard, (char *)text));
        heard[0] = '\0';
}

static void start_netmon(void) {
        netmon = bus_daemon_connect(&daemon_);
        if (sd_bus_attach_event(netmon, event, 0) < 0 ||
            sd_bus_add_object(netmon, NULL, NETMON_PATH, on_call, NULL) < 0 ||
            sd_bus_request_name(netmon, NETMON_BUS_NAME, 0) < 0)
                die("netmon cannot be made");
}

static void setup(void) {
        objects = "192.0.2.1";
        is_asked = false;
        bus_daemon_start(&daemon_);
        if (sd_event_new(&event) < 0)
                die("sd_event_new");
        client = bus_daemon_connect(&daemon_);
        if (sd_bus_attach_event(client, event, 0) < 0)
                die("sd_bus_attach_event");
}

static void teardown(void) {
        own_addresses_free(own);
        sd_bus_flush_close_unref(client);
        sd_bus_flush_close_unref(netmon);
        sd_event_unref(event);
        bus_daemon_stop(&daemon_);
}

TestSuite(own_addresses, .init = setup, .fini = teardown, .timeout = 60);

static void listen_to_netmon(void) {
        cr_assert(eq(int, own_addresses_new(client, &owner, NULL, &own), 0));
}

static void emit_properties(const char *path, const char *address) {
        cr_assert(ge(int,
                     sd_bus_emit_signal(netmon, path, "org.freedesktop.DBus.Properties",
                                        "PropertiesChanged", "sa{sv}as", NETMON_LINK_INTERFACE, 1,
                                        "Addresses", "a(susas)", 1, address, 64, "global", 0, 0),
                     0));
}

Test(own_addresses, follow_the_objects) {
        start_netmon();
        listen_to_netmon();
        expect("2: 192.0.2.1 / ");
        emit_properties(NETMON_LINK_PATH "/2", "2001:db8::1");
        expect("2: 2001:db8::1 / ");
        emit_properties(NETMON_LINK_PATH "/2x", "2001:db8::2");
        cr_assert(ge(int,
                     sd_bus_emit_signal(netmon, NETMON_LINK_PATH "/2",
                                        "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                        "sa{sv}as", NETMON_LINK_INTERFACE, 1, "Up", "b", 1, 0),
                     0));
        cr_assert(ge(int,
                     sd_bus_emit_signal(netmon, NETMON_PATH, "org.freedesktop.DBus.ObjectManager",
                                        "InterfacesAdded", "oa{sa{sv}}", NETMON_LINK_PATH "/3", 1,
                                        NETMON_LINK_INTERFACE, 1, "Addresses", "a(susas)", 0),
                     0));
        cr_assert(ge(int,
                     sd_bus_emit_signal(netmon, NETMON_PATH, "org.freedesktop.DBus.ObjectManager",
                                        "InterfacesRemoved", "oas", NETMON_LINK_PATH "/2", 1,
                                        NETMON_LINK_INTERFACE),
                     0));
        expect("3: / 2: / ");
}

/* To this client alone, as everybody may. */
static void forge(sd_bus *bus, const char *path, const char *interface, const char *member,
                  const char *types, ...) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const char *name;
        va_list ap;

        va_start(ap, types);
        cr_assert(ge(int, sd_bus_get_unique_name(client, &name), 0));
        cr_assert(ge(int, sd_bus_message_new_signal(bus, &m, path, interface, member), 0));
        cr_assert(ge(int, sd_bus_message_appendv(m, types, ap), 0));
        cr_assert(ge(int, sd_bus_message_set_destination(m, name), 0));
        cr_assert(ge(int, sd_bus_send(bus, m, NULL), 0));
        va_end(ap);
}

Test(own_addresses, nobody_else_is_believed) {
        sd_bus *stranger = bus_daemon_connect(&daemon_);

        start_netmon();
        listen_to_netmon();
        expect("2: 192.0.2.1 / ");
        forge(stranger, NETMON_LINK_PATH "/2", "org.freedesktop.DBus.Properties",
              "PropertiesChanged", "sa{sv}as", NETMON_LINK_INTERFACE, 1, "Addresses", "a(susas)", 1,
              "192.0.2.66", 24, "global", 0, 0);
        forge(stranger, NETMON_PATH, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
              "oa{sa{sv}}", NETMON_LINK_PATH "/4", 1, NETMON_LINK_INTERFACE, 1, "Addresses",
              "a(susas)", 1, "192.0.2.66", 24, "global", 0);
        forge(stranger, NETMON_PATH, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
              "oas", NETMON_LINK_PATH "/2", 1, NETMON_LINK_INTERFACE);
        forge(stranger, "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged", "sss",
              NETMON_BUS_NAME, ":1.1", "");
        /* The bus has passed all that on when it answers. */
        cr_assert(ge(int,
                     sd_bus_call_method(stranger, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                        "org.freedesktop.DBus.Peer", "Ping", NULL, NULL, ""),
                     0));
        emit_properties(NETMON_LINK_PATH "/2", "2001:db8::1");
        expect("2: 2001:db8::1 / ");
        sd_bus_flush_close_unref(stranger);
}

Test(own_addresses, netmon_comes_late_goes_and_comes_back) {
        listen_to_netmon();
        start_netmon();
        expect("2: 192.0.2.1 / ");
        sd_bus_flush_close_unref(netmon);
        netmon = NULL;
        expect("unknown / ");
        objects = "192.0.2.9";
        start_netmon();
        expect("2: 192.0.2.9 / ");
}

Test(own_addresses, what_cannot_be_read_says_nothing) {
        objects = NULL;
        start_netmon();
        listen_to_netmon();
        while (!is_asked)
                cr_assert(ge(int, sd_event_run(event, USEC_PER_SEC), 0));
        emit_properties(NETMON_LINK_PATH "/2", "2001:db8::1");
        cr_assert(ge(int,
                     sd_bus_emit_signal(netmon, NETMON_LINK_PATH "/2",
                                        "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                        "sa{sv}as", NETMON_LINK_INTERFACE, 1, "Addresses", "s",
                                        "none", 0),
                     0));
        expect("2: 2001:db8::1 / ");
        objects = "192.0.2.1";
        sd_bus_flush_close_unref(netmon);
        start_netmon();
        expect("unknown / 2: 192.0.2.1 / ");
}
