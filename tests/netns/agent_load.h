/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An app that sends messages 0, 1, 2, ... and repeats, under the same UUID, those that were not
 * answered. The payload is "m NUMBER UUID". */

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "agent_world.h"

#define LOAD_OUTSTANDING 32 /* calls that wait for their answer */

struct load {
        struct agent_world *world;
        char *path;          /* of the channel */
        unsigned n_sent;     /* calls made, or made again */
        unsigned n_answered; /* the first so many are on disk */
        unsigned n_waiting;
        uint64_t told_id; /* the highest that was said to be delivered */
        sd_bus_slot *states;
};

/* For the app of this world and its only channel at `path`, which is borrowed. */
void load_start(struct load *load, struct agent_world *world, char *path);
void load_stop(struct load *load);

/* Sends until then, but no more than so many messages. */
void load_run(struct load *load, uint64_t usec, unsigned n_max);
/* Every call has its answer, good or bad; those that failed are sent again from now on. */
void load_settle(struct load *load);
