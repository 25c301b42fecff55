/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who sent a signal. A match does not tell: the bus delivers what is addressed to us whatever our
 * matches are, everybody may address a signal to us, and sd-bus takes a sender that is a well-known
 * name for right. */

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* The bus itself; nobody can take this name. */
#define BUS_SENDER_BUS "org.freedesktop.DBus"

/* `name` is a unique name, or BUS_SENDER_BUS. */
bool bus_sender_is(sd_bus_message *m, const char *name);
