/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A namespace for a bench with one daemon in it: netmon, or the floor. Two uplinks, wifi0
 * (10.1.0.2, metric 100) and cell0 (10.2.0.2, metric 200), both with carrier. */

#include <stdint.h>
#include <sys/types.h>

struct bus_daemon;
struct rtnl_actor;

enum place_kind {
        PLACE_FLOOR,
        PLACE_NETMON,
};

struct place {
        enum place_kind kind;
        pid_t pid;
        int namespace;
        struct rtnl_actor *actor;
        int wifi; /* the taps */
        int cell;
        uint32_t wifi_index;
        uint32_t cell_index;
};

/* Makes the namespace, starts the daemon on the bus, and comes back to the namespace of before. */
void place_start(struct place *place, enum place_kind kind, const struct bus_daemon *daemon);
void place_stop(struct place *place);

/* Nanoseconds of CPU that the daemon has used. */
uint64_t place_cpu_nsec(const struct place *place);
