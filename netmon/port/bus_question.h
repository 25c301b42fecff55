/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The arguments of GetPath and WatchPath. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

struct question;

/* Reads "sa{sv}" from `m`; only a privileged caller may name another uid than its own. Returns 0
 * and fills *ret, or a negative errno with *ret_error set: InvalidArgs for the destination,
 * InvalidOption that names the key, AccessDenied for the uid. */
int bus_question_read(sd_bus_message *m, uint32_t caller_uid, bool privileged, struct question *ret,
                      sd_bus_error *ret_error);
