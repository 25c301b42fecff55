/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages to read, without a bus. */

#include <systemd/sd-bus.h>

/* A connection to nobody. */
sd_bus *wire_new(void);

/* A signal to append to. */
sd_bus_message *wire_message(sd_bus *bus);

/* Makes what was appended readable. */
void wire_seal(sd_bus_message *m);
