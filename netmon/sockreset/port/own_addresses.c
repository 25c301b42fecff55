/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "own_addresses.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bus_dict.h"
#include "bus_sender.h"
#include "cleanup.h"
#include "log.h"
#include "names.h"
#include "netaddr.h"

struct own_addresses {
        sd_bus *bus;
        const struct own_addresses_owner *owner;
        void *userdata;
        sd_bus_slot *matches[4];
        sd_bus_slot *question; /* for the objects */
        char *netmon;          /* who answered for them, its unique name; NULL: nobody yet */
};

struct address_list {
        struct netaddr *addresses;
        size_t n;
        bool is_given;
};

static void address_list_deinit(struct address_list *list) {
        free(list->addresses);
}

/* The index in an interface's path; 0 when it is of something else. */
static uint32_t path_ifindex(const char *path) {
        const char *number = path + strlen(NETMON_LINK_PATH "/");
        unsigned long index;
        char *end;

        if (strncmp(path, NETMON_LINK_PATH "/", strlen(NETMON_LINK_PATH "/")) != 0)
                return 0;
        index = strtoul(number, &end, 10);
        return *end == '\0' && index <= INT32_MAX ? (uint32_t)index : 0;
}

/* The a(susas) at the cursor. */
static int read_addresses(sd_bus_message *m, struct address_list *list) {
        const char *text;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(susas)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'r', "susas")) > 0) {
                struct netaddr *addresses;

                addresses = reallocarray(list->addresses, list->n + 1, sizeof(*addresses));
                if (!addresses)
                        return -ENOMEM;
                list->addresses = addresses;
                r = sd_bus_message_read_basic(m, 's', &text);
                if (r < 0)
                        return r;
                if (netaddr_from_text(text, &addresses[list->n]))
                        list->n++;
                r = sd_bus_message_skip(m, "usas");
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        list->is_given = true;
        return sd_bus_message_exit_container(m);
}

static int take_property(sd_bus_message *m, const char *key, void *userdata) {
        int r;

        if (strcmp(key, "Addresses") != 0)
                return sd_bus_message_skip(m, "v");
        r = sd_bus_message_enter_container(m, 'v', "a(susas)");
        if (r < 0)
                return r;
        r = read_addresses(m, userdata);
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}

/* The path and a{sa{sv}} of one object at the cursor. */
static int read_object(struct own_addresses *own, sd_bus_message *m) {
        CLEANUP(address_list_deinit) struct address_list list = {};
        const char *path, *interface;
        uint32_t ifindex;
        int r;

        r = sd_bus_message_read_basic(m, 'o', &path);
        if (r < 0)
                return r;
        ifindex = path_ifindex(path);
        r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                r = sd_bus_message_read_basic(m, 's', &interface);
                if (r < 0)
                        return r;
                if (strcmp(interface, NETMON_LINK_INTERFACE) == 0)
                        r = bus_dict_read(m, take_property, &list);
                else
                        r = sd_bus_message_skip(m, "a{sv}");
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        if (ifindex > 0 && list.is_given)
                own->owner->changed(ifindex, list.addresses, list.n, own->userdata);
        return sd_bus_message_exit_container(m);
}

static int read_objects(struct own_addresses *own, sd_bus_message *m) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
                r = read_object(own, m);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r;
}

static void forget(struct own_addresses *own) {
        own->question = sd_bus_slot_unref(own->question);
        free(STEAL(own->netmon));
        own->owner->unknown(own->userdata);
}

/* What cannot be read is another netmon's than ours: better to know nothing. */
static void check_read(struct own_addresses *own, int r) {
        if (r >= 0)
                return;
        log_warning("netmon: its answer cannot be read (%s), ignoring", strerror(-r));
        forget(own);
}

static int on_objects(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct own_addresses *own = userdata;

        own->question = sd_bus_slot_unref(own->question);
        if (sd_bus_message_is_method_error(m, NULL))
                return 0; /* it is not there: its coming is told */
        own->netmon = strdup(sd_bus_message_get_sender(m));
        check_read(own, own->netmon ? read_objects(own, m) : -ENOMEM);
        if (own->netmon)
                log_info("netmon: there");
        return 0;
}

/* Signals that netmon sent before its answer are in the answer; those after it change it. */
static int ask_objects(struct own_addresses *own) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(own->bus, &m, NETMON_BUS_NAME, NETMON_PATH,
                                           "org.freedesktop.DBus.ObjectManager",
                                           "GetManagedObjects");
        if (r < 0)
                return r;
        r = sd_bus_message_set_auto_start(m, false);
        if (r < 0)
                return r;
        /* However long it takes: that it is gone is told. */
        return sd_bus_call_async(own->bus, &own->question, m, on_objects, own, UINT64_MAX);
}

/* Of the netmon that is known, and of nobody else. */
static bool is_from_netmon(const struct own_addresses *own, sd_bus_message *m) {
        return own->netmon && bus_sender_is(m, own->netmon);
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct own_addresses *own = userdata;
        const char *name, *before, *after;

        if (!bus_sender_is(m, BUS_SENDER_BUS) ||
            sd_bus_message_read(m, "sss", &name, &before, &after) < 0)
                return 0;
        if (own->netmon)
                log_info("netmon: gone");
        forget(own);
        if (*after != '\0')
                check_read(own, ask_objects(own));
        return 0;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        CLEANUP(address_list_deinit) struct address_list list = {};
        struct own_addresses *own = userdata;
        uint32_t ifindex = path_ifindex(sd_bus_message_get_path(m));
        int r;

        if (!is_from_netmon(own, m) || ifindex == 0)
                return 0;
        r = sd_bus_message_skip(m, "s");
        if (r >= 0)
                r = bus_dict_read(m, take_property, &list);
        if (r >= 0 && list.is_given)
                own->owner->changed(ifindex, list.addresses, list.n, own->userdata);
        check_read(own, r);
        return 0;
}

static int on_added(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct own_addresses *own = userdata;

        if (is_from_netmon(own, m))
                check_read(own, read_object(own, m));
        return 0;
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct own_addresses *own = userdata;
        uint32_t ifindex;
        const char *path;

        if (!is_from_netmon(own, m) || sd_bus_message_read_basic(m, 'o', &path) < 0)
                return 0;
        ifindex = path_ifindex(path);
        if (ifindex > 0)
                own->owner->changed(ifindex, NULL, 0, own->userdata);
        return 0;
}

int own_addresses_new(sd_bus *bus, const struct own_addresses_owner *owner, void *userdata,
                      struct own_addresses **ret) {
        static const struct {
                const char *rule;
                sd_bus_message_handler_t handler;
        } rules[] = {
                {"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
                 "arg0='" NETMON_BUS_NAME "'",
                 on_owner_changed},
                {"type='signal',sender='" NETMON_BUS_NAME
                 "',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',"
                 "arg0='" NETMON_LINK_INTERFACE "'",
                 on_changed},
                {"type='signal',sender='" NETMON_BUS_NAME
                 "',interface='org.freedesktop.DBus.ObjectManager',member='InterfacesAdded'",
                 on_added},
                {"type='signal',sender='" NETMON_BUS_NAME
                 "',interface='org.freedesktop.DBus.ObjectManager',member='InterfacesRemoved'",
                 on_removed},
        };
        CLEANUP(own_addresses_freep) struct own_addresses *own = calloc(1, sizeof(*own));
        int r;

        if (!own)
                return -ENOMEM;
        own->bus = bus;
        own->owner = owner;
        own->userdata = userdata;
        for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
                r = sd_bus_add_match_async(bus, &own->matches[i], rules[i].rule, rules[i].handler,
                                           NULL, own);
                if (r < 0)
                        return r;
        }
        r = ask_objects(own);
        if (r < 0)
                return r;
        *ret = STEAL(own);
        return 0;
}

void own_addresses_free(struct own_addresses *own) {
        if (!own)
                return;
        for (size_t i = 0; i < sizeof(own->matches) / sizeof(own->matches[0]); i++)
                sd_bus_slot_unref(own->matches[i]);
        sd_bus_slot_unref(own->question);
        free(own->netmon);
        free(own);
}
