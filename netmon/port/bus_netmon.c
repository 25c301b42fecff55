/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_netmon.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "bus_interface.h"
#include "bus_manager.h"
#include "bus_watch.h"
#include "cleanup.h"
#include "names.h"
#include "world.h"

struct bus_netmon {
        struct world *world;
        sd_bus_slot *object_manager;
        struct bus_interface_list *interfaces;
        struct bus_watch_list *watches;
        struct bus_manager *manager;
        bool told; /* something of this burst has been published */
};

int bus_netmon_new(sd_bus *bus, struct world *world, struct bus_netmon **ret) {
        CLEANUP(bus_netmon_freep) struct bus_netmon *netmon = calloc(1, sizeof(*netmon));
        int r;

        if (!netmon)
                return -ENOMEM;
        netmon->world = world;
        r = sd_bus_add_object_manager(bus, &netmon->object_manager, NETMON_PATH);
        if (r < 0)
                return r;
        r = bus_interface_list_new(bus, world, &netmon->interfaces);
        if (r < 0)
                return r;
        r = bus_watch_list_new(bus, world, &netmon->watches);
        if (r < 0)
                return r;
        r = bus_manager_new(bus, world, netmon->interfaces, netmon->watches, &netmon->manager);
        if (r < 0)
                return r;
        r = bus_interface_list_select(netmon->interfaces);
        if (r < 0)
                return r;
        *ret = STEAL(netmon);
        return 0;
}

void bus_netmon_free(struct bus_netmon *netmon) {
        if (!netmon)
                return;
        bus_manager_free(netmon->manager);
        bus_watch_list_free(netmon->watches);
        bus_interface_list_free(netmon->interfaces);
        sd_bus_slot_unref(netmon->object_manager);
        free(netmon);
}

int bus_netmon_publish_links(struct bus_netmon *netmon) {
        int r;

        r = bus_interface_list_publish(netmon->interfaces);
        if (r < 0)
                return r;
        netmon->told |= r > 0;
        return r > 0;
}

/* The answers that changed get the serial of this burst. Returns how many. */
static size_t number_answers(struct world *world, uint64_t serial) {
        size_t n = 0;

        for (struct watched *watched = world->watched.first; watched; watched = watched->next) {
                if (watched->reasons == 0)
                        continue;
                watched->serial = serial;
                n++;
        }
        return n;
}

int bus_netmon_publish_paths(struct bus_netmon *netmon, uint64_t event_usec) {
        struct world *world = netmon->world;
        int r;

        r = bus_interface_list_select(netmon->interfaces);
        if (r < 0)
                return r;
        netmon->told |= r > 0 || world->changed != 0;
        netmon->told |= world->is_airplane_mode != world->was_airplane_mode;
        netmon->told |= number_answers(world, world->serial + 1) > 0;
        if (netmon->told)
                world->serial++;
        netmon->told = false;
        r = bus_manager_publish(netmon->manager, event_usec);
        if (r < 0)
                return r;
        return bus_watch_list_publish(netmon->watches, event_usec);
}

int bus_netmon_publish_sleep(struct bus_netmon *netmon) {
        netmon->world->serial++;
        return bus_manager_publish_sleep(netmon->manager);
}

int bus_netmon_publish_resumed(struct bus_netmon *netmon, uint64_t slept_usec) {
        return bus_manager_publish_resumed(netmon->manager, slept_usec);
}

int bus_netmon_publish_start(struct bus_netmon *netmon) {
        return bus_manager_publish_start(netmon->manager);
}
