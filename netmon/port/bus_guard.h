/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether a caller may know where the machine is: root, members of the group netdev, and whoever
 * sits at it, which logind knows. All of it is asked without waiting. */

#include <stdbool.h>
#include <systemd/sd-bus.h>

struct bus_guard;

#define BUS_GUARD_WAITING_MAX 16
#define BUS_GUARD_GROUP "netdev"

/* Answers the call. */
typedef void (*bus_guard_handler)(sd_bus_message *call, bool is_allowed, void *userdata);

/* For one bus connection; borrows it. */
int bus_guard_new(sd_bus *bus, bus_guard_handler handler, void *userdata, struct bus_guard **ret);
void bus_guard_free(struct bus_guard *guard);

static inline void bus_guard_freep(struct bus_guard **guard) {
        bus_guard_free(*guard);
}

/* To be returned from a method handler: the call is answered by the guard's handler later. With
 * BUS_GUARD_WAITING_MAX under way it gets LimitsExceeded. */
int bus_guard_check(struct bus_guard *guard, sd_bus_message *call, sd_bus_error *ret_error);
