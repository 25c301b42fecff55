/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The objects /org/wherry/NetMon1/interface/N. */

#include <stdbool.h>
#include <systemd/sd-bus.h>

struct bus_interface_list;
struct world;

/* What Snapshot shows. */
enum bus_interface_choice {
        BUS_INTERFACE_SHOWN,
        BUS_INTERFACE_ALL,
};

/* For one bus connection; borrows both. There are no objects yet. */
int bus_interface_list_new(sd_bus *bus, const struct world *world, struct bus_interface_list **ret);
void bus_interface_list_free(struct bus_interface_list *list);

static inline void bus_interface_list_freep(struct bus_interface_list **list) {
        bus_interface_list_free(*list);
}

/* Tells what changed in the links that have an object, and takes away the objects of those that are
 * gone. Returns how many objects that were, or a negative errno. */
int bus_interface_list_publish(struct bus_interface_list *list);

/* Gives objects to links that are to be shown now, and takes them from the others. Returns as
 * bus_interface_list_publish(). */
int bus_interface_list_select(struct bus_interface_list *list);

/* Appends a{oa{sv}}. */
int bus_interface_append_all(sd_bus_message *m, const struct world *world,
                             enum bus_interface_choice choice);
