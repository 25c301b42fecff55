/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "store_request.h"

#define LOOK_AT_MAX 10000 /* messages, of a LIST */

/* The columns that the statements of the outbox begin with. */
enum {
        COLUMN_ID,
        COLUMN_CREATED,
        COLUMN_EXPIRES,
        COLUMN_NOT_BEFORE,
        COLUMN_AT_MOST_ONCE,
        COLUMN_FRAME,
        COLUMN_MAX_TRIES,
        COLUMN_UUID,
        COLUMN_TAG,
        COLUMN_TRIES,
        COLUMN_LENGTH,
        COLUMN_PAYLOAD,               /* of READ_OUT */
        COLUMN_SENT = COLUMN_PAYLOAD, /* of LIST */
        COLUMN_STATE,
        COLUMN_REASON,
};

static uint32_t column_u32(sqlite3_stmt *row, int index) {
        uint64_t value = column_u64(row, index);

        return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

/* What is no text, or too long, is none. */
static void column_copy(sqlite3_stmt *row, int index, char *ret, size_t size) {
        const char *text = (const char *)sqlite3_column_text(row, index);
        size_t len = text ? strlen(text) : size;

        if (sqlite3_column_type(row, index) == SQLITE_TEXT && len < size)
                memcpy(ret, text, len + 1);
        else
                ret[0] = '\0';
}

static void read_facts(sqlite3_stmt *row, const struct tally *tally, struct message_facts *ret) {
        uint64_t frame = column_u64(row, COLUMN_FRAME);

        *ret = (struct message_facts){
                .id = column_u64(row, COLUMN_ID),
                .created_realtime_usec = column_u64(row, COLUMN_CREATED),
                .expires_realtime_usec = column_u64(row, COLUMN_EXPIRES),
                .not_before_realtime_usec = column_u64(row, COLUMN_NOT_BEFORE),
                .at_most_once = column_u64(row, COLUMN_AT_MOST_ONCE) != 0,
                .frame = frame <= MESSAGE_FRAME_TEXT ? (enum message_frame)frame
                                                     : MESSAGE_FRAME_BINARY,
                .max_tries = column_u32(row, COLUMN_MAX_TRIES),
                .tries = column_u32(row, COLUMN_TRIES),
                .uuid_given = sqlite3_column_bytes(row, COLUMN_UUID) == MESSAGE_UUID_BYTES,
        };
        if (ret->uuid_given)
                memcpy(ret->uuid, sqlite3_column_blob(row, COLUMN_UUID), MESSAGE_UUID_BYTES);
        else
                message_derive_uuid(tally->key, ret->id, ret->uuid);
        column_copy(row, COLUMN_TAG, ret->tag, sizeof(ret->tag));
}

static int find_next_due(struct store_db *db, const struct tally *tally,
                         struct store_request *request) {
        sqlite3_stmt *due = store_db_query(db, QUERY_OUTBOX_NEXT_DUE);

        bind_u64(due, 1, tally->channel);
        bind_u64(due, 2, request->now_realtime_usec);
        return store_db_number(db, due, &request->next_due_realtime_usec);
}

static int find_next_expiry(struct store_db *db, const struct tally *tally,
                            struct store_request *request) {
        CLEANUP(store_db_resetp) sqlite3_stmt *row = store_db_query(db, QUERY_OUTBOX_EXPIRIES);
        int r;

        request->next_expiry_realtime_usec = 0;
        bind_u64(row, 1, tally->channel);
        while ((r = store_db_step(db, row)) > 0)
                if (!store_request_has_id(request, column_u64(row, 0))) {
                        request->next_expiry_realtime_usec = column_u64(row, 1);
                        return 0;
                }
        return r;
}

int store_list_times(struct store_db *db, const struct tally *tally,
                     struct store_request *request) {
        int r;

        r = find_next_due(db, tally, request);
        return r < 0 ? r : find_next_expiry(db, tally, request);
}

static int read_out(struct store_db *db, const struct tally *tally, struct store_request *request) {
        CLEANUP(store_db_resetp) sqlite3_stmt *row = store_db_query(db, QUERY_OUTBOX_READ);
        int r;

        bind_u64(row, 1, tally->channel);
        bind_u64(row, 2, request->after_id);
        bind_u64(row, 3, request->now_realtime_usec);
        bind_u64(row, 4, STORE_PAYLOAD_MAX);
        while ((r = store_db_step(db, row)) > 0) {
                uint64_t bytes = column_u64(row, COLUMN_LENGTH);
                struct store_message *m;

                if (store_request_has_id(request, column_u64(row, COLUMN_ID)))
                        continue;
                request->more = !store_request_has_place(request, bytes);
                if (request->more)
                        return 0;
                m = store_request_add_message(request, bytes);
                if (!m)
                        return -ENOMEM;
                read_facts(row, tally, &m->facts);
                r = store_message_set_payload(m, sqlite3_column_blob(row, COLUMN_PAYLOAD),
                                              (size_t)sqlite3_column_bytes(row, COLUMN_PAYLOAD));
                if (r < 0)
                        return r;
                request->more = request->n_messages == request->limit_messages;
                if (request->more)
                        return 0;
        }
        return r;
}

int store_list_read_out(struct store_db *db, struct tally *tally, struct store_request *request) {
        int r;

        store_request_sort_ids(request);
        r = read_out(db, tally, request);
        return r < 0 ? r : store_list_times(db, tally, request);
}

/* False for a row that makes no sense. */
static bool read_state(sqlite3_stmt *row, const struct store_request *request,
                       struct message_facts *facts) {
        const char *word = (const char *)sqlite3_column_text(row, COLUMN_STATE);

        column_copy(row, COLUMN_REASON, facts->reason, sizeof(facts->reason));
        if (word)
                return message_state_parse(word, &facts->state) == 0 &&
                       message_state_is_final(facts->state);
        facts->state = column_u64(row, COLUMN_SENT) != 0 || store_request_has_id(request, facts->id)
                               ? MESSAGE_SENT
                               : MESSAGE_QUEUED;
        return true;
}

static bool matches(const struct store_filter *filter, const struct message_facts *facts) {
        return (filter->only_id == 0 || facts->id == filter->only_id) &&
               (filter->any_state || facts->state == filter->state) &&
               (filter->tag[0] == '\0' || strcmp(facts->tag, filter->tag) == 0) &&
               (!filter->by_uuid || memcmp(facts->uuid, filter->uuid, MESSAGE_UUID_BYTES) == 0);
}

static int read_payload(struct store_db *db, const struct tally *tally, struct store_message *m) {
        CLEANUP(store_db_resetp) sqlite3_stmt *row = store_db_query(db, QUERY_OUTBOX_PAYLOAD);
        int r;

        bind_u64(row, 1, tally->channel);
        bind_u64(row, 2, m->facts.id);
        r = store_db_step(db, row);
        if (r <= 0)
                return r < 0 ? r : -EUCLEAN;
        return store_message_set_payload(m, sqlite3_column_blob(row, 0),
                                         (size_t)sqlite3_column_bytes(row, 0));
}

/* Takes the row if it matches; `more` when there is no place for it. */
static int list_row(struct store_db *db, const struct tally *tally, struct store_request *request,
                    sqlite3_stmt *row) {
        struct store_message *m, listed = {.payload_bytes = column_u64(row, COLUMN_LENGTH)};
        uint64_t bytes = request->with_payload ? listed.payload_bytes : 0;

        read_facts(row, tally, &listed.facts);
        if (!read_state(row, request, &listed.facts) || listed.payload_bytes > STORE_PAYLOAD_MAX ||
            !matches(&request->filter, &listed.facts))
                return 0;
        if (!store_request_has_place(request, bytes)) {
                request->more = true;
                return 0;
        }
        m = store_request_add_message(request, bytes);
        if (!m)
                return -ENOMEM;
        *m = listed;
        return request->with_payload ? read_payload(db, tally, m) : 0;
}

/* The id that a UUID stands for, 0 when it is not among those given by senders. */
static int find_uuid(struct store_db *db, const struct tally *tally, const uint8_t *uuid,
                     uint64_t *ret_id) {
        sqlite3_stmt *find = store_db_query(db, QUERY_UUID_FIND);

        bind_u64(find, 1, tally->channel);
        bind_bytes(find, 2, uuid, MESSAGE_UUID_BYTES);
        return store_db_number(db, find, ret_id);
}

int store_list_filtered(struct store_db *db, struct tally *tally, struct store_request *request) {
        CLEANUP(store_db_resetp) sqlite3_stmt *row = store_db_query(db, QUERY_OUTBOX_LIST);
        struct store_filter *filter = &request->filter;
        uint64_t after_id = filter->after_id;
        bool final = message_state_is_final(filter->state);
        int r;

        store_request_sort_ids(request);
        if (filter->by_uuid && filter->only_id == 0) {
                r = find_uuid(db, tally, filter->uuid, &filter->only_id);
                if (r < 0)
                        return r;
        }
        if (filter->only_id > after_id)
                after_id = filter->only_id - 1;
        bind_u64(row, 1, tally->channel);
        bind_u64(row, 2, after_id);
        bind_u64(row, 3, filter->any_state || !final);
        bind_u64(row, 4, filter->any_state || final);
        bind_u64(row, 5, filter->only_id > 0 ? 1 : LOOK_AT_MAX + 1);
        for (unsigned looked_at = 0; (r = store_db_step(db, row)) > 0; looked_at++) {
                request->more = filter->only_id == 0 && looked_at == LOOK_AT_MAX;
                if (request->more)
                        return 0;
                r = list_row(db, tally, request, row);
                if (r < 0 || request->more)
                        return r;
                request->after_id = column_u64(row, COLUMN_ID);
        }
        return r;
}
