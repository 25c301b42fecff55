/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What several methods of the agent share: checks of a call, and answers that take more than one
 * step. Checks return 0, or a negative errno with `error` set. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "store.h"
#include "waiters.h"

struct agent;
struct channel;

/* The channel is not being closed, and its user still exists. */
int bus_call_check(const struct channel *channel, sd_bus_error *error);

/* Takes one of the caller's 4 Reconnect() calls a minute. */
int bus_call_take_reconnect(struct agent *agent, sd_bus_message *m, sd_bus_error *error);

/* The URI is one that this user may open, and the protocol (of the options) is spoken over it. */
int bus_call_check_uri(struct agent *agent, uid_t uid, const char *uri, const char *protocol,
                       sd_bus_error *error);

/* Changes the channel by the options at the cursor of `m`; `call` is answered when they hold. */
int bus_call_set_options(struct channel *channel, sd_bus_message *m, sd_bus_message *call,
                         sd_bus_error *error);

/* The call is answered when the queue is as `kind` wants it, or after the timeout. 1: later, for a
 * method handler to return. */
int bus_call_wait(struct channel *channel, sd_bus_message *m, uint64_t timeout_usec,
                  enum waiter_kind kind, sd_bus_error *error);

/* What GetMessage and GetMessages ask for. */
struct bus_listing {
        bool single; /* one message with its payload, UnknownMessage when there is none */
        bool outgoing;
        bool incoming;
        uint32_t limit;
        struct store_filter filter;
};

/* Asks the store, in one or two steps; `call` is answered with what was found. -ENOMEM. */
int bus_call_list(struct channel *channel, const struct bus_listing *listing, sd_bus_message *call);
/* A STORE_LIST of it is done. True: the request is kept for the second step. */
bool bus_call_list_done(struct channel *channel, struct store_request *request,
                        sd_bus_message *call);

/* The answer of Explain. */
int bus_call_append_steps(struct channel *channel, sd_bus_message *m);
