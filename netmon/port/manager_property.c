/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manager_property.h"

#include <errno.h>
#include <string.h>

#include "bus_dict.h"
#include "bus_path.h"
#include "world.h"

static int append_version(sd_bus_message *m, const struct world *world) {
        return sd_bus_message_append(m, "s", WHERRY_VERSION);
}

static int append_features(sd_bus_message *m, const struct world *world) {
        return sd_bus_message_append(m, "as", 0);
}

static int append_serial(sd_bus_message *m, const struct world *world) {
        return sd_bus_message_append(m, "t", world->serial);
}

static int append_state(sd_bus_message *m, const struct world *world) {
        return sd_bus_message_append(m, "s", network_state_to_string(world->summary.state));
}

static int append_state_since(sd_bus_message *m, const struct world *world) {
        return sd_bus_message_append(m, "t", world->summary.state_since_usec);
}

static int append_primary4(sd_bus_message *m, const struct world *world) {
        return bus_path_append_primary(m, "default4", &world->summary.primary4);
}

static int append_primary6(sd_bus_message *m, const struct world *world) {
        return bus_path_append_primary(m, "default6", &world->summary.primary6);
}

static int append_metered(sd_bus_message *m, const struct world *world) {
        return sd_bus_message_append(m, "s", metered_to_string(world->summary.metered));
}

static int append_overruns(sd_bus_message *m, const struct world *world) {
        return sd_bus_message_append(m, "t", world->overruns);
}

static int append_resyncs(sd_bus_message *m, const struct world *world) {
        return sd_bus_message_append(m, "t", world->resyncs);
}

static const struct manager_property {
        const char *name;
        const char *signature;
        int (*append)(sd_bus_message *m, const struct world *world);
        unsigned changes; /* enum summary_change bits after which it differs */
} properties[] = {
        {"Version", "s", append_version, 0},
        {"Features", "as", append_features, 0},
        {"Serial", "t", append_serial, 0},
        {"State", "s", append_state, SUMMARY_CHANGE_STATE},
        {"StateSince", "t", append_state_since, SUMMARY_CHANGE_STATE},
        {"Primary4", "a{sv}", append_primary4, SUMMARY_CHANGE_PRIMARY4},
        {"Primary6", "a{sv}", append_primary6, SUMMARY_CHANGE_PRIMARY6},
        {"Metered", "s", append_metered, SUMMARY_CHANGE_METERED},
        {"Overruns", "t", append_overruns, 0},
        {"Resyncs", "t", append_resyncs, 0},
};

#define N_PROPERTIES (sizeof(properties) / sizeof(properties[0]))
_Static_assert(N_PROPERTIES < MANAGER_PROPERTY_MAX, "no room for the NULL");

int manager_property_append(sd_bus_message *m, const char *name, const struct world *world) {
        for (size_t i = 0; i < N_PROPERTIES; i++)
                if (strcmp(properties[i].name, name) == 0)
                        return properties[i].append(m, world);
        return -ENOENT;
}

int manager_property_append_all(sd_bus_message *m, const struct world *world) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        for (size_t i = 0; i < N_PROPERTIES; i++) {
                r = bus_dict_open(m, properties[i].name, properties[i].signature);
                if (r < 0)
                        return r;
                r = properties[i].append(m, world);
                if (r < 0)
                        return r;
                r = bus_dict_close(m);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

void manager_property_changed(unsigned changed, char *ret[static MANAGER_PROPERTY_MAX]) {
        size_t n = 0;

        for (size_t i = 0; i < N_PROPERTIES; i++)
                if (properties[i].changes & changed)
                        ret[n++] = (char *)properties[i].name; /* sd-bus takes a char ** */
        ret[n] = NULL;
}
