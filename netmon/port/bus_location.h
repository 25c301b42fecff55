/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* org.wherry.NetMon1.Location on the objects of interfaces: where the machine is, for the few. */

#include <systemd/sd-bus.h>

struct bus_location;
struct world;

/* For one bus connection; borrows both. */
int bus_location_new(sd_bus *bus, const struct world *world, struct bus_location **ret);
void bus_location_free(struct bus_location *location);

/* Puts it on the object of a link. */
int bus_location_add(struct bus_location *location, const char *path, sd_bus_slot **ret);
