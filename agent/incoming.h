/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages from the server to the app: onto the disk, then offered to subscribers within their
 * credit, until the app acknowledges them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <systemd/sd-bus.h>

#include "credit.h"
#include "cursor.h"
#include "moment.h"
#include "store.h"

struct channel;
struct link;
struct peer;
struct transport_incoming;

struct subscription {
        TAILQ_ENTRY(subscription) of_channel;
        uint64_t number; /* of all subscriptions, so that a late answer finds no successor */
        struct peer *peer;
        bool observes;   /* else it consumes: at most one does */
        bool verbose;    /* MessageStates for every change */
        bool overflowed; /* MessageStates were left out since */
        struct credit credit;
        uint64_t ack_timeout_usec;  /* 0: none */
        uint64_t offered_usec;      /* when the oldest that is outstanding was offered */
        uint64_t cursor;            /* offered up to this id */
        bool reading;               /* a read is under way */
        struct store_request *held; /* what was read and did not fit into the credit */
        size_t held_at;             /* the first of its messages that was not offered */
        bool caught_up;             /* an observer has had what was unread when it came */
};

struct incoming {
        TAILQ_HEAD(, subscription) subscriptions;
        struct cursor cursor; /* with what is on its way to the disk */
        bool moving;          /* a RECEIVE without a message is under way */
        bool moves_again;     /* and the cursor has moved since */
        uint64_t n_receiving; /* messages on their way to the disk */
        uint64_t receiving_bytes;
        bool blocked;       /* full: nothing is read from the server, until half empty */
        uint64_t full_usec; /* since then; the connection ends a while after; 0: it has ended */
        bool more;          /* the disk may hold messages behind the consumer's cursor */
};

void incoming_init(struct channel *channel);
void incoming_deinit(struct channel *channel);

/* A message came from the server; the bytes are copied. */
void incoming_message(struct channel *channel, const struct link *link,
                      const struct transport_incoming *message);
/* Where to go on from has changed without a message; NULL: it is not known any more. */
void incoming_move(struct channel *channel, const char *cursor, const char *epoch);
/* Nothing is to be read from the server now. */
bool incoming_is_blocked(const struct channel *channel);

/* Makes `peer` a reader, or anew. -EBUSY: another one consumes and `takeover` is not set. -ENOMEM.
 */
int incoming_subscribe(struct channel *channel, struct peer *peer,
                       const struct subscription *wanted, bool takeover);
/* `reason`, if any, is told. */
void incoming_unsubscribe(struct channel *channel, struct peer *peer, const char *reason);
/* `peer` has left, or is about to. */
void incoming_forget(struct channel *channel, const struct peer *peer);
/* The channel is gone: all readers are told. */
void incoming_close(struct channel *channel);
struct subscription *incoming_subscription(const struct channel *channel, const struct peer *peer);

/* `call` is answered when it is on disk. -ENOMEM. */
int incoming_acknowledge(struct channel *channel, const uint64_t *ids, size_t n,
                         sd_bus_message *call);

/* A RECEIVE is done. */
void incoming_received(struct channel *channel, struct store_request *request);
/* Offers a new message to observers; one out of credit is dropped: it does not acknowledge. */
void incoming_observe(struct channel *channel, const struct store_message *message);
/* Stops reading from the server, or begins again. */
void incoming_check_full(struct channel *channel);

/* Offers what may be offered. */
void incoming_pump(struct channel *channel);

/* A STORE_RECEIVE, STORE_READ_IN, STORE_ACKNOWLEDGE, or an observer's STORE_LIST is done. True: the
 * request is kept here. */
bool incoming_done(struct channel *channel, struct store_request *request, sd_bus_message *call);

void incoming_tick(struct channel *channel, const struct moment *at);
uint64_t incoming_deadline(const struct channel *channel);
