/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* org.wherry.NetMon1 on one bus connection: the manager object, and with it all others. */

#include <stdint.h>
#include <systemd/sd-bus.h>

struct bus_netmon;
struct world;

/* Puts every object on the bus; borrows both. */
int bus_netmon_new(sd_bus *bus, struct world *world, struct bus_netmon **ret);
void bus_netmon_free(struct bus_netmon *netmon);

static inline void bus_netmon_freep(struct bus_netmon **netmon) {
        bus_netmon_free(*netmon);
}

/* First half of a burst's publication: what changed in the interfaces that have an object. > 0 when
 * something did. */
int bus_netmon_publish_links(struct bus_netmon *netmon);

/* Second half, after world_ask(): objects that come and go, then the manager's properties,
 * PathChanged, and the watches. `event_usec` is when the first message of the burst was read. */
int bus_netmon_publish_paths(struct bus_netmon *netmon, uint64_t event_usec);

/* The machine is about to sleep, or no more. */
int bus_netmon_publish_sleep(struct bus_netmon *netmon);
/* It has slept so long. */
int bus_netmon_publish_resumed(struct bus_netmon *netmon, uint64_t slept_usec);

/* Clients that were there before us learn where we stand: one PathChanged with reason `start`. */
int bus_netmon_publish_start(struct bus_netmon *netmon);
