/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reasons as an array of words. */

#include <systemd/sd-bus.h>

/* Appends enum reason bits as "as". */
int bus_reasons_append(sd_bus_message *m, unsigned reasons);
