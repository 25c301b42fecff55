/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manager_property.h"

#include "bus_path.h"
#include "names.h"
#include "property.h"
#include "world.h"

static int append_version(sd_bus_message *m, const void *subject, const struct world *world) {
        return sd_bus_message_append(m, "s", WHERRY_VERSION);
}

static int append_features(sd_bus_message *m, const void *subject, const struct world *world) {
        return sd_bus_message_append(m, "as", 0);
}

static int append_serial(sd_bus_message *m, const void *subject, const struct world *world) {
        return sd_bus_message_append(m, "t", world->serial);
}

static int append_state(sd_bus_message *m, const void *subject, const struct world *world) {
        return sd_bus_message_append(m, "s", network_state_to_string(world->summary.state));
}

static int append_state_since(sd_bus_message *m, const void *subject, const struct world *world) {
        return sd_bus_message_append(m, "t", world->summary.state_since_usec);
}

static int append_primary4(sd_bus_message *m, const void *subject, const struct world *world) {
        return bus_path_append_primary(m, "default4", &world->summary.primary4);
}

static int append_primary6(sd_bus_message *m, const void *subject, const struct world *world) {
        return bus_path_append_primary(m, "default6", &world->summary.primary6);
}

static int append_metered(sd_bus_message *m, const void *subject, const struct world *world) {
        return sd_bus_message_append(m, "s", metered_to_string(world->summary.metered));
}

static int append_airplane(sd_bus_message *m, const void *subject, const struct world *world) {
        return sd_bus_message_append(m, "b", (int)world->is_airplane_mode);
}

static int append_overruns(sd_bus_message *m, const void *subject, const struct world *world) {
        return sd_bus_message_append(m, "t", world->overruns);
}

static int append_resyncs(sd_bus_message *m, const void *subject, const struct world *world) {
        return sd_bus_message_append(m, "t", world->resyncs);
}

static int append_preparing(sd_bus_message *m, const void *subject, const struct world *world) {
        return sd_bus_message_append(m, "b", (int)world->is_preparing_for_sleep);
}

static const struct property properties[] = {
        {"Version", "s", append_version, 0},
        {"Features", "as", append_features, 0},
        {"Serial", "t", append_serial, 0},
        {"State", "s", append_state, SUMMARY_CHANGE_STATE},
        {"StateSince", "t", append_state_since, SUMMARY_CHANGE_STATE},
        {"Primary4", "a{sv}", append_primary4, SUMMARY_CHANGE_PRIMARY4},
        {"Primary6", "a{sv}", append_primary6, SUMMARY_CHANGE_PRIMARY6},
        {"Metered", "s", append_metered, SUMMARY_CHANGE_METERED},
        {"AirplaneMode", "b", append_airplane, MANAGER_CHANGE_AIRPLANE},
        {"Overruns", "t", append_overruns, 0},
        {"Resyncs", "t", append_resyncs, 0},
        {"PreparingForSleep", "b", append_preparing, MANAGER_CHANGE_SLEEP},
};

const struct property_table manager_properties = {
        .interface = NETMON_INTERFACE,
        .properties = properties,
        .n = sizeof(properties) / sizeof(properties[0]),
};
