/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "incoming.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "agent_store.h"
#include "bus_channel.h"
#include "bus_error.h"
#include "bus_peers.h"
#include "channel.h"
#include "cleanup.h"
#include "log.h"
#include "names.h"
#include "record.h"

/* A full inbox stops the reading at once, and ends the connection after so long. */
#define FULL_GRACE_USEC (10 * USEC_PER_SEC)

static bool incoming_is_full(const struct channel *channel) {
        const struct channel_options *options = &channel->record->options;
        const struct store_counts *counts = &channel->record->counts;

        if (options->inbox_drop_oldest)
                return false;
        return counts->n_unread + channel->in.n_receiving >= options->inbox_messages ||
               counts->unread_bytes + channel->in.receiving_bytes >= options->inbox_bytes;
}

void incoming_init(struct channel *channel) {
        TAILQ_INIT(&channel->in.subscriptions);
        channel->in.cursor = channel->record->cursor;
        channel->record->cursor = (struct cursor){0};
        channel->in.more = true;
        channel->in.blocked = incoming_is_full(channel);
}

static void subscription_free(struct channel *channel, struct subscription *subscription) {
        TAILQ_REMOVE(&channel->in.subscriptions, subscription, of_channel);
        subscription->peer->offered_bytes -= subscription->credit.bytes;
        store_request_free(subscription->held);
        credit_deinit(&subscription->credit);
        free(subscription);
}

void incoming_deinit(struct channel *channel) {
        while (!TAILQ_EMPTY(&channel->in.subscriptions))
                subscription_free(channel, TAILQ_FIRST(&channel->in.subscriptions));
        cursor_deinit(&channel->in.cursor);
}

struct subscription *incoming_subscription(const struct channel *channel, const struct peer *peer) {
        struct subscription *subscription;

        TAILQ_FOREACH(subscription, &channel->in.subscriptions, of_channel)
                if (subscription->peer == peer)
                        return subscription;
        return NULL;
}

static struct subscription *incoming_consumer(const struct channel *channel) {
        struct subscription *subscription;

        TAILQ_FOREACH(subscription, &channel->in.subscriptions, of_channel)
                if (!subscription->observes)
                        return subscription;
        return NULL;
}

static uint64_t next_number(void) {
        static uint64_t number;

        return ++number;
}

/* Near enough to its limit over all channels that others may wait for what is given back. */
static bool peer_is_short(const struct peer *peer) {
        return peer->offered_bytes >= PEER_MAX_BYTES / 2;
}

static struct subscription *incoming_numbered(const struct channel *channel, uint64_t number) {
        struct subscription *subscription;

        TAILQ_FOREACH(subscription, &channel->in.subscriptions, of_channel)
                if (subscription->number == number)
                        return subscription;
        return NULL;
}

/* Below half of its limits it is read again. */
static bool incoming_is_half_empty(const struct channel *channel) {
        const struct channel_options *options = &channel->record->options;
        const struct store_counts *counts = &channel->record->counts;

        return (counts->n_unread + channel->in.n_receiving) * 2 <= options->inbox_messages &&
               (counts->unread_bytes + channel->in.receiving_bytes) * 2 <= options->inbox_bytes;
}

bool incoming_is_blocked(const struct channel *channel) {
        return channel->in.blocked || agent_store_refuses(channel->agent) ||
               agent_store_is_busy(channel->agent);
}

void incoming_check_full(struct channel *channel) {
        struct incoming *in = &channel->in;

        if (!in->blocked && incoming_is_full(channel)) {
                in->blocked = true;
                in->full_usec = moment_now().usec;
        } else if (in->blocked && incoming_is_half_empty(channel)) {
                in->blocked = false;
                in->full_usec = 0;
                channel_start(channel);
        }
}

int incoming_subscribe(struct channel *channel, struct peer *peer,
                       const struct subscription *wanted, bool takeover) {
        struct subscription *consumer = incoming_consumer(channel);
        struct subscription *subscription;

        if (!wanted->observes && consumer && consumer->peer != peer) {
                if (!takeover)
                        return -EBUSY;
                incoming_unsubscribe(channel, consumer->peer, "takeover");
        }
        subscription = calloc(1, sizeof(*subscription));
        if (!subscription)
                return -ENOMEM;
        incoming_unsubscribe(channel, peer, NULL);
        *subscription = *wanted;
        subscription->peer = peer;
        subscription->number = next_number();
        TAILQ_INSERT_TAIL(&channel->in.subscriptions, subscription, of_channel);
        channel->in.more = true;
        incoming_pump(channel);
        return 0;
}

void incoming_unsubscribe(struct channel *channel, struct peer *peer, const char *reason) {
        struct subscription *subscription = incoming_subscription(channel, peer);
        bool was_short = peer_is_short(peer);

        if (!subscription)
                return;
        if (reason)
                bus_channel_unsubscribed(channel, peer, reason);
        subscription_free(channel, subscription);
        if (was_short)
                agent_pump_peer(channel->agent, peer);
}

void incoming_forget(struct channel *channel, const struct peer *peer) {
        struct subscription *subscription = incoming_subscription(channel, peer);

        if (subscription)
                subscription_free(channel, subscription);
}

void incoming_close(struct channel *channel) {
        while (!TAILQ_EMPTY(&channel->in.subscriptions))
                incoming_unsubscribe(channel, TAILQ_FIRST(&channel->in.subscriptions)->peer,
                                     "closed");
}

int incoming_acknowledge(struct channel *channel, const uint64_t *ids, size_t n,
                         sd_bus_message *call) {
        struct store_request *request = store_request_new(STORE_ACKNOWLEDGE, channel->record->id);
        struct subscription *consumer = incoming_consumer(channel);
        bool was_short = consumer && peer_is_short(consumer->peer);

        if (request && n > 0)
                request->ids = calloc(n, sizeof(*ids));
        if (!request || (n > 0 && !request->ids)) {
                store_request_free(request);
                return -ENOMEM;
        }
        if (n > 0)
                memcpy(request->ids, ids, n * sizeof(*ids));
        request->n_ids = n;
        for (size_t i = 0; consumer && i < n; i++) {
                int64_t bytes = credit_give(&consumer->credit, ids[i]);

                if (bytes >= 0)
                        consumer->peer->offered_bytes -= (uint64_t)bytes;
        }
        if (consumer)
                consumer->offered_usec = moment_now().usec;
        agent_submit(channel->agent, request, call);
        incoming_pump(channel);
        if (was_short)
                agent_pump_peer(channel->agent, consumer->peer);
        return 0;
}

static bool subscription_admits(const struct subscription *s, uint64_t bytes) {
        return credit_admits(&s->credit, bytes) &&
               (s->peer->offered_bytes == 0 || s->peer->offered_bytes + bytes <= PEER_MAX_BYTES);
}

/* False when the message cannot be offered now. */
static bool subscription_offer(struct channel *channel, struct subscription *s,
                               const struct store_message *message) {
        if (!subscription_admits(s, message->payload_bytes) ||
            credit_take(&s->credit, message->facts.id, message->payload_bytes) < 0)
                return false;
        if (s->credit.n_items == 1)
                s->offered_usec = moment_now().usec;
        s->peer->offered_bytes += message->payload_bytes;
        s->cursor = message->facts.id;
        bus_channel_received(channel, s->peer, message);
        return true;
}

static void subscription_read(struct channel *channel, struct subscription *s,
                              enum store_kind kind) {
        struct store_request *request = store_request_new(kind, channel->record->id);
        uint64_t room = s->credit.max_messages - s->credit.n_items;

        if (!request)
                return;
        request->after_id = s->cursor;
        /* More than this is read when it was acknowledged. */
        request->limit_messages = room < 256 ? room : 256;
        request->limit_bytes =
                s->credit.bytes < CREDIT_MAX_BYTES ? CREDIT_MAX_BYTES - s->credit.bytes : 1;
        request->with_payload = true;
        request->filter.incoming = true;
        request->filter.any_state = true;
        request->filter.after_id = s->cursor;
        request->keep_id = s->number;
        s->reading = true;
        agent_submit(channel->agent, request, NULL);
}

/* Offers what was read and held; true when nothing is held any more. */
static bool subscription_offer_held(struct channel *channel, struct subscription *s) {
        while (s->held && s->held_at < s->held->n_messages) {
                if (!subscription_offer(channel, s, &s->held->messages[s->held_at]))
                        return false;
                s->held_at++;
        }
        store_request_free(STEAL(s->held));
        s->held_at = 0;
        return true;
}

void incoming_pump(struct channel *channel) {
        struct subscription *s;

        if (agent_store_refuses(channel->agent))
                return;
        TAILQ_FOREACH(s, &channel->in.subscriptions, of_channel) {
                if (s->reading || !subscription_offer_held(channel, s) ||
                    !subscription_admits(s, 1))
                        continue;
                if (s->observes && !s->caught_up)
                        subscription_read(channel, s, STORE_LIST);
                else if (!s->observes && channel->in.more)
                        subscription_read(channel, s, STORE_READ_IN);
        }
}

void incoming_observe(struct channel *channel, const struct store_message *message) {
        struct subscription *s, *next;

        for (s = TAILQ_FIRST(&channel->in.subscriptions); s; s = next) {
                next = TAILQ_NEXT(s, of_channel);
                if (s->observes && s->caught_up && !subscription_offer(channel, s, message))
                        incoming_unsubscribe(channel, s->peer, "credit");
        }
}

/* True: the request is kept, because not all of it fits into the credit. */
static bool read_done(struct channel *channel, struct store_request *request) {
        struct subscription *s = incoming_numbered(channel, request->keep_id);

        if (!s)
                return false;
        s->reading = false;
        if (request->error < 0)
                return false;
        if (!request->more) {
                s->caught_up = true;
                if (!s->observes)
                        channel->in.more = false;
        }
        s->held = request;
        s->held_at = 0;
        (void)subscription_offer_held(channel, s);
        if (s->observes && (s->held || (!s->caught_up && !subscription_admits(s, 1))))
                incoming_unsubscribe(channel, s->peer, "credit");
        return true;
}

bool incoming_done(struct channel *channel, struct store_request *request, sd_bus_message *call) {
        bool kept = false;

        if (request->error >= 0)
                channel_set_counts(channel, &request->counts);
        if (request->kind == STORE_RECEIVE)
                incoming_received(channel, request);
        else if (request->kind == STORE_READ_IN || request->kind == STORE_LIST)
                kept = read_done(channel, request);
        else if (request->error >= 0)
                (void)sd_bus_reply_method_return(call, NULL);
        else
                (void)sd_bus_reply_method_errorf(call, bus_error_name(request->error),
                                                 "the inbox cannot be written");
        incoming_check_full(channel);
        incoming_pump(channel);
        return kept;
}

void incoming_tick(struct channel *channel, const struct moment *at) {
        struct subscription *consumer = incoming_consumer(channel);
        struct incoming *in = &channel->in;
        bool was_short = consumer && peer_is_short(consumer->peer);

        if (in->full_usec != 0 && at->usec >= in->full_usec + FULL_GRACE_USEC) {
                in->full_usec = 0;
                channel_stop(channel, CAUSE_INBOX_FULL, "the app does not take its messages");
        }
        if (!consumer || consumer->ack_timeout_usec == 0 || consumer->credit.n_items == 0 ||
            at->usec < consumer->offered_usec + consumer->ack_timeout_usec)
                return;
        consumer->peer->offered_bytes -= consumer->credit.bytes;
        consumer->credit.bytes = 0;
        consumer->credit.n_items = 0;
        consumer->cursor = 0;
        store_request_free(STEAL(consumer->held));
        /* What is being read is behind what comes again. */
        consumer->number = next_number();
        consumer->reading = false;
        in->more = true;
        incoming_pump(channel);
        if (was_short)
                agent_pump_peer(channel->agent, consumer->peer);
}

uint64_t incoming_deadline(const struct channel *channel) {
        const struct subscription *consumer = incoming_consumer(channel);
        uint64_t usec = USEC_NEVER;

        if (channel->in.full_usec != 0)
                usec = channel->in.full_usec + FULL_GRACE_USEC;
        if (consumer && consumer->ack_timeout_usec != 0 && consumer->credit.n_items > 0 &&
            consumer->offered_usec + consumer->ack_timeout_usec < usec)
                usec = consumer->offered_usec + consumer->ack_timeout_usec;
        return usec;
}
