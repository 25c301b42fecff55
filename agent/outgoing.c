/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "outgoing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "agent_store.h"
#include "channel.h"
#include "cleanup.h"
#include "transport.h"

void outgoing_init(struct channel *channel) {
        const struct channel_options *options = &channel->record->options;

        outbox_init(&channel->out.outbox, options->in_flight, options->in_flight_bytes);
        channel->out.outbox.by_message = !transport_ops(channel->protocol->protocol)->ping_proves;
        channel->out.last_id = channel->record->last_id;
        /* What may have expired while we were not here is looked for at once. */
        channel->out.expiry_realtime_usec = channel->record->counts.n_queued > 0;
        waiters_init(channel);
}

void outgoing_set_window(struct channel *channel) {
        uint32_t wanted = channel->record->options.in_flight;
        uint32_t taken = channel->out.server_in_flight;

        channel->out.outbox.max_messages = taken != 0 && taken < wanted ? taken : wanted;
        channel->out.outbox.max_bytes = channel->record->options.in_flight_bytes;
}

void outgoing_set_server_window(struct channel *channel, uint32_t in_flight) {
        channel->out.server_in_flight = in_flight;
        outgoing_set_window(channel);
}

void outgoing_deinit(struct channel *channel) {
        struct outgoing *out = &channel->out;

        waiters_deinit(channel);
        outbox_deinit(&out->outbox);
        free(out->changes);
}

void outgoing_change(struct channel *channel, uint64_t id, enum message_state state,
                     const char *reason) {
        struct outgoing *out = &channel->out;
        struct message_change *changes;

        changes = reallocarray(out->changes, out->n_changes + 1, sizeof(*changes));
        if (!changes)
                return; /* GetMessages still tells it */
        out->changes = changes;
        changes[out->n_changes] = (struct message_change){.id = id, .state = state};
        (void)snprintf(changes[out->n_changes].reason, sizeof(changes->reason), "%s", reason);
        out->n_changes++;
}

/* A request about ids. NULL without memory. */
static struct store_request *ids_request(struct channel *channel, enum store_kind kind,
                                         const uint64_t *ids, size_t n) {
        struct store_request *request = store_request_new(kind, channel->record->id);

        if (!request)
                return NULL;
        if (n > 0) {
                request->ids = calloc(n, sizeof(*ids));
                if (!request->ids) {
                        store_request_free(request);
                        return NULL;
                }
                memcpy(request->ids, ids, n * sizeof(*ids));
        }
        request->n_ids = n;
        return request;
}

static int outgoing_finish(struct channel *channel, const uint64_t *ids, size_t n,
                           enum message_state state, const char *reason, sd_bus_message *call) {
        struct store_request *request;

        if (n == 0)
                return 0;
        request = ids_request(channel, STORE_FINISH, ids, n);
        if (!request)
                return -ENOMEM;
        request->state = state;
        /* ids[] loses those that the disk does not know; one alone may be withdrawn here. */
        request->after_id = n == 1 ? ids[0] : 0;
        (void)snprintf(request->reason, sizeof(request->reason), "%s", reason);
        agent_submit(channel->agent, request, call);
        return 0;
}

static int outgoing_load(struct channel *channel) {
        struct outbox *outbox = &channel->out.outbox;
        struct store_request *request = ids_request(channel, STORE_READ_OUT, NULL, 0);

        if (!request)
                return -ENOMEM;
        request->after_id = outbox_load_after(outbox);
        request->limit_messages = outbox_load_limit(outbox);
        request->limit_bytes =
                outbox->bytes < outbox->max_bytes ? outbox->max_bytes - outbox->bytes : 1;
        outbox_load_started(outbox);
        agent_submit(channel->agent, request, NULL);
        return 0;
}

static int outgoing_mark(struct channel *channel) {
        uint64_t id = outbox_head(&channel->out.outbox)->facts.id;
        struct store_request *request = ids_request(channel, STORE_MARK_SENT, &id, 1);

        if (!request)
                return -ENOMEM;
        outbox_marking(&channel->out.outbox);
        agent_submit(channel->agent, request, NULL);
        return 0;
}

/* Ends a message that is in the window and was not written. */
static int outgoing_end_head(struct channel *channel, enum message_state state,
                             const char *reason) {
        uint64_t id = outbox_head(&channel->out.outbox)->facts.id;

        if (!outbox_withdraw(&channel->out.outbox, id))
                return -ENOMEM;
        return outgoing_finish(channel, &id, 1, state, reason, NULL);
}

/* The head is not out of time: outbox_next() has looked. */
static int outgoing_write(struct channel *channel, uint64_t now_realtime_usec) {
        const struct outbox_entry *head = outbox_head(&channel->out.outbox);
        struct transport_outgoing message = {
                .facts = &head->facts,
                .payload = head->payload,
                .payload_bytes = head->payload_bytes,
        };
        int r;

        if (head->facts.expires_realtime_usec != 0)
                message.ttl_usec = head->facts.expires_realtime_usec - now_realtime_usec;
        r = link_write(channel->link, &message);
        if (r == -EMSGSIZE)
                return outgoing_end_head(channel, MESSAGE_REJECTED, "too-large");
        if (r == -EILSEQ)
                return outgoing_end_head(channel, MESSAGE_REJECTED, "not-utf-8");
        if (r < 0)
                return r;
        channel->sent_usec = moment_now().usec;
        outgoing_change(channel, head->facts.id, MESSAGE_SENT, "");
        outbox_wrote(&channel->out.outbox);
        return 0;
}

static int outgoing_prove(struct channel *channel) {
        outbox_proving(&channel->out.outbox);
        return link_ping(channel->link);
}

void outgoing_pump(struct channel *channel) {
        struct outgoing *out = &channel->out;
        uint64_t now_usec = moment_now().realtime_usec;
        int r = 0;

        /* A failure is that of the connection, whose end is told, or of memory: the next event
         * tries again. */
        while (r >= 0) {
                bool writable = channel_is_writable(channel) && !out->expiring &&
                                !agent_store_refuses(channel->agent);

                switch (outbox_next(&out->outbox, writable, now_usec)) {
                case OUTBOX_WAIT:
                        return;
                case OUTBOX_LOAD:
                        r = outgoing_load(channel);
                        break;
                case OUTBOX_MARK:
                        r = outgoing_mark(channel);
                        break;
                case OUTBOX_WRITE:
                        r = outgoing_write(channel, now_usec);
                        break;
                case OUTBOX_EXPIRE:
                        r = outgoing_end_head(channel, MESSAGE_EXPIRED, "ttl");
                        break;
                case OUTBOX_PROVE:
                        r = outgoing_prove(channel);
                        break;
                }
        }
}

/* What is proved leaves. Without memory it stays until the next proof, or is sent again after the
 * next loss: at least once. */
static void outgoing_deliver(struct channel *channel, const char *proof) {
        struct outbox *outbox = &channel->out.outbox;
        CLEANUP(freep) uint64_t *ids = NULL;
        size_t n = 0;

        if (outbox->n_written == 0)
                return;
        ids = calloc(outbox->n_written, sizeof(*ids));
        if (!ids)
                return;
        for (size_t i = 0; i < outbox->n_written; i++)
                if (outbox->entries[i].proved)
                        ids[n++] = outbox->entries[i].facts.id;
        if (outgoing_finish(channel, ids, n, MESSAGE_DELIVERED, proof, NULL) >= 0)
                outbox_pop(outbox);
}

void outgoing_proved(struct channel *channel) {
        outbox_proved(&channel->out.outbox);
        outgoing_deliver(channel, "transport");
}

void outgoing_proved_ids(struct channel *channel, const uint64_t *ids, size_t n) {
        outbox_proved_ids(&channel->out.outbox, ids, n);
        outgoing_deliver(channel, "server");
}

void outgoing_rejected(struct channel *channel, uint64_t id, const char *reason) {
        if (outbox_rejected(&channel->out.outbox, id))
                (void)outgoing_finish(channel, &id, 1, MESSAGE_REJECTED, reason, NULL);
}

void outgoing_lost(struct channel *channel, bool over_message) {
        struct outbox *outbox = &channel->out.outbox;
        CLEANUP(freep) uint64_t *uncertain = calloc(outbox->n_entries + 1, sizeof(uint64_t));
        CLEANUP(freep) uint64_t *tried = calloc(outbox->n_entries + 1, sizeof(uint64_t));
        size_t n_uncertain = 0, n_tried = 0;
        struct store_request *request;
        uint64_t poison;

        for (size_t i = 0; uncertain && tried && i < outbox->n_entries; i++) {
                const struct outbox_entry *entry = &outbox->entries[i];
                uint64_t id = entry->facts.id;

                if (entry->facts.at_most_once &&
                    (entry->written || entry->marked || outbox->marking_id == id)) {
                        uncertain[n_uncertain++] = id;
                        continue;
                }
                if (entry->written)
                        outgoing_change(channel, id, MESSAGE_QUEUED, "");
                if (entry->written && entry->facts.max_tries > 0)
                        tried[n_tried++] = id;
        }
        poison = outbox_lost(outbox, over_message);
        outbox_rewind(outbox);
        if (uncertain)
                (void)outgoing_finish(channel, uncertain, n_uncertain, MESSAGE_UNCERTAIN,
                                      "connection-lost", NULL);
        if (poison != 0)
                (void)outgoing_finish(channel, &poison, 1, MESSAGE_REJECTED, "poison", NULL);
        if (n_tried == 0)
                return;
        request = ids_request(channel, STORE_COUNT_TRY, tried, n_tried);
        if (request)
                agent_submit(channel->agent, request, NULL);
}

int outgoing_in_flight(const struct channel *channel, uint64_t **ret, size_t *ret_n) {
        const struct outbox *outbox = &channel->out.outbox;
        uint64_t *ids = calloc(outbox->n_written + 1, sizeof(*ids));

        if (!ids)
                return -ENOMEM;
        for (size_t i = 0; i < outbox->n_written; i++)
                ids[i] = outbox->entries[i].facts.id;
        *ret = ids;
        *ret_n = outbox->n_written;
        return 0;
}

void outgoing_send(struct channel *channel, struct store_request *request, sd_bus_message *call) {
        const struct channel_options *options = &channel->record->options;
        const struct outbox *outbox = &channel->out.outbox;

        request->limit_messages = options->queue_messages;
        request->limit_bytes = options->queue_bytes;
        request->drop_oldest = options->queue_drop_oldest;
        request->keep_id = outbox->highest_id;
        channel->out.n_submitted++;
        agent_submit(channel->agent, request, call);
}

int outgoing_cancel(struct channel *channel, uint64_t id, sd_bus_message *call) {
        int r;

        if (!outbox_withdraw(&channel->out.outbox, id))
                return -EALREADY;
        r = outgoing_finish(channel, &id, 1, MESSAGE_CANCELLED, "cancelled", call);
        if (r < 0)
                outbox_withdrawn(&channel->out.outbox, id);
        return r;
}

int outgoing_parked(struct channel *channel, enum store_kind kind, const uint64_t *ids, size_t n,
                    sd_bus_message *call) {
        struct store_request *request = ids_request(channel, kind, ids, n);

        if (!request)
                return -ENOMEM;
        request->limit_messages = channel->record->options.queue_messages;
        request->limit_bytes = channel->record->options.queue_bytes;
        agent_submit(channel->agent, request, call);
        return 0;
}

/* Parks what is out of time. What is loaded and not written is left out of the window first. */
static void outgoing_expire(struct channel *channel) {
        struct outgoing *out = &channel->out;
        CLEANUP(freep) uint64_t *ids = NULL;
        struct store_request *request;
        size_t n;

        if (out->expiring || out->outbox.loading || outgoing_in_flight(channel, &ids, &n) < 0)
                return;
        request = ids_request(channel, STORE_EXPIRE, ids, n);
        if (!request)
                return;
        outbox_unload(&out->outbox);
        out->expiring = true;
        out->expiry_realtime_usec = 0;
        agent_submit(channel->agent, request, NULL);
}

void outgoing_tick(struct channel *channel, const struct moment *at) {
        struct outgoing *out = &channel->out;

        if (out->expiry_realtime_usec != 0 && out->expiry_realtime_usec <= at->realtime_usec)
                outgoing_expire(channel);
        if (out->due_realtime_usec != 0 && out->due_realtime_usec <= at->realtime_usec) {
                out->due_realtime_usec = 0;
                outbox_poke(&out->outbox, true);
                outgoing_pump(channel);
        }
        waiters_tick(channel, at);
}

/* A wall-clock time as one of the timer's; 0: never. */
static uint64_t boottime(const struct moment *at, uint64_t realtime_usec) {
        if (realtime_usec == 0)
                return USEC_NEVER;
        return realtime_usec <= at->realtime_usec ? at->usec
                                                  : at->usec + (realtime_usec - at->realtime_usec);
}

uint64_t outgoing_deadline(const struct channel *channel) {
        const struct outgoing *out = &channel->out;
        struct moment at = moment_now();
        uint64_t usec = waiters_deadline(channel), due;

        due = out->expiring || out->outbox.loading ? USEC_NEVER
                                                   : boottime(&at, out->expiry_realtime_usec);
        if (due < usec)
                usec = due;
        due = channel_is_writable(channel) ? boottime(&at, out->due_realtime_usec) : USEC_NEVER;
        if (due < usec)
                usec = due;
        return usec;
}
