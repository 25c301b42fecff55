/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "waiters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "names.h"
#include "record.h"

/* Calls that may wait on one channel at a time. */
#define WAITERS_MAX 1024

void waiters_init(struct channel *channel) {
        TAILQ_INIT(&channel->out.waiters);
}

static void waiter_free(struct channel *channel, struct waiter *waiter) {
        TAILQ_REMOVE(&channel->out.waiters, waiter, of_channel);
        channel->out.n_waiters--;
        sd_bus_message_unref(waiter->call);
        free(waiter);
}

void waiters_deinit(struct channel *channel) {
        struct waiter *waiter;

        while ((waiter = TAILQ_FIRST(&channel->out.waiters))) {
                (void)sd_bus_reply_method_errorf(waiter->call, ERROR_CLOSED,
                                                 "the channel is closed");
                waiter_free(channel, waiter);
        }
}

void waiters_forget(struct channel *channel, const char *caller) {
        struct waiter *waiter, *next;

        for (waiter = TAILQ_FIRST(&channel->out.waiters); waiter; waiter = next) {
                const char *sender = sd_bus_message_get_sender(waiter->call);

                next = TAILQ_NEXT(waiter, of_channel);
                if (waiter->kind == WAITER_FLUSHES && strcmp(sender ? sender : "", caller) == 0)
                        waiter_free(channel, waiter);
        }
}

/* Everything that was queued before the call is in a final state. */
static bool waiter_is_done(struct channel *channel, struct waiter *waiter) {
        const struct outgoing *out = &channel->out;
        const struct store_counts *counts = &channel->record->counts;

        if (out->n_accepted < waiter->n_sends)
                return false;
        if (waiter->last_id == UINT64_MAX)
                waiter->last_id = out->last_id;
        if (waiter->kind == WAITER_FLUSHES)
                return counts->oldest_queued_id == 0 || counts->oldest_queued_id > waiter->last_id;
        return counts->n_queued == 0 && counts->n_unread == 0;
}

static void waiter_end(struct channel *channel, struct waiter *waiter, bool done) {
        if (waiter->kind == WAITER_FLUSHES) {
                if (done)
                        (void)sd_bus_reply_method_return(waiter->call, NULL);
                else
                        (void)sd_bus_reply_method_errorf(waiter->call, ERROR_TIMEOUT,
                                                         "messages are still queued");
        } else if (done || waiter->kind == WAITER_DISCARDS) {
                channel_remove(channel, waiter->call);
        } else {
                (void)sd_bus_reply_method_errorf(
                        waiter->call, ERROR_NOT_EMPTY,
                        "messages are queued or unread; see the options flush and discard");
        }
        waiter_free(channel, waiter);
}

void waiters_tick(struct channel *channel, const struct moment *at) {
        struct waiter *waiter, *next;

        for (waiter = TAILQ_FIRST(&channel->out.waiters); waiter; waiter = next) {
                next = TAILQ_NEXT(waiter, of_channel);
                if (waiter_is_done(channel, waiter))
                        waiter_end(channel, waiter, true);
                else if (at->usec >= waiter->deadline_usec)
                        waiter_end(channel, waiter, false);
        }
}

int waiters_add(struct channel *channel, sd_bus_message *call, uint64_t timeout_usec,
                enum waiter_kind kind) {
        struct moment at = moment_now();
        struct waiter *waiter;

        if (channel->out.n_waiters >= WAITERS_MAX)
                return -EDQUOT;
        waiter = calloc(1, sizeof(*waiter));
        if (!waiter)
                return -ENOMEM;
        channel->out.n_waiters++;
        waiter->call = sd_bus_message_ref(call);
        waiter->kind = kind;
        waiter->n_sends = channel->out.n_submitted;
        waiter->last_id = UINT64_MAX;
        waiter->deadline_usec =
                timeout_usec > USEC_NEVER - at.usec ? USEC_NEVER : at.usec + timeout_usec;
        TAILQ_INSERT_TAIL(&channel->out.waiters, waiter, of_channel);
        waiters_tick(channel, &at);
        channel_settle(channel);
        return 0;
}

uint64_t waiters_deadline(const struct channel *channel) {
        const struct waiter *waiter;
        uint64_t usec = USEC_NEVER;

        TAILQ_FOREACH(waiter, &channel->out.waiters, of_channel)
                if (waiter->deadline_usec < usec)
                        usec = waiter->deadline_usec;
        return usec;
}
