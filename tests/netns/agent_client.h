/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An app on the bus, for the tests of the agent. What must work and does not ends the test. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "bus_daemon.h"
#include "bus_signals.h"

struct agent_client {
        sd_bus *bus;
        struct bus_signals *news; /* wakes client_wait() */
};

/* A connection of that user. */
void client_start(struct agent_client *c, const struct bus_daemon *daemon, uid_t uid);
void client_stop(struct agent_client *c);

/* Calls a method of the manager (path NULL) or of a channel; the arguments are those of
 * sd_bus_message_append(). Returns the reply. */
sd_bus_message *client_call(struct agent_client *c, const char *path, const char *member,
                            const char *types, ...);
void client_do(struct agent_client *c, const char *path, const char *member, const char *types,
               ...);
/* The same of a call that must be refused: the last word of the error's name, to be freed. */
char *client_refused(struct agent_client *c, const char *path, const char *member,
                     const char *types, ...);

/* Opens a channel. The options are those of sd_bus_message_append() for "a{sv}": how many there
 * are, then a key, a type and a value each. Its path, to be freed. */
char *client_open(struct agent_client *c, const char *name, const char *uri, ...);

/* A property of a channel (path NULL: of the manager) as text, to be freed; or as a number. */
char *client_get(struct agent_client *c, const char *path, const char *property);
uint64_t client_number(struct agent_client *c, const char *path, const char *property);
/* Waits until the property begins with that text. Dies when it does not come to that. */
void client_wait(struct agent_client *c, const char *path, const char *property, const char *value);

/* Sends a text, with options as of client_open(); its id. */
uint64_t client_send(struct agent_client *c, const char *path, const char *text, ...);
/* Sends the texts "PREFIX FIRST", "PREFIX FIRST+1", ..., n of them, in one commit. */
void client_send_many(struct agent_client *c, const char *path, const char *prefix, unsigned first,
                      unsigned n);
/* The state and reason of a message, as "delivered transport", to be freed; or waits for a state:
 * that, or one with a reason. */
char *client_message_state(struct agent_client *c, const char *path, uint64_t id);
void client_wait_message(struct agent_client *c, const char *path, uint64_t id, const char *state);

/* Begins to keep the signals with that member that this client hears. */
struct bus_signals *client_listen(struct agent_client *c, const char *member);

/* A signal Received. */
struct received {
        uint64_t id;
        char *payload; /* with a terminator behind it */
        size_t size;
        bool by_fd; /* it came as a sealed memfd */
        bool redelivered;
        char frame[8];
};

/* The next one; dies when none comes. */
void client_next_received(struct bus_signals *signals, struct received *ret);
/* Acknowledges all from the first to the last id. */
void client_acknowledge(struct agent_client *c, const char *path, uint64_t first, uint64_t last);
void received_free(struct received *r);
