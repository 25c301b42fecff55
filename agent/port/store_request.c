/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct store_request *store_request_new(enum store_kind kind, uint64_t channel) {
        struct store_request *request = calloc(1, sizeof(*request));

        if (request) {
                request->kind = kind;
                request->channel = channel;
        }
        return request;
}

void store_channel_free(struct store_channel *channel) {
        if (!channel)
                return;
        channel_options_deinit(&channel->options);
        free(channel->user);
        free(channel->app_id);
        free(channel->name);
        free(channel->uri);
        cursor_deinit(&channel->cursor);
        free(channel);
}

static void message_free_parts(struct store_message *message) {
        free(message->payload);
        free(message->server_id);
}

static void free_messages(struct store_request *request) {
        for (size_t i = 0; i < request->n_messages; i++)
                message_free_parts(&request->messages[i]);
        free(request->messages);
        request->messages = NULL;
        request->n_messages = request->messages_room = 0;
}

void store_request_free(struct store_request *request) {
        if (!request)
                return;
        store_channel_free(request->put);
        free_messages(request);
        free(request->ids);
        free(request->found);
        cursor_deinit(&request->cursor);
        store_request_free(request->before);
        if (request->release_context)
                request->release_context(request->context);
        free(request);
}

bool store_request_writes(const struct store_request *request) {
        return request->kind != STORE_READ_OUT && request->kind != STORE_LIST;
}

bool store_request_is_durable(const struct store_request *request) {
        return store_request_writes(request) && request->kind != STORE_READ_IN;
}

static bool gives_messages(const struct store_request *request) {
        return request->kind == STORE_READ_OUT || request->kind == STORE_READ_IN ||
               request->kind == STORE_LIST;
}

static bool gives_ids(const struct store_request *request) {
        switch (request->kind) {
        case STORE_SEND:
        case STORE_FINISH:
        case STORE_MARK_SENT:
        case STORE_COUNT_TRY:
        case STORE_EXPIRE:
        case STORE_ACKNOWLEDGE:
        case STORE_RETRY:
        case STORE_DISCARD:
                return true;
        case STORE_CHANNEL_PUT:
        case STORE_CHANNEL_REMOVE:
        case STORE_READ_OUT:
        case STORE_RECEIVE:
        case STORE_READ_IN:
        case STORE_LIST:
                return false;
        }
        return false;
}

void store_request_reset(struct store_request *request) {
        if (gives_messages(request))
                free_messages(request);
        request->n_found = 0;
        request->n_dropped = 0;
        request->result_bytes = 0;
        request->more = false;
        request->next_due_realtime_usec = request->next_expiry_realtime_usec = 0;
}

void store_request_settle(struct store_request *request) {
        if (request->error < 0 || !gives_ids(request))
                return;
        free(request->ids);
        request->ids = request->found;
        request->n_ids = request->n_found;
        request->found = NULL;
        request->n_found = request->found_room = 0;
}

size_t store_request_payload_bytes(const struct store_request *request) {
        size_t bytes = 0;

        for (size_t i = 0; i < request->n_messages; i++)
                bytes += request->messages[i].payload_bytes;
        return bytes;
}

int store_request_add_id(struct store_request *request, uint64_t id) {
        if (request->n_found == request->found_room) {
                size_t room = request->found_room == 0 ? 16 : request->found_room * 2;
                uint64_t *found = reallocarray(request->found, room, sizeof(*found));

                if (!found)
                        return -ENOMEM;
                request->found = found;
                request->found_room = room;
        }
        request->found[request->n_found++] = id;
        return 0;
}

struct store_message *store_request_add_message(struct store_request *request, uint64_t bytes) {
        if (request->n_messages == request->messages_room) {
                size_t room = request->messages_room == 0 ? 16 : request->messages_room * 2;
                struct store_message *messages =
                        reallocarray(request->messages, room, sizeof(*messages));

                if (!messages)
                        return NULL;
                request->messages = messages;
                request->messages_room = room;
        }
        request->messages[request->n_messages] = (struct store_message){0};
        request->result_bytes += bytes;
        return &request->messages[request->n_messages++];
}

int store_message_set_payload(struct store_message *message, const void *data, size_t len) {
        /* SQLite has no bytes to show when it had no memory for them. */
        if (len > 0 && !data)
                return -ENOMEM;
        message->payload = malloc(len > 0 ? len : 1);
        if (!message->payload)
                return -ENOMEM;
        if (len > 0)
                memcpy(message->payload, data, len);
        message->payload_bytes = len;
        return 0;
}

static int compare_ids(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

void store_request_sort_ids(struct store_request *request) {
        if (request->n_ids > 1)
                qsort(request->ids, request->n_ids, sizeof(*request->ids), compare_ids);
}

bool store_request_has_id(const struct store_request *request, uint64_t id) {
        return request->n_ids > 0 && bsearch(&id, request->ids, request->n_ids,
                                             sizeof(*request->ids), compare_ids) != NULL;
}
