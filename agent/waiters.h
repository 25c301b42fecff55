/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Calls that are answered when the queue of a channel has come to a certain point. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <systemd/sd-bus.h>

#include "moment.h"

struct channel;

enum waiter_kind {
        WAITER_FLUSHES,  /* Flush: everything queued before it is in a final state */
        WAITER_CLOSES,   /* Close: nothing is queued or unread, then the channel goes */
        WAITER_DISCARDS, /* Close with discard: the same, but at the deadline it goes anyway */
};

/* A call that is answered when the queue is as it wants, or at its deadline. */
struct waiter {
        TAILQ_ENTRY(waiter) of_channel;
        sd_bus_message *call;
        uint64_t n_sends; /* SEND requests that had been submitted */
        uint64_t last_id; /* of them; UINT64_MAX: not known yet */
        uint64_t deadline_usec;
        enum waiter_kind kind;
};

TAILQ_HEAD(waiters, waiter);

void waiters_init(struct channel *channel);
void waiters_deinit(struct channel *channel);

/* `call` is answered when the queue is as `kind` wants it, or after the timeout. -ENOMEM; -EDQUOT
 * when too many wait. */
int waiters_add(struct channel *channel, sd_bus_message *call, uint64_t timeout_usec,
                enum waiter_kind kind);

/* The caller with this name has left the bus: nobody wants to know when its messages are through. A
 * Close goes on, as it does more than answer. */
void waiters_forget(struct channel *channel, const char *caller);

/* Answers those whose time or point has come. */
void waiters_tick(struct channel *channel, const struct moment *at);
uint64_t waiters_deadline(const struct channel *channel);
