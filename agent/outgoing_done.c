/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bus_error.h"
#include "channel.h"
#include "cleanup.h"
#include "names.h"
#include "outgoing.h"
#include "record.h"

static void earlier(uint64_t *usec, uint64_t candidate) {
        if (candidate != 0 && (*usec == 0 || candidate < *usec))
                *usec = candidate;
}

static int reply_ids(sd_bus_message *call, const struct store_request *request) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        if (strcmp(sd_bus_message_get_member(call), "Send") == 0)
                return sd_bus_reply_method_return(call, "t", request->messages[0].facts.id);
        r = sd_bus_message_new_method_return(call, &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(reply, 'a', "t");
        if (r < 0)
                return r;
        for (size_t i = 0; i < request->n_messages; i++) {
                r = sd_bus_message_append_basic(reply, 't', &request->messages[i].facts.id);
                if (r < 0)
                        return r;
        }
        r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;
        return sd_bus_send(NULL, reply, NULL);
}

static const char *send_problem(int error) {
        switch (-error) {
        case EEXIST:
                return "the same uuid was sent with another payload";
        case ENOBUFS:
                return "the queue of the channel is full";
        case ENOSPC:
                return "there is no space for more messages";
        case EMSGSIZE:
                return "the message is too large to be stored";
        default:
                return "the message may or may not be stored: repeat it with the same uuid";
        }
}

static void sends_done(struct channel *channel, struct store_request *request,
                       sd_bus_message *call) {
        struct outgoing *out = &channel->out;

        out->n_accepted++;
        if (request->error < 0) {
                (void)sd_bus_reply_method_errorf(call, bus_error_name(request->error), "%s",
                                                 send_problem(request->error));
                return;
        }
        (void)reply_ids(call, request);
        for (size_t i = 0; i < request->n_messages; i++) {
                const struct message_facts *facts = &request->messages[i].facts;

                if (facts->id > out->last_id)
                        out->last_id = facts->id;
                earlier(&out->expiry_realtime_usec, facts->expires_realtime_usec);
                outgoing_change(channel, facts->id, MESSAGE_QUEUED, "");
        }
        for (size_t i = 0; i < request->n_ids; i++) {
                if (outbox_withdraw(&out->outbox, request->ids[i]))
                        outbox_withdrawn(&out->outbox, request->ids[i]);
                outgoing_change(channel, request->ids[i], MESSAGE_DROPPED, "queue-full");
        }
        outbox_poke(&out->outbox, false);
        if (!channel->link)
                channel_step(channel, POLICY_MESSAGE, NULL);
}

static void finish_done(struct channel *channel, struct store_request *request,
                        sd_bus_message *call) {
        if (request->after_id != 0)
                outbox_withdrawn(&channel->out.outbox, request->after_id);
        if (request->error < 0) {
                /* Only a call comes back with an error: what nobody waits for is tried again. */
                outbox_poke(&channel->out.outbox, true);
                if (call)
                        (void)sd_bus_reply_method_errorf(call, bus_error_name(request->error),
                                                         "the queue cannot be written");
                return;
        }
        for (size_t i = 0; i < request->n_ids; i++)
                outgoing_change(channel, request->ids[i], request->state, request->reason);
        if (!call)
                return;
        if (request->n_ids > 0)
                (void)sd_bus_reply_method_return(call, NULL);
        else if (request->after_id > 0 && request->after_id <= channel->out.last_id)
                (void)sd_bus_reply_method_errorf(call, ERROR_TOO_LATE,
                                                 "message %" PRIu64 " is in a final state",
                                                 request->after_id);
        else
                (void)sd_bus_reply_method_errorf(call, ERROR_UNKNOWN_MESSAGE,
                                                 "there is no message %" PRIu64, request->after_id);
}

static void load_done(struct channel *channel, struct store_request *request) {
        struct outbox *outbox = &channel->out.outbox;
        bool exhausted = !request->more;

        for (size_t i = 0; i < request->n_messages; i++) {
                struct store_message *message = &request->messages[i];

                if (outbox_add(outbox, &message->facts, STEAL(message->payload),
                               message->payload_bytes) < 0)
                        exhausted = false;
        }
        outbox_load_done(outbox, exhausted || request->error < 0);
        channel->out.due_realtime_usec = request->next_due_realtime_usec;
        earlier(&channel->out.expiry_realtime_usec, request->next_expiry_realtime_usec);
}

static void parked_done(struct channel *channel, struct store_request *request,
                        sd_bus_message *call) {
        if (request->error == -ENOENT) {
                (void)sd_bus_reply_method_errorf(call, ERROR_UNKNOWN_MESSAGE,
                                                 "one of the messages is not parked");
                return;
        }
        if (request->error < 0) {
                (void)sd_bus_reply_method_errorf(call, bus_error_name(request->error), "%s",
                                                 request->error == -ENOBUFS
                                                         ? "the queue of the channel is full"
                                                         : "the queue cannot be written");
                return;
        }
        (void)sd_bus_reply_method_return(call, NULL);
        if (request->kind != STORE_RETRY)
                return;
        for (size_t i = 0; i < request->n_ids; i++)
                outgoing_change(channel, request->ids[i], MESSAGE_QUEUED, "");
        outbox_poke(&channel->out.outbox, true);
        if (!channel->link)
                channel_step(channel, POLICY_MESSAGE, NULL);
}

void outgoing_done(struct channel *channel, struct store_request *request, sd_bus_message *call) {
        struct outgoing *out = &channel->out;
        struct moment at = moment_now();

        if (request->error >= 0)
                channel_set_counts(channel, &request->counts);
        if (request->kind == STORE_SEND) {
                sends_done(channel, request, call);
        } else if (request->kind == STORE_FINISH) {
                finish_done(channel, request, call);
        } else if (request->kind == STORE_READ_OUT) {
                load_done(channel, request);
        } else if (request->kind == STORE_MARK_SENT) {
                if (request->n_ids > 0 && request->error >= 0)
                        outbox_marked(&out->outbox, request->ids[0]);
        } else if (request->kind == STORE_COUNT_TRY) {
                for (size_t i = 0; i < request->n_ids; i++)
                        outgoing_change(channel, request->ids[i], MESSAGE_REJECTED, "max-tries");
        } else if (request->kind == STORE_EXPIRE) {
                out->expiring = false;
                for (size_t i = 0; i < request->n_ids; i++)
                        outgoing_change(channel, request->ids[i], MESSAGE_EXPIRED, "ttl");
                earlier(&out->expiry_realtime_usec, request->next_expiry_realtime_usec);
        } else {
                parked_done(channel, request, call);
        }
        outgoing_pump(channel);
        outgoing_tick(channel, &at);
}
