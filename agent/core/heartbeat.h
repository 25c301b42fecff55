/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Is the link alive? Pings a silent one, and calls it lost when nothing answers.
 *
 * Any received byte counts as life. One ping is outstanding at a time, for whatever it was sent: to
 * break the silence, to probe, or to prove that messages were read (the owner's business). */

#include <stdbool.h>
#include <stdint.h>

#include "moment.h"

/* The interval when the channel leaves it to the agent. */
#define HEARTBEAT_INTERVAL_USEC (240 * USEC_PER_SEC)

struct heartbeat {
        uint64_t interval_usec; /* silence after which a ping is sent; USEC_NEVER: none is */
        uint64_t timeout_usec;  /* silence after a ping that is a loss */
        uint64_t received_usec; /* the last byte, or the opening */
        uint64_t sent_usec;     /* of the outstanding ping; 0: none is */
        uint64_t sequence;      /* of the last ping, its payload */
        uint64_t probe_usec;    /* a byte is expected by then; 0: no probe */
        uint64_t round_trip_usec;
        bool held; /* deadlines stand still: the link is silent, or we do not read */
};

enum heartbeat_action {
        HEARTBEAT_NOTHING,
        HEARTBEAT_PING, /* send a ping, then heartbeat_sent() */
        HEARTBEAT_LOST,
};

/* `interval_usec` 0: chosen by the agent. */
void heartbeat_init(struct heartbeat *h, uint64_t interval_usec, uint64_t timeout_usec,
                    const struct moment *at);

/* The number to put into the ping that goes out now. */
uint64_t heartbeat_sent(struct heartbeat *h, const struct moment *at);
void heartbeat_received(struct heartbeat *h, const struct moment *at);
/* What was sent is still on its way out, and getting on: the ping's clock begins anew. */
void heartbeat_progressed(struct heartbeat *h, const struct moment *at);
/* True for the answer to the outstanding ping. */
bool heartbeat_pong(struct heartbeat *h, uint64_t sequence, const struct moment *at);

/* A byte is expected within 2 s; the owner sends a ping, if none is outstanding. */
void heartbeat_probe(struct heartbeat *h, const struct moment *at);

/* Releasing starts the deadlines anew. */
void heartbeat_hold(struct heartbeat *h, bool held, const struct moment *at);

enum heartbeat_action heartbeat_tick(const struct heartbeat *h, const struct moment *at);
/* When to tick next; USEC_NEVER. */
uint64_t heartbeat_deadline(const struct heartbeat *h);
