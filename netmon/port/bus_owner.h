/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which connection owns a well-known name now, followed without waiting. */

#include <stdbool.h>
#include <systemd/sd-bus.h>

struct bus_owner;

/* The name has another owner, by its unique name, or none (NULL). */
typedef void (*bus_owner_handler)(const char *connection, void *userdata);

/* Borrows `bus`. Until the bus has answered nobody owns the name. `handler` may be NULL. */
int bus_owner_new(sd_bus *bus, const char *name, bus_owner_handler handler, void *userdata,
                  struct bus_owner **ret);
void bus_owner_free(struct bus_owner *owner);

static inline void bus_owner_freep(struct bus_owner **owner) {
        bus_owner_free(*owner);
}

bool bus_owner_is(const struct bus_owner *owner, const char *sender);
