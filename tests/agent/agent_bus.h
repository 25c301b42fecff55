/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A whole agent in a thread of the test, on a socket pair in place of a bus: no daemon between. */

#include <pthread.h>
#include <systemd/sd-bus.h>

struct agent_bus {
        char directory[64]; /* of the queue */
        sd_bus *bus;        /* the caller's side */
        pthread_t thread;
        int agent_fd;
        int stop_fd;
};

/* Starts it on an empty queue, or on what an earlier one has left in `directory`. */
void agent_bus_start(struct agent_bus *ab);
/* Ends it in order; the queue stays. */
void agent_bus_stop(struct agent_bus *ab);
/* And the queue with it. */
void agent_bus_remove(struct agent_bus *ab);

/* Calls a method of the manager (path NULL) or of a channel. Returns the reply, or NULL with the
 * error's name in `error`, which the caller frees. */
sd_bus_message *agent_bus_call(struct agent_bus *ab, const char *path, const char *member,
                               sd_bus_error *error, const char *types, ...);
