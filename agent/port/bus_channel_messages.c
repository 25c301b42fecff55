/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_channel_messages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "bus_call.h"
#include "bus_error.h"
#include "bus_message.h"
#include "bus_options.h"
#include "bus_peers.h"
#include "channel.h"
#include "cleanup.h"
#include "names.h"

#define SEND_MANY_MAX 1024
#define LIST_MAX 128
#define IDS_MAX 10000

int method_send(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct channel *channel = userdata;
        CLEANUP(store_request_freep) struct store_request *request = NULL;
        int r;

        r = bus_call_check(channel, error);
        if (r < 0)
                return r;
        request = store_request_new(STORE_SEND, channel->record->id);
        if (!request)
                return -ENOMEM;
        request->messages = calloc(1, sizeof(*request->messages));
        if (!request->messages)
                return -ENOMEM;
        request->n_messages = 1;
        r = bus_message_read(channel, m, &request->messages[0], error);
        if (r < 0)
                return r;
        outgoing_send(channel, STEAL(request), m);
        return 1;
}

/* Reads the messages of SendMany one by one into a request that grows. */
static int read_many(struct channel *channel, sd_bus_message *m, struct store_request *request,
                     sd_bus_error *error) {
        uint64_t bytes = 0;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(aya{sv})");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'r', "aya{sv}")) > 0) {
                struct store_message *message = &request->messages[request->n_messages];

                if (request->n_messages == SEND_MANY_MAX)
                        return bus_error_setf(error, -EINVAL, "more than %d messages",
                                              SEND_MANY_MAX);
                request->n_messages++;
                r = bus_message_read(channel, m, message, error);
                if (r < 0)
                        return r;
                bytes += message->payload_bytes;
                if (channel->user->bytes + bytes > channel->agent->config.user_bytes)
                        return bus_error_namef(error, ERROR_QUOTA_EXCEEDED,
                                               "the queues of this user are full");
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r;
}

int method_send_many(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct channel *channel = userdata;
        CLEANUP(store_request_freep) struct store_request *request = NULL;
        int r;

        r = bus_call_check(channel, error);
        if (r < 0)
                return r;
        request = store_request_new(STORE_SEND, channel->record->id);
        if (!request)
                return -ENOMEM;
        request->messages = calloc(SEND_MANY_MAX, sizeof(*request->messages));
        if (!request->messages)
                return -ENOMEM;
        r = read_many(channel, m, request, error);
        if (r < 0)
                return r;
        if (request->n_messages == 0)
                return sd_bus_reply_method_return(m, "at", 0);
        outgoing_send(channel, STEAL(request), m);
        return 1;
}

int method_flush(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        uint64_t timeout_usec;
        int r;

        r = sd_bus_message_read(m, "t", &timeout_usec);
        if (r < 0)
                return r;
        return bus_call_wait(userdata, m, timeout_usec, WAITER_FLUSHES, error);
}

int method_cancel(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        uint64_t id;
        int r;

        r = sd_bus_message_read(m, "t", &id);
        if (r < 0)
                return r;
        r = outgoing_cancel(userdata, id, m);
        if (r == -EALREADY)
                return bus_error_namef(error, ERROR_TOO_LATE, "message %" PRIu64 " is being sent",
                                       id);
        return r < 0 ? r : 1;
}

static int read_ids(sd_bus_message *m, const uint64_t **ret, size_t *ret_n, sd_bus_error *error) {
        size_t bytes;
        int r;

        r = sd_bus_message_read_array(m, 't', (const void **)ret, &bytes);
        if (r < 0)
                return r;
        *ret_n = bytes / sizeof(**ret);
        if (*ret_n > IDS_MAX)
                return bus_error_setf(error, -EINVAL, "more than %d ids", IDS_MAX);
        return 0;
}

static int parked(sd_bus_message *m, struct channel *channel, enum store_kind kind,
                  sd_bus_error *error) {
        const uint64_t *ids;
        size_t n;
        int r;

        r = read_ids(m, &ids, &n, error);
        if (r < 0)
                return r;
        r = outgoing_parked(channel, kind, ids, n, m);
        return r < 0 ? r : 1;
}

int method_retry(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        int r;

        r = bus_call_check(userdata, error);
        return r < 0 ? r : parked(m, userdata, STORE_RETRY, error);
}

int method_discard(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return parked(m, userdata, STORE_DISCARD, error);
}

int method_get_message(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bus_listing listing = {.single = true,
                                      .outgoing = true,
                                      .incoming = true,
                                      .filter.any_state = true,
                                      .limit = 1};
        int r;

        r = sd_bus_message_read(m, "t", &listing.filter.only_id);
        if (r < 0)
                return r;
        r = bus_call_list(userdata, &listing, m);
        return r < 0 ? r : 1;
}

static int read_direction(const char *word, struct bus_listing *listing, sd_bus_error *error) {
        listing->outgoing = !word || strcmp(word, "out") == 0;
        listing->incoming = !word || strcmp(word, "in") == 0;
        if (!listing->outgoing && !listing->incoming)
                return bus_error_namef(error, ERROR_INVALID_OPTION,
                                       "direction: expected \"out\" or \"in\"");
        return 0;
}

static int read_state(const char *word, struct bus_listing *listing, sd_bus_error *error) {
        listing->filter.any_state = !word;
        if (!word)
                return 0;
        if (strcmp(word, "unread") == 0) {
                listing->filter.any_state = true;
                listing->outgoing = false;
                return 0;
        }
        listing->incoming = false;
        if (message_state_parse(word, &listing->filter.state) < 0)
                return bus_error_namef(error, ERROR_INVALID_OPTION,
                                       "state: expected a state of a message");
        return 0;
}

int method_get_messages(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bus_listing listing = {.limit = LIST_MAX};
        const char *direction = NULL, *state = NULL, *tag = NULL;
        struct bus_bytes uuid = {0};
        const struct bus_option table[] = {
                {"direction", "s", &direction, NULL},
                {"state", "s", &state, NULL},
                {"after-id", "t", &listing.filter.after_id, NULL},
                {"limit", "u", &listing.limit, NULL},
                {"tag", "s", &tag, NULL},
                {"uuid", "ay", &uuid, &listing.filter.by_uuid},
                {NULL, NULL, NULL, NULL},
        };
        int r;

        r = bus_options_read(m, table, error);
        if (r < 0)
                return r;
        if (listing.limit < 1 || listing.limit > LIST_MAX)
                return bus_error_namef(error, ERROR_INVALID_OPTION,
                                       "limit: expected a number from 1 to %d", LIST_MAX);
        if (listing.filter.by_uuid && uuid.len != MESSAGE_UUID_BYTES)
                return bus_error_namef(error, ERROR_INVALID_OPTION, "uuid: expected 16 bytes");
        if (tag && strlen(tag) > MESSAGE_TAG_MAX)
                return bus_error_namef(error, ERROR_INVALID_OPTION,
                                       "tag: expected at most %d bytes", MESSAGE_TAG_MAX);
        r = read_direction(direction, &listing, error);
        if (r < 0)
                return r;
        r = read_state(state, &listing, error);
        if (r < 0)
                return r;
        if (listing.filter.by_uuid)
                memcpy(listing.filter.uuid, uuid.data, MESSAGE_UUID_BYTES);
        if (tag)
                (void)strcpy(listing.filter.tag, tag);
        /* Only outgoing messages have them. */
        if (tag || listing.filter.by_uuid)
                listing.incoming = false;
        r = bus_call_list(userdata, &listing, m);
        return r < 0 ? r : 1;
}

int method_subscribe(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct channel *channel = userdata;
        struct peer *peer = bus_peers_caller(channel->agent->peers, m);
        struct subscription wanted = {0};
        const char *mode = "consume";
        bool takeover = false, has_cursor = false;
        const struct bus_option table[] = {
                {"mode", "s", &mode, NULL},
                {"takeover", "b", &takeover, NULL},
                {"ack-timeout", "t", &wanted.ack_timeout_usec, NULL},
                {"after-id", "t", &wanted.cursor, &has_cursor},
                {"verbose", "b", &wanted.verbose, NULL},
                {NULL, NULL, NULL, NULL},
        };
        uint32_t credit;
        int r;

        r = sd_bus_message_read_basic(m, 'u', &credit);
        if (r < 0)
                return r;
        r = bus_options_read(m, table, error);
        if (r < 0)
                return r;
        if (credit == 0)
                return bus_error_setf(error, -EINVAL, "a credit of at least 1 is needed");
        wanted.observes = strcmp(mode, "observe") == 0;
        if (!wanted.observes && strcmp(mode, "consume") != 0)
                return bus_error_namef(error, ERROR_INVALID_OPTION,
                                       "mode: expected \"consume\" or \"observe\"");
        if (has_cursor && !wanted.observes)
                return bus_error_namef(error, ERROR_INVALID_OPTION,
                                       "after-id: only an observer may leave messages out");
        if (wanted.ack_timeout_usec > UINT64_MAX / 4)
                return bus_error_namef(error, ERROR_INVALID_OPTION, "ack-timeout: too long");
        r = peer_attach(peer, channel->record->id);
        if (r < 0)
                return r;
        credit_init(&wanted.credit, credit);
        r = incoming_subscribe(channel, peer, &wanted, takeover);
        if (r == -EBUSY)
                return bus_error_namef(error, ERROR_BUSY,
                                       "another connection consumes; see the option takeover");
        if (r < 0)
                return r;
        channel_settle(channel);
        return sd_bus_reply_method_return(m, NULL);
}

int method_unsubscribe(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct channel *channel = userdata;

        incoming_unsubscribe(channel, bus_peers_caller(channel->agent->peers, m), NULL);
        channel_settle(channel);
        return sd_bus_reply_method_return(m, NULL);
}

int method_acknowledge(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct channel *channel = userdata;
        const uint64_t *ids;
        size_t n;
        int r;

        r = read_ids(m, &ids, &n, error);
        if (r < 0)
                return r;
        r = incoming_acknowledge(channel, ids, n, m);
        return r < 0 ? r : 1;
}
