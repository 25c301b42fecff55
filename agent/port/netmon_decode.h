/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages of wherry-netmon to paths and interfaces. Unknown keys are skipped: a newer netmon may
 * say more. All return a negative errno for a message of another shape. */

#include <systemd/sd-bus.h>

#include "path.h"

/* The reply to GetAll on a PathWatch. */
int netmon_decode_watch(sd_bus_message *m, struct paths *ret);
/* The signal PathWatch.Changed. */
int netmon_decode_changed(sd_bus_message *m, struct paths *ret);

/* The reply to GetManagedObjects, into an empty list. */
int netmon_decode_objects(sd_bus_message *m, struct interfaces *list);
/* InterfacesAdded, and PropertiesChanged of an interface in the list (else -ENOENT). */
int netmon_decode_object(sd_bus_message *m, struct interfaces *list);
int netmon_decode_properties(sd_bus_message *m, struct interfaces *list);

/* The index at the end of an interface's object path; -EINVAL for another path. */
int netmon_decode_ifindex(const char *path);

/* Writes the keys of a path as one a{sv}. */
int netmon_encode_path(sd_bus_message *m, const struct path *path);
