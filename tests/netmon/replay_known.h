/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a client knows that stands on the bus, by what it asked for once and by signals since. */

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

struct replay_known {
        struct replay_property *properties;
        size_t n;
};

void replay_known_deinit(struct replay_known *known);

/* The value as bus_text(); NULL when it is not known. */
const char *replay_known_find(const struct replay_known *known, const char *object,
                              const char *property);

/* Takes an "a{sv}" of an object. True when one of the values is another than before. */
bool replay_known_learn(struct replay_known *known, sd_bus_message *m, const char *object);
/* Takes an "a{sa{sv}}" of an object. */
void replay_known_learn_interfaces(struct replay_known *known, sd_bus_message *m,
                                   const char *object);
/* Takes a reply to GetManagedObjects. */
void replay_known_learn_objects(struct replay_known *known, sd_bus_message *m);
void replay_known_forget(struct replay_known *known, const char *object);

/* Where that differs from the replies to GetAll of the manager and to GetManagedObjects, but for
 * figures that no signal tells; NULL: nowhere; to be freed. */
char *replay_known_compare(const struct replay_known *known, sd_bus_message *manager,
                           sd_bus_message *objects);
