/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* netmon's objects over a made-up machine, on a socket pair in place of a bus. The other end plays
 * the bus and everyone on it: a call says who it is from. */

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "fake_net.h"

#define ROOT ":1.0"
#define ALICE ":1.7" /* uid 1000, like every name but ROOT */
#define BOB ":1.8"

struct netmon_bus {
        struct fake_net net; /* two uplinks, asked for */
        struct bus_netmon *bus;
        sd_bus *ours;
        sd_bus *theirs;
        sd_bus_message *reply;
        unsigned n_changed;   /* signals PathWatch.Changed */
        char changed_for[32]; /* whom the latest was addressed to */
};

void netmon_bus_start(struct netmon_bus *nb);
void netmon_bus_stop(struct netmon_bus *nb);

/* Calls as `sender`, NULL for nobody. Returns the reply, or NULL with the error's name in `error`,
 * which the caller frees. */
sd_bus_message *netmon_bus_call(struct netmon_bus *nb, const char *sender, const char *path,
                                const char *interface, const char *member, sd_bus_error *error,
                                const char *types, ...);

/* `name` leaves the bus. */
void netmon_bus_leave(struct netmon_bus *nb, const char *name);
/* Asks the kernel again and publishes, as after a message of it. */
void netmon_bus_publish(struct netmon_bus *nb);
