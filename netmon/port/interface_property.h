/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The properties of org.wherry.NetMon1.Interface: their values, and what changes them. */

#include <systemd/sd-bus.h>

struct kernel;
struct link;

/* Appends the value of one. The byte counters are asked of the kernel, 0 when it does not tell. */
int interface_property_append(sd_bus_message *m, const char *name, const struct link *link,
                              const struct kernel *kernel);

/* Appends all of them as a{sv}. */
int interface_property_append_all(sd_bus_message *m, const struct link *link,
                                  const struct kernel *kernel);

#define INTERFACE_PROPERTY_MAX 24

/* Fills `ret` with the names of those that follow from enum link_change bits, and a NULL. */
void interface_property_changed(unsigned changed, char *ret[static INTERFACE_PROPERTY_MAX]);
