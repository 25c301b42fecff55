/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The object /org/wherry/NetMon1. */

#include <stdint.h>
#include <systemd/sd-bus.h>

struct bus_interface_list;
struct bus_manager;
struct bus_watch_list;
struct world;

/* For one bus connection; borrows all of them. */
int bus_manager_new(sd_bus *bus, struct world *world, struct bus_interface_list *interfaces,
                    struct bus_watch_list *watches, struct bus_manager **ret);
void bus_manager_free(struct bus_manager *manager);

static inline void bus_manager_freep(struct bus_manager **manager) {
        bus_manager_free(*manager);
}

/* Tells what changed between world->was and world->summary: properties, then PathChanged. */
int bus_manager_publish(struct bus_manager *manager, uint64_t event_usec);
/* PreparingForSleep changed. */
int bus_manager_publish_sleep(struct bus_manager *manager);
/* A sleep is over. */
int bus_manager_publish_resumed(struct bus_manager *manager, uint64_t slept_usec);
/* PathChanged from nothing to what is, with reason `start`. */
int bus_manager_publish_start(struct bus_manager *manager);
