/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "own_addresses.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bus_dict.h"
#include "bus_objects.h"
#include "cleanup.h"
#include "log.h"
#include "names.h"
#include "netaddr.h"

struct own_addresses {
        const struct own_addresses_owner *owner;
        void *userdata;
        struct bus_objects *objects; /* of netmon */
        bool is_known;               /* netmon has told of an interface */
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
        unsigned long index;
        char *end;

        if (strncmp(path, NETMON_LINK_PATH "/", strlen(NETMON_LINK_PATH "/")) != 0)
                return 0;
        index = strtoul(path + strlen(NETMON_LINK_PATH "/"), &end, 10);
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

static int take(const char *path, const char *interface, sd_bus_message *m, void *userdata) {
        CLEANUP(address_list_deinit) struct address_list list = {};
        struct own_addresses *own = userdata;
        uint32_t ifindex = path_ifindex(path);
        int r;

        r = bus_dict_read(m, take_property, &list);
        if (r < 0 || !list.is_given || ifindex == 0)
                return r;
        if (!own->is_known)
                log_info("netmon: there");
        own->is_known = true;
        own->owner->changed(ifindex, list.addresses, list.n, own->userdata);
        return 0;
}

static void removed(const char *path, void *userdata) {
        struct own_addresses *own = userdata;
        uint32_t ifindex = path ? path_ifindex(path) : 0;

        if (ifindex > 0)
                own->owner->changed(ifindex, NULL, 0, own->userdata);
        if (path || !own->is_known)
                return;
        log_info("netmon: gone");
        own->is_known = false;
        own->owner->unknown(own->userdata);
}

static void changed(void *userdata) {
}

int own_addresses_new(sd_bus *bus, const struct own_addresses_owner *owner, void *userdata,
                      struct own_addresses **ret) {
        static const struct bus_objects_type type = {
                .name = NETMON_BUS_NAME,
                .manager = NETMON_PATH,
                .prefix = NETMON_LINK_PATH "/",
                .interfaces = {NETMON_LINK_INTERFACE},
                .take = take,
                .removed = removed,
                .changed = changed,
        };
        CLEANUP(own_addresses_freep) struct own_addresses *own = calloc(1, sizeof(*own));
        int r;

        if (!own)
                return -ENOMEM;
        own->owner = owner;
        own->userdata = userdata;
        r = bus_objects_new(bus, &type, own, &own->objects);
        if (r < 0)
                return r;
        *ret = STEAL(own);
        return 0;
}

void own_addresses_free(struct own_addresses *own) {
        if (!own)
                return;
        bus_objects_free(own->objects);
        free(own);
}
