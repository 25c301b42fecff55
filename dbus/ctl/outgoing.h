/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages on their way to the agent, with the options of Send from the command line. */

#include <stdbool.h>
#include <stdint.h>

#include "channel.h"
#include "uuid.h"

/* The largest payload. A system bus ends the connection over a message of more than 32 MiB. */
#define OUTGOING_BYTES_MAX (30u << 20)

struct outgoing {
        bool ttl_given;
        uint64_t ttl_usec;            /* 0: no end */
        uint64_t not_before_realtime; /* 0: none given */
        uint64_t max_tries;           /* 0: none given */
        bool at_most_once;
        bool if_connected;
        const char *frame; /* NULL: the channel's; borrowed, as is the tag */
        const char *tag;
        bool wait; /* for delivery, at most so long */
        uint64_t timeout_usec;
        bool uuid_given;
        uint8_t uuid[UUID_BYTES];
};

/* Tells what is wrong. */
enum outcome outgoing_read(const struct ctl *ctl, struct outgoing *ret);

/* A message; `data` is borrowed. */
struct outgoing_item {
        const char *data;
        size_t len;
        uint8_t uuid[UUID_BYTES];
};

#define OUTGOING_ITEMS_MAX 1024 /* of SendMany */

/* Queues `n` messages in one commit, or none, and waits for their ids. An agent that goes away
 * meanwhile is asked again when it is back, with the same UUIDs, so that nothing is queued twice.
 * 0, or a negative errno with `ret_error` set. */
int outgoing_send(struct ctl *ctl, const struct channel *channel, const struct outgoing *o,
                  const struct outgoing_item *items, size_t n, uint64_t *ret_ids,
                  sd_bus_error *ret_error);

/* Whether after this error nobody knows if the messages were queued. */
bool outgoing_is_doubtful(const sd_bus_error *error);
