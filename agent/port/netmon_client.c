/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netmon_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "bus_sender.h"
#include "cleanup.h"
#include "log.h"
#include "names.h"
#include "netmon_decode.h"

enum client_state {
        CLIENT_ABSENT, /* no bus, or no netmon on it */
        CLIENT_ASKING, /* does it run, what are its interfaces? */
        CLIENT_READY,
};

struct netmon_client {
        const struct netmon_handlers *handlers;
        void *userdata;
        enum client_state state;
        char *owner; /* netmon's unique name, while it is ready */
        struct interfaces interfaces;
        LIST_HEAD(, netmon_watch) watches;
        sd_bus *bus;
        sd_bus_slot *matches[6];
        sd_bus_slot *question; /* the owner's name, or the objects */
};

struct netmon_watch {
        LIST_ENTRY(netmon_watch) of_client;
        struct netmon_client *client;
        void *userdata;
        char *destination;
        char *path; /* of netmon's object; NULL while there is none */
        bool pending;
        bool unwanted; /* freed while netmon was making the object: it goes when it is made */
        struct paths paths;
        sd_bus_slot *question;
};

static int call_netmon(struct netmon_client *client, sd_bus_slot **slot, const char *path,
                       const char *interface, const char *member, sd_bus_message_handler_t done,
                       void *userdata, const char *first, const char *second) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(client->bus, &m, NETMON_BUS_NAME, path, interface,
                                           member);
        if (r < 0)
                return r;
        /* It is followed when it comes, never started by us. */
        r = sd_bus_message_set_auto_start(m, false);
        if (r < 0)
                return r;
        if (first) {
                r = sd_bus_message_append_basic(m, 's', first);
                if (r < 0)
                        return r;
        }
        if (second) { /* options: none */
                r = sd_bus_message_append(m, second, 0);
                if (r < 0)
                        return r;
        }
        /* A netmon that stands still for long answers when it goes on; of one that is gone the bus
         * says so. */
        return sd_bus_call_async(client->bus, slot, m, done, userdata, UINT64_MAX);
}

static bool client_is_told_by_netmon(const struct netmon_client *client, sd_bus_message *m) {
        return client->state == CLIENT_READY && bus_sender_is(m, client->owner);
}

static void watch_settle(struct netmon_watch *watch) {
        watch->pending = false;
        watch->client->handlers->watch_changed(watch->userdata);
}

static int on_watch_values(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct netmon_watch *watch = userdata;
        struct paths paths;

        watch->question = sd_bus_slot_unref(watch->question);
        if (sd_bus_message_is_method_error(m, NULL) || netmon_decode_watch(m, &paths) < 0)
                log_warning("netmon: no answer for %s, ignoring", watch->destination);
        else
                watch->paths = paths;
        watch_settle(watch);
        return 0;
}

static int on_watch_made(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct netmon_watch *watch = userdata;
        const char *path = NULL;
        int r = -EIO;

        watch->question = sd_bus_slot_unref(watch->question);
        if (sd_bus_message_is_method_error(m, NULL))
                log_warning("netmon: cannot watch %s: %s, ignoring", watch->destination,
                            sd_bus_message_get_error(m)->message);
        else if (sd_bus_message_read(m, "o", &path) >= 0)
                watch->path = strdup(path);
        if (watch->unwanted) {
                netmon_watch_free(watch);
                return 0;
        }
        if (watch->path)
                r = call_netmon(watch->client, &watch->question, watch->path,
                                "org.freedesktop.DBus.Properties", "GetAll", on_watch_values, watch,
                                NETMON_WATCH_INTERFACE, NULL);
        if (r < 0)
                watch_settle(watch);
        return 0;
}

static void watch_start(struct netmon_watch *watch) {
        int r;

        r = call_netmon(watch->client, &watch->question, NETMON_PATH, NETMON_INTERFACE, "WatchPath",
                        on_watch_made, watch, watch->destination, "a{sv}");
        watch->pending = r >= 0;
}

static void watch_reset(struct netmon_watch *watch) {
        watch->question = sd_bus_slot_unref(watch->question);
        free(STEAL(watch->path));
        watch->pending = false;
        watch->paths = (struct paths){0};
}

static int on_watch_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct netmon_client *client = userdata;
        const char *path = sd_bus_message_get_path(m);
        struct netmon_watch *watch;
        struct paths paths;

        if (!client_is_told_by_netmon(client, m))
                return 0;
        LIST_FOREACH(watch, &client->watches, of_client) {
                if (!watch->path || strcmp(watch->path, path) != 0)
                        continue;
                if (netmon_decode_changed(m, &paths) < 0)
                        return 0;
                watch->paths = paths;
                watch_settle(watch);
                return 0;
        }
        return 0;
}

static int on_interface_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct netmon_client *client = userdata;

        if (client_is_told_by_netmon(client, m) &&
            netmon_decode_properties(m, &client->interfaces) >= 0)
                client->handlers->interfaces_changed(client->userdata);
        return 0;
}

static int on_interface_added(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct netmon_client *client = userdata;

        if (client_is_told_by_netmon(client, m) &&
            netmon_decode_object(m, &client->interfaces) >= 0)
                client->handlers->interfaces_changed(client->userdata);
        return 0;
}

static int on_interface_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct netmon_client *client = userdata;
        const char *path;
        int ifindex;

        if (!client_is_told_by_netmon(client, m) || sd_bus_message_read(m, "o", &path) < 0)
                return 0;
        ifindex = netmon_decode_ifindex(path);
        if (ifindex > 0) {
                interfaces_remove(&client->interfaces, ifindex);
                client->handlers->interfaces_changed(client->userdata);
        }
        return 0;
}

static int on_resumed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct netmon_client *client = userdata;

        if (client_is_told_by_netmon(client, m))
                client->handlers->resumed(client->userdata);
        return 0;
}

/* netmon is not there, or not any more: nothing is known. */
static void client_set_absent(struct netmon_client *client) {
        bool was_ready = client->state == CLIENT_READY;
        struct netmon_watch *watch, *next;

        client->state = CLIENT_ABSENT;
        client->question = sd_bus_slot_unref(client->question);
        free(STEAL(client->owner));
        interfaces_clear(&client->interfaces);
        for (watch = LIST_FIRST(&client->watches); watch; watch = next) {
                bool told = watch->pending || watch->paths.known;

                next = LIST_NEXT(watch, of_client);
                watch_reset(watch);
                if (watch->unwanted) {
                        netmon_watch_free(watch);
                        continue;
                }
                if (told)
                        client->handlers->watch_changed(watch->userdata);
        }
        if (was_ready)
                log_notice("netmon: gone; paths are unknown");
}

static int on_objects(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct netmon_client *client = userdata;
        struct netmon_watch *watch;

        const char *sender = sd_bus_message_get_sender(m);

        client->question = sd_bus_slot_unref(client->question);
        interfaces_clear(&client->interfaces);
        client->owner = sender ? strdup(sender) : NULL;
        if (!client->owner || sd_bus_message_is_method_error(m, NULL) ||
            netmon_decode_objects(m, &client->interfaces) < 0) {
                client_set_absent(client);
                return 0;
        }
        client->state = CLIENT_READY;
        client->interfaces.known = true;
        log_notice("netmon: there, %zu interfaces", client->interfaces.n_items);
        LIST_FOREACH(watch, &client->watches, of_client)
                watch_start(watch);
        client->handlers->interfaces_changed(client->userdata);
        return 0;
}

static void client_ask_objects(struct netmon_client *client) {
        int r;

        client->question = sd_bus_slot_unref(client->question);
        client->state = CLIENT_ASKING;
        r = call_netmon(client, &client->question, NETMON_PATH,
                        "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", on_objects,
                        client, NULL, NULL);
        if (r < 0)
                client_set_absent(client);
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct netmon_client *client = userdata;
        const char *name, *before, *after;

        if (!bus_sender_is(m, BUS_SENDER_BUS) ||
            sd_bus_message_read(m, "sss", &name, &before, &after) < 0)
                return 0;
        /* Also when one instance follows another at once. */
        client_set_absent(client);
        if (*after != '\0')
                client_ask_objects(client);
        return 0;
}

int netmon_client_attach(struct netmon_client *client, sd_bus *bus) {
        static const struct {
                const char *rule;
                sd_bus_message_handler_t handler;
        } rules[] = {
                {"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
                 "arg0='" NETMON_BUS_NAME "'",
                 on_owner_changed},
                {"type='signal',sender='" NETMON_BUS_NAME "',interface='" NETMON_WATCH_INTERFACE
                 "',member='Changed'",
                 on_watch_changed},
                {"type='signal',sender='" NETMON_BUS_NAME
                 "',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',"
                 "arg0='" NETMON_LINK_INTERFACE "'",
                 on_interface_changed},
                {"type='signal',sender='" NETMON_BUS_NAME
                 "',interface='org.freedesktop.DBus.ObjectManager',member='InterfacesAdded'",
                 on_interface_added},
                {"type='signal',sender='" NETMON_BUS_NAME
                 "',interface='org.freedesktop.DBus.ObjectManager',member='InterfacesRemoved'",
                 on_interface_removed},
                {"type='signal',sender='" NETMON_BUS_NAME "',interface='" NETMON_INTERFACE
                 "',member='Resumed'",
                 on_resumed},
        };
        int r;

        client->bus = sd_bus_ref(bus);
        for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
                r = sd_bus_add_match_async(bus, &client->matches[i], rules[i].rule,
                                           rules[i].handler, NULL, client);
                if (r < 0)
                        return r;
        }
        /* Without netmon this fails at once, and its coming is told by NameOwnerChanged. */
        client_ask_objects(client);
        return 0;
}

void netmon_client_detach(struct netmon_client *client) {
        for (size_t i = 0; i < sizeof(client->matches) / sizeof(client->matches[0]); i++)
                client->matches[i] = sd_bus_slot_unref(client->matches[i]);
        client_set_absent(client);
        client->bus = sd_bus_unref(client->bus);
}

int netmon_client_new(const struct netmon_handlers *handlers, void *userdata,
                      struct netmon_client **ret) {
        struct netmon_client *client = calloc(1, sizeof(*client));

        if (!client)
                return -ENOMEM;
        client->handlers = handlers;
        client->userdata = userdata;
        client->state = CLIENT_ASKING; /* the bus is about to come */
        LIST_INIT(&client->watches);
        *ret = client;
        return 0;
}

void netmon_client_free(struct netmon_client *client) {
        if (!client)
                return;
        netmon_client_detach(client);
        free(client);
}

const struct interfaces *netmon_client_interfaces(const struct netmon_client *client) {
        return &client->interfaces;
}

int netmon_watch_new(struct netmon_client *client, const char *destination, void *userdata,
                     struct netmon_watch **ret) {
        struct netmon_watch *watch = calloc(1, sizeof(*watch));

        if (!watch)
                return -ENOMEM;
        watch->destination = strdup(destination);
        if (!watch->destination) {
                free(watch);
                return -ENOMEM;
        }
        watch->client = client;
        watch->userdata = userdata;
        LIST_INSERT_HEAD(&client->watches, watch, of_client);
        if (client->state == CLIENT_READY)
                watch_start(watch);
        else
                watch->pending = client->state == CLIENT_ASKING;
        *ret = watch;
        return 0;
}

void netmon_watch_free(struct netmon_watch *watch) {
        if (!watch)
                return;
        if (watch->question && !watch->path) {
                watch->unwanted = true;
                watch->pending = false;
                return;
        }
        if (watch->path)
                (void)call_netmon(watch->client, NULL, watch->path, NETMON_WATCH_INTERFACE,
                                  "Release", NULL, NULL, NULL, NULL);
        watch_reset(watch);
        LIST_REMOVE(watch, of_client);
        free(watch->destination);
        free(watch);
}

const struct paths *netmon_watch_paths(const struct netmon_watch *watch) {
        return &watch->paths;
}

bool netmon_watch_is_pending(const struct netmon_watch *watch) {
        return watch->pending;
}
