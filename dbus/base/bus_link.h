/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A daemon's place on its message bus: connects without blocking, takes the name, and comes back by
 * itself when the bus is late, restarts or goes away. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

struct bus_link;

struct bus_link_owner {
        /* A new connection: register every object and match here. The name is requested after it.
         * A negative return drops the connection and tries again later. */
        int (*up)(sd_bus *bus, void *userdata);
        /* The name is ours: clients may come. */
        void (*named)(void *userdata);
        /* The connection is gone: drop every slot and message of it. Called once per up(). */
        void (*down)(void *userdata);
};

/* `address` is a D-Bus address, "system" or "session". The first connection is tried at once; a bus
 * that is not there yet is no error. `name` NULL: it takes none, as a mere client, and named() is
 * never called. `owner` is borrowed. */
int bus_link_new(sd_event *event, const char *address, const char *name,
                 const struct bus_link_owner *owner, void *userdata, struct bus_link **ret);
void bus_link_free(struct bus_link *link);

static inline void bus_link_freep(struct bus_link **link) {
        bus_link_free(*link);
}
