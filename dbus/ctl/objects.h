/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The objects of the two daemons, with their properties. Each returns 0, or a negative errno with
 * `ret_error` set. */

#include "bus.h"
#include "value.h"

/* All properties of one interface of an object. */
int objects_get_properties(struct ctl *ctl, const struct service *service, const char *path,
                           const char *interface, uint64_t timeout_usec, json_object **ret,
                           sd_bus_error *ret_error);

/* The channels that the caller may see, by name: an array of their properties and "object", the
 * object path. */
int objects_get_channels(struct ctl *ctl, uint64_t timeout_usec, json_object **ret,
                         sd_bus_error *ret_error);

/* The one with that name in such an array of interfaces, borrowed; NULL. */
json_object *objects_find_link(json_object *links, const char *name);

/* What wherry-netmon knows: `ret` has "serial", "properties" of its manager object, and
 * "interfaces", an array like that of the channels, by index. */
int objects_get_network(struct ctl *ctl, bool hidden_too, uint64_t timeout_usec, json_object **ret,
                        sd_bus_error *ret_error);
