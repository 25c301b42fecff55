/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "property.h"

#include <errno.h>
#include <string.h>

#include "bus_dict.h"
#include "cleanup.h"

int property_append(const struct property_table *table, sd_bus_message *m, const char *name,
                    const void *subject, const struct world *world) {
        for (size_t i = 0; i < table->n; i++)
                if (strcmp(table->properties[i].name, name) == 0)
                        return table->properties[i].append(m, subject, world);
        return -ENOENT;
}

/* Those that `changed` concerns, or all of them. */
static int append_some(const struct property_table *table, sd_bus_message *m,
                       const unsigned *changed, const void *subject, const struct world *world) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        for (size_t i = 0; i < table->n; i++) {
                const struct property *property = &table->properties[i];

                if (changed && !(property->changes & *changed))
                        continue;
                r = bus_dict_open(m, property->name, property->signature);
                if (r < 0)
                        return r;
                r = property->append(m, subject, world);
                if (r < 0)
                        return r;
                r = bus_dict_close(m);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

int property_append_all(const struct property_table *table, sd_bus_message *m, const void *subject,
                        const struct world *world) {
        return append_some(table, m, NULL, subject, world);
}

int property_emit_changed(const struct property_table *table, sd_bus *bus, const char *path,
                          unsigned changed, const void *subject, const struct world *world) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        unsigned told = 0;
        int r;

        for (size_t i = 0; i < table->n; i++)
                told |= table->properties[i].changes & changed;
        if (told == 0)
                return 0;
        r = sd_bus_message_new_signal(bus, &m, path, "org.freedesktop.DBus.Properties",
                                      "PropertiesChanged");
        if (r < 0)
                return r;
        r = sd_bus_message_append_basic(m, 's', table->interface);
        if (r < 0)
                return r;
        r = append_some(table, m, &told, subject, world);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "as", 0);
        if (r < 0)
                return r;
        r = sd_bus_send(bus, m, NULL);
        return r < 0 ? r : 1;
}
