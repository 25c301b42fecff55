/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Paths and answers as D-Bus dictionaries. */

#include <systemd/sd-bus.h>

struct answer;

/* One a{sv}: the selected path with its next hops and its other half. `destination` is what was
 * asked for. */
int bus_path_append(sd_bus_message *m, const char *destination, const struct answer *answer);
/* The same for a primary path, which is empty when there is no route. */
int bus_path_append_primary(sd_bus_message *m, const char *destination,
                            const struct answer *answer);
/* One aa{sv}. */
int bus_path_append_alternatives(sd_bus_message *m, const char *destination,
                                 const struct answer *answer);
