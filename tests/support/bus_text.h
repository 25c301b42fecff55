/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values of a D-Bus message as short text, to compare with and to search in. */

#include <systemd/sd-bus.h>

/* Reads the next complete value of the message: 7, eth0, true, [a b], {key=value key=value},
 * (a b). A variant is its content. To be freed. */
char *bus_text(sd_bus_message *m);
