/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages from the app to the server: onto the disk, into the window, onto the wire, and what
 * became of them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "moment.h"
#include "outbox.h"
#include "store.h"
#include "waiters.h"

struct channel;

/* A message took a state; told at the end of the turn by MessageStates. */
struct message_change {
        uint64_t id;
        enum message_state state;
        char reason[32];
};

struct outgoing {
        struct outbox outbox;
        uint32_t server_in_flight;     /* what the server takes at once; 0: anything */
        uint64_t n_submitted;          /* SEND requests */
        uint64_t n_accepted;           /* of them, those that came back */
        uint64_t last_id;              /* highest on disk */
        uint64_t due_realtime_usec;    /* a message held back becomes due; 0: none */
        uint64_t expiry_realtime_usec; /* a message may expire; 0: none */
        bool expiring;                 /* an EXPIRE request is under way: nothing is loaded */
        struct message_change *changes;
        size_t n_changes;
        struct waiters waiters;
        size_t n_waiters;
};

void outgoing_init(struct channel *channel);
void outgoing_deinit(struct channel *channel);
/* The options have changed, or what the server takes at once (0: anything). */
void outgoing_set_window(struct channel *channel);
void outgoing_set_server_window(struct channel *channel, uint32_t in_flight);

/* Puts messages[0..n), each with its payload, on disk; `call` is answered with their ids. Takes
 * over `request`, of kind STORE_SEND. */
void outgoing_send(struct channel *channel, struct store_request *request, sd_bus_message *call);
/* -EALREADY when it is too late; else `call` is answered later. */
int outgoing_cancel(struct channel *channel, uint64_t id, sd_bus_message *call);
/* STORE_RETRY or STORE_DISCARD of ids[0..n). */
int outgoing_parked(struct channel *channel, enum store_kind kind, const uint64_t *ids, size_t n,
                    sd_bus_message *call);
/* Does what the outbox wants: loads, marks, writes, proves. */
void outgoing_pump(struct channel *channel);
/* The pong is here. */
void outgoing_proved(struct channel *channel);
/* The server has these, or does not want this one. */
void outgoing_proved_ids(struct channel *channel, const uint64_t *ids, size_t n);
void outgoing_rejected(struct channel *channel, uint64_t id, const char *reason);
/* The connection that the window was written on is gone. */
void outgoing_lost(struct channel *channel, bool over_message);

/* Notes that a message took a state, for MessageStates. */
void outgoing_change(struct channel *channel, uint64_t id, enum message_state state,
                     const char *reason);

/* Ids of what is written and not proved; the caller frees them. */
int outgoing_in_flight(const struct channel *channel, uint64_t **ret, size_t *ret_n);

/* A request of one of these kinds is done. */
void outgoing_done(struct channel *channel, struct store_request *request, sd_bus_message *call);

void outgoing_tick(struct channel *channel, const struct moment *at);
uint64_t outgoing_deadline(const struct channel *channel);
