/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Properties of an object in one table: for Get, for a dictionary of all, for PropertiesChanged. */

#include <stddef.h>
#include <systemd/sd-bus.h>

struct world;

struct property {
        const char *name;
        const char *signature;
        int (*append)(sd_bus_message *m, const void *subject, const struct world *world);
        unsigned changes; /* bits after which the value may differ; 0: none that is told */
};

struct property_table {
        const char *interface;
        const struct property *properties;
        size_t n;
};

/* Appends the value of one property of `subject`. */
int property_append(const struct property_table *table, sd_bus_message *m, const char *name,
                    const void *subject, const struct world *world);

/* Appends all of them as a{sv}. */
int property_append_all(const struct property_table *table, sd_bus_message *m, const void *subject,
                        const struct world *world);

/* Sends PropertiesChanged with those that follow from `changed`. 1, or 0 when there are none. The
 * same as sd_bus_emit_properties_changed(), without its search for the object and its getters: this
 * is the first thing that happens on news. */
int property_emit_changed(const struct property_table *table, sd_bus *bus, const char *path,
                          unsigned changed, const void *subject, const struct world *world);
