/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The properties of org.wherry.NetMon1: their values, and what changes them. */

#include <systemd/sd-bus.h>

struct world;

/* Appends the value of one. */
int manager_property_append(sd_bus_message *m, const char *name, const struct world *world);

/* Appends all of them as a{sv}. */
int manager_property_append_all(sd_bus_message *m, const struct world *world);

#define MANAGER_PROPERTY_MAX 12

/* Fills `ret` with the names of those that follow from enum summary_change bits, and a NULL. */
void manager_property_changed(unsigned changed, char *ret[static MANAGER_PROPERTY_MAX]);
