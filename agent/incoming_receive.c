/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "agent_store.h"
#include "bus_channel.h"
#include "channel.h"
#include "connection.h"
#include "incoming.h"
#include "log.h"
#include "moment.h"
#include "record.h"
#include "transport.h"

/* One that cannot be kept moves nothing: more than was missed comes then, and repeats are known by
 * their ids. */
static void request_set_cursor(struct store_request *request, const struct cursor *cursor) {
        request->moves_cursor = cursor_set(&request->cursor, cursor->text, cursor->epoch) >= 0;
}

static void submit_cursor(struct channel *channel) {
        struct store_request *request = store_request_new(STORE_RECEIVE, channel->record->id);

        if (!request)
                return; /* the next message moves it */
        request_set_cursor(request, &channel->in.cursor);
        channel->in.moving = true;
        channel->in.moves_again = false;
        agent_submit(channel->agent, request, NULL);
}

void incoming_move(struct channel *channel, const char *cursor, const char *epoch) {
        struct incoming *in = &channel->in;

        if ((!cursor && !in->cursor.text) || cursor_set(&in->cursor, cursor, epoch) < 0)
                return;
        /* One is on its way at a time, whatever a server sends. */
        if (in->moving)
                in->moves_again = true;
        else
                submit_cursor(channel);
}

/* NULL without memory. */
static struct store_request *receive_request(const struct channel *channel,
                                             const struct transport_incoming *message) {
        struct store_request *request = store_request_new(STORE_RECEIVE, channel->record->id);
        struct store_message *m;

        if (!request)
                return NULL;
        m = calloc(1, sizeof(*m));
        request->messages = m;
        request->n_messages = m != NULL;
        if (m)
                m->payload = malloc(message->payload_bytes > 0 ? message->payload_bytes : 1);
        /* In another epoch the same name is another message's. */
        if (m && message->id &&
            asprintf(&m->server_id, "%s\n%s", message->epoch ? message->epoch : "", message->id) <
                    0)
                m->server_id = NULL;
        if (!m || !m->payload || (message->id && !m->server_id)) {
                store_request_free(request);
                return NULL;
        }
        if (message->payload_bytes > 0)
                memcpy(m->payload, message->payload, message->payload_bytes);
        m->payload_bytes = message->payload_bytes;
        m->text = message->text;
        m->facts.created_realtime_usec = moment_now().realtime_usec;
        return request;
}

void incoming_message(struct channel *channel, const struct link *link,
                      const struct transport_incoming *message) {
        const struct channel_options *options = &channel->record->options;
        struct store_request *request = receive_request(channel, message);

        if (!request) {
                log_error("channel %s: no memory for a message, it is lost", channel->path);
                return;
        }
        if (options->inbox_drop_oldest) {
                request->limit_messages = options->inbox_messages;
                request->limit_bytes = options->inbox_bytes;
                request->drop_oldest = true;
        }
        if (message->cursor &&
            cursor_set(&channel->in.cursor, message->cursor, message->epoch) >= 0)
                request_set_cursor(request, &channel->in.cursor);
        request->link_number = link->number;
        request->token = message->token;
        channel->in.n_receiving++;
        channel->in.receiving_bytes += message->payload_bytes;
        agent_submit(channel->agent, request, NULL);
        incoming_check_full(channel);
}

void incoming_received(struct channel *channel, struct store_request *request) {
        struct incoming *in = &channel->in;

        for (size_t i = 0; i < request->n_messages; i++) {
                in->n_receiving--;
                in->receiving_bytes -= request->messages[i].payload_bytes;
                if (request->error >= 0 && !request->messages[i].duplicate)
                        incoming_observe(channel, &request->messages[i]);
        }
        if (request->error < 0 && request->n_messages > 0)
                log_error("channel %s: a received message is lost: %s", channel->path,
                          strerror(-request->error));
        /* What will never be taken is not worth offering again either. */
        if (request->token != 0)
                channel_committed(channel, request->link_number, request->token);
        if (request->n_dropped > 0)
                bus_channel_lost(channel, request->n_dropped, "overflow");
        if (request->n_messages > 0) {
                in->more = true;
                return;
        }
        in->moving = false;
        if (in->moves_again)
                submit_cursor(channel);
}
