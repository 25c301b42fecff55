/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netmon_client.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "bus_daemon.h"
#include "cleanup.h"
#include "die.h"
#include "moment.h"
#include "names.h"

/* netmon as far as the client asks it, on a real bus; nothing runs but by pump(). */
static struct bus_daemon daemon_;
static sd_bus *ours, *netmons, *strangers;
static struct netmon_client *client;
static unsigned n_changes, n_interface_changes, n_resumed;
static unsigned n_made, n_released;
static sd_bus_message *held; /* the call of WatchPath, when it is to wait for its answer */
static bool hold;

static void append_path(sd_bus_message *m, const char *interface, int ifindex) {
        if (sd_bus_message_append(m, "a{sv}", 4, "interface", "s", interface, "ifindex", "i",
                                  ifindex, "family", "s", "ipv4", "usable", "b", true) < 0)
                die("path");
}

static void answer_made(sd_bus_message *call) {
        char path[64];

        (void)snprintf(path, sizeof(path), NETMON_WATCH_PATH "/%u", ++n_made);
        (void)sd_bus_reply_method_return(call, "o", path);
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *member = sd_bus_message_get_member(m);
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        if (!sd_bus_message_is_method_call(m, NULL, NULL))
                return 0;
        if (strcmp(member, "WatchPath") == 0) {
                if (hold)
                        held = sd_bus_message_ref(m);
                else
                        answer_made(m);
                return 1;
        }
        if (strcmp(member, "Release") == 0) {
                n_released++;
                return sd_bus_reply_method_return(m, NULL);
        }
        if (sd_bus_message_new_method_return(m, &reply) < 0)
                die("reply");
        if (strcmp(member, "GetManagedObjects") == 0) {
                (void)sd_bus_message_append(reply, "a{oa{sa{sv}}}", 1, NETMON_LINK_PATH "/7", 1,
                                            NETMON_LINK_INTERFACE, 2, "Name", "s", "up0", "Usable",
                                            "b", true);
        } else if (strcmp(member, "GetAll") == 0) {
                (void)sd_bus_message_open_container(reply, 'a', "{sv}");
                (void)sd_bus_message_open_container(reply, 'e', "sv");
                (void)sd_bus_message_append(reply, "s", "Path");
                (void)sd_bus_message_open_container(reply, 'v', "a{sv}");
                append_path(reply, "up0", 7);
                (void)sd_bus_message_close_container(reply);
                (void)sd_bus_message_close_container(reply);
                (void)sd_bus_message_close_container(reply);
        }
        return sd_bus_send(NULL, reply, NULL);
}

static void on_watch(void *userdata) {
        n_changes++;
}

static void on_interfaces(void *userdata) {
        n_interface_changes++;
}

static void on_resumed(void *userdata) {
        n_resumed++;
}

static const struct netmon_handlers handlers = {
        .resumed = on_resumed,
        .watch_changed = on_watch,
        .interfaces_changed = on_interfaces,
};

/* Everything runs until the number is reached. */
static void pump(const unsigned *number, unsigned wanted) {
        uint64_t deadline_usec = moment_now().usec + 10 * USEC_PER_SEC;

        while (*number < wanted) {
                int r = sd_bus_process(ours, NULL);

                if (sd_bus_process(netmons, NULL) > 0 || r > 0)
                        continue;
                if (moment_now().usec > deadline_usec)
                        die("%u instead of %u", *number, wanted);
                (void)sd_bus_wait(ours, USEC_PER_MSEC);
        }
}

static void netmon_comes(void) {
        netmons = bus_daemon_connect(&daemon_);
        if (sd_bus_add_filter(netmons, NULL, on_call, NULL) < 0 ||
            sd_bus_request_name(netmons, NETMON_BUS_NAME, 0) < 0)
                die("netmon's name");
}

static void setup(void) {
        bus_daemon_start(&daemon_);
        ours = bus_daemon_connect(&daemon_);
        strangers = bus_daemon_connect(&daemon_);
        netmon_comes();
        if (netmon_client_new(&handlers, NULL, &client) < 0 ||
            netmon_client_attach(client, ours) < 0)
                die("client");
        pump(&n_interface_changes, 1);
}

static void teardown(void) {
        netmon_client_free(client);
        sd_bus_message_unref(held);
        sd_bus_flush_close_unref(ours);
        sd_bus_flush_close_unref(netmons);
        sd_bus_flush_close_unref(strangers);
        bus_daemon_stop(&daemon_);
}

TestSuite(netmon_client, .init = setup, .fini = teardown, .timeout = 60);

/* A signal straight to the client, as any connection may send one. */
static sd_bus_message *signal_to_us(sd_bus *from, const char *path, const char *interface,
                                    const char *member) {
        const char *name;
        sd_bus_message *m;

        if (sd_bus_get_unique_name(ours, &name) < 0 ||
            sd_bus_message_new_signal(from, &m, path, interface, member) < 0 ||
            sd_bus_message_set_destination(m, name) < 0)
                die("signal");
        return m;
}

static void send_and_wait(sd_bus *from, sd_bus_message *m) {
        (void)sd_bus_send(from, m, NULL);
        sd_bus_message_unref(m);
        /* The bus has it when this is answered. */
        (void)sd_bus_call_method(from, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                 "org.freedesktop.DBus", "GetId", NULL, NULL, NULL);
}

static void send_changed(sd_bus *from, const char *watch, const char *interface, int ifindex) {
        sd_bus_message *m = signal_to_us(from, watch, NETMON_WATCH_INTERFACE, "Changed");

        (void)sd_bus_message_append(m, "tastt", UINT64_C(2), 1, "route", UINT64_C(1), UINT64_C(1));
        append_path(m, interface, ifindex);
        (void)sd_bus_message_append(m, "aa{sv}", 0);
        send_and_wait(from, m);
}

Test(netmon_client, answers_and_their_changes_are_mirrored) {
        struct netmon_watch *watch;

        cr_assert(eq(int, netmon_watch_new(client, "192.0.2.1", NULL, &watch), 0));
        cr_assert(netmon_watch_is_pending(watch));
        pump(&n_changes, 1);
        cr_assert(not(netmon_watch_is_pending(watch)));
        cr_assert(eq(int, netmon_watch_paths(watch)->selected.ifindex, 7));
        send_changed(netmons, NETMON_WATCH_PATH "/1", "up1", 8);
        pump(&n_changes, 2);
        cr_assert(eq(int, netmon_watch_paths(watch)->selected.ifindex, 8));
        netmon_watch_free(watch);
        pump(&n_released, 1);
}

Test(netmon_client, strangers_are_not_believed) {
        struct netmon_watch *watch;
        sd_bus_message *m;

        cr_assert(eq(int, netmon_watch_new(client, "192.0.2.1", NULL, &watch), 0));
        pump(&n_changes, 1);
        send_changed(strangers, NETMON_WATCH_PATH "/1", "evil", 66);
        m = signal_to_us(strangers, NETMON_PATH, "org.freedesktop.DBus.ObjectManager",
                         "InterfacesRemoved");
        (void)sd_bus_message_append(m, "oas", NETMON_LINK_PATH "/7", 1, NETMON_LINK_INTERFACE);
        send_and_wait(strangers, m);
        m = signal_to_us(strangers, "/org/freedesktop/DBus", "org.freedesktop.DBus",
                         "NameOwnerChanged");
        (void)sd_bus_message_append(m, "sss", NETMON_BUS_NAME, ":1.0", "");
        send_and_wait(strangers, m);
        /* What netmon itself says comes after all that. */
        m = signal_to_us(netmons, NETMON_LINK_PATH "/7", "org.freedesktop.DBus.Properties",
                         "PropertiesChanged");
        (void)sd_bus_message_append(m, "sa{sv}as", NETMON_LINK_INTERFACE, 1, "Usable", "b", false,
                                    0);
        send_and_wait(netmons, m);
        pump(&n_interface_changes, 2);
        cr_assert(netmon_client_interfaces(client)->known);
        cr_assert(eq(u32, n_changes, 1));
        cr_assert(eq(int, netmon_watch_paths(watch)->selected.ifindex, 7));
        cr_assert(interfaces_find(netmon_client_interfaces(client), 7) != NULL);
        netmon_watch_free(watch);
}

Test(netmon_client, nothing_is_known_without_netmon_and_all_again_with_it) {
        struct netmon_watch *watch;

        cr_assert(eq(int, netmon_watch_new(client, "192.0.2.1", NULL, &watch), 0));
        pump(&n_changes, 1);
        sd_bus_flush_close_unref(netmons);
        netmons = bus_daemon_connect(&daemon_);
        pump(&n_changes, 2);
        cr_assert(not(netmon_watch_paths(watch)->known));
        cr_assert(not(netmon_client_interfaces(client)->known));
        sd_bus_flush_close_unref(netmons);
        netmon_comes();
        pump(&n_changes, 3);
        cr_assert(eq(int, netmon_watch_paths(watch)->selected.ifindex, 7));
        netmon_watch_free(watch);
}

Test(netmon_client, watch_that_goes_before_it_is_made_is_released) {
        struct netmon_watch *watch;

        hold = true;
        cr_assert(eq(int, netmon_watch_new(client, "192.0.2.1", NULL, &watch), 0));
        while (!held) {
                (void)sd_bus_process(ours, NULL);
                (void)sd_bus_process(netmons, NULL);
        }
        netmon_watch_free(watch);
        answer_made(held);
        pump(&n_released, 1);
        cr_assert(eq(u32, n_changes, 0));
}

Test(netmon_client, sleep_is_told_by_netmon_alone) {
        sd_bus_message *m = signal_to_us(strangers, NETMON_PATH, NETMON_INTERFACE, "Resumed");

        (void)sd_bus_message_append(m, "t", UINT64_C(5));
        send_and_wait(strangers, m);
        m = signal_to_us(netmons, NETMON_PATH, NETMON_INTERFACE, "Resumed");
        (void)sd_bus_message_append(m, "t", UINT64_C(5));
        send_and_wait(netmons, m);
        pump(&n_resumed, 1);
        cr_assert(eq(u32, n_resumed, 1));
}
