/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* SubscribeSignal and UnsubscribeSignal of the interfaces: while somebody wants to know, and only
 * then, the signal is asked for. */

#include <systemd/sd-bus.h>

struct bus_signal;
struct world;

/* For one bus connection, with which the subscriptions end; borrows both. */
int bus_signal_new(sd_bus *bus, const struct world *world, struct bus_signal **ret);
void bus_signal_free(struct bus_signal *signal);

static inline void bus_signal_freep(struct bus_signal **signal) {
        bus_signal_free(*signal);
}

/* The methods, called on the object of an interface. */
int bus_signal_subscribe(struct bus_signal *signal, sd_bus_message *m, sd_bus_error *ret_error);
int bus_signal_unsubscribe(struct bus_signal *signal, sd_bus_message *m);
