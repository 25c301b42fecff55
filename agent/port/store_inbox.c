/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_inbox.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "store_request.h"

/* More than any server is known to repeat after a reconnect. */
#define SEEN_MAX 1024
#define SEEN_DIGEST_BYTES 16 /* of a SHA-256: nobody gains by a collision in his own channel */

/* 1: gone; 0: it was not there. */
static int take_out(struct store_db *db, struct tally *tally, uint64_t id) {
        CLEANUP(store_db_resetp) sqlite3_stmt *find = store_db_query(db, QUERY_INBOX_FIND);
        sqlite3_stmt *delete = store_db_query(db, QUERY_INBOX_DELETE);
        int r;

        bind_u64(find, 1, tally->channel);
        bind_u64(find, 2, id);
        r = store_db_step(db, find);
        if (r <= 0)
                return r;
        tally_subtract(&tally->n.counts.n_unread, 1);
        tally_subtract(&tally->n.counts.unread_bytes, column_u64(find, 0));
        bind_u64(delete, 1, tally->channel);
        bind_u64(delete, 2, id);
        r = store_db_run(db, delete);
        return r < 0 ? r : 1;
}

static int make_way(struct store_db *db, struct tally *tally, struct store_request *request,
                    uint64_t bytes) {
        const struct store_counts *counts = &tally->n.counts;
        uint64_t id;
        int r;

        if (store_request_is_over(request, 1, bytes))
                return -ENOBUFS;
        while (store_request_is_over(request, counts->n_unread + 1, counts->unread_bytes + bytes)) {
                sqlite3_stmt *oldest = store_db_query(db, QUERY_INBOX_OLDEST);

                if (!request->drop_oldest)
                        return -ENOBUFS;
                bind_u64(oldest, 1, tally->channel);
                r = store_db_number(db, oldest, &id);
                if (r < 0)
                        return r;
                r = take_out(db, tally, id);
                if (r <= 0)
                        return r < 0 ? r : -ENOBUFS;
                request->n_dropped++;
        }
        return 0;
}

/* Of the id and of the payload: a server that has forgotten how far it had counted gives an old id
 * to a new message, which must not be lost. */
static int digest_of(const struct store_message *m, uint8_t ret[SHA256_DIGEST_LENGTH]) {
        size_t id_len = strlen(m->server_id);
        CLEANUP(freep) uint8_t *both = malloc(SHA256_DIGEST_LENGTH + id_len);

        if (!both || !SHA256(m->payload, m->payload_bytes, both))
                return -ENOMEM;
        memcpy(both + SHA256_DIGEST_LENGTH, m->server_id, id_len);
        return SHA256(both, SHA256_DIGEST_LENGTH + id_len, ret) ? 0 : -ENOMEM;
}

/* 1: it has come before; else 0, and it is noted that it has come. */
static int note_seen(struct store_db *db, struct tally *tally, const struct store_message *m) {
        sqlite3_stmt *find = store_db_query(db, QUERY_SEEN_FIND);
        sqlite3_stmt *put = store_db_query(db, QUERY_SEEN_PUT);
        uint8_t digest[SHA256_DIGEST_LENGTH];
        uint64_t found;
        int r;

        r = digest_of(m, digest);
        if (r < 0)
                return r;
        bind_u64(find, 1, tally->channel);
        bind_bytes(find, 2, digest, SEEN_DIGEST_BYTES);
        r = store_db_number(db, find, &found);
        if (r < 0 || found != 0)
                return r < 0 ? r : 1;
        if (!store_space_take(db, 1))
                return -ENOSPC;
        bind_u64(put, 1, tally->channel);
        bind_u64(put, 2, tally->n.n_seen++ % SEEN_MAX);
        bind_bytes(put, 3, digest, SEEN_DIGEST_BYTES);
        return store_db_run(db, put);
}

static int receive_one(struct store_db *db, struct tally *tally, struct store_request *request,
                       struct store_message *m) {
        sqlite3_stmt *insert = store_db_query(db, QUERY_INBOX_INSERT);
        int r;

        m->duplicate = false;
        if (m->payload_bytes > STORE_PAYLOAD_MAX)
                return -EMSGSIZE;
        r = m->server_id ? note_seen(db, tally, m) : 0;
        if (r != 0) {
                m->duplicate = r > 0;
                return r < 0 ? r : 0;
        }
        r = make_way(db, tally, request, m->payload_bytes);
        if (r < 0)
                return r;
        if (!store_space_take(db, store_space_pages(&db->space, m->payload_bytes)))
                return -ENOSPC;
        m->facts.id = ++tally->n.last_id;
        bind_u64(insert, 1, tally->channel);
        bind_u64(insert, 2, m->facts.id);
        bind_u64(insert, 3, m->facts.created_realtime_usec);
        bind_u64(insert, 4, m->text);
        bind_bytes(insert, 5, m->payload, m->payload_bytes);
        r = store_db_run(db, insert);
        if (r < 0)
                return r;
        tally->n.counts.n_unread++;
        tally->n.counts.unread_bytes += m->payload_bytes;
        return 0;
}

/* NULL stays NULL. */
static int move_cursor(struct store_db *db, const struct tally *tally,
                       const struct cursor *cursor) {
        sqlite3_stmt *put = store_db_query(db, QUERY_CURSOR_PUT);
        size_t len = (cursor->text ? strlen(cursor->text) : 0) +
                     (cursor->epoch ? strlen(cursor->epoch) : 0);

        if (!store_space_take(db, store_space_pages(&db->space, len)))
                return -ENOSPC;
        bind_u64(put, 1, tally->channel);
        bind_text(put, 2, cursor->text);
        bind_text(put, 3, cursor->epoch);
        return store_db_run(db, put);
}

int store_inbox_receive(struct store_db *db, struct tally *tally, struct store_request *request) {
        bool moves = request->moves_cursor && request->n_messages == 0;
        int r;

        for (size_t i = 0; i < request->n_messages; i++) {
                r = receive_one(db, tally, request, &request->messages[i]);
                if (r < 0)
                        return r;
                moves = moves || (request->moves_cursor && !request->messages[i].duplicate);
        }
        return moves ? move_cursor(db, tally, &request->cursor) : 0;
}

static void read_facts(sqlite3_stmt *row, const struct tally *tally, struct store_message *m) {
        m->facts.id = column_u64(row, 0);
        m->facts.created_realtime_usec = column_u64(row, 1);
        m->text = column_u64(row, 2) != 0;
        m->redelivered = m->facts.id <= tally->n.offered_in_id;
}

static int read_rows(struct store_db *db, const struct tally *tally,
                     struct store_request *request) {
        CLEANUP(store_db_resetp) sqlite3_stmt *row = store_db_query(db, QUERY_INBOX_READ);
        int r;

        bind_u64(row, 1, tally->channel);
        bind_u64(row, 2, request->after_id);
        bind_u64(row, 3, STORE_PAYLOAD_MAX);
        while ((r = store_db_step(db, row)) > 0) {
                size_t len = (size_t)sqlite3_column_bytes(row, 3);
                struct store_message *m;

                request->more = !store_request_has_place(request, len);
                if (request->more)
                        return 0;
                m = store_request_add_message(request, len);
                if (!m)
                        return -ENOMEM;
                read_facts(row, tally, m);
                r = store_message_set_payload(m, sqlite3_column_blob(row, 3), len);
                if (r < 0)
                        return r;
                request->more = request->n_messages == request->limit_messages;
                if (request->more)
                        return 0;
        }
        return r;
}

int store_inbox_read(struct store_db *db, struct tally *tally, struct store_request *request) {
        uint64_t last;
        int r;

        r = read_rows(db, tally, request);
        if (r < 0 || request->n_messages == 0)
                return r;
        last = request->messages[request->n_messages - 1].facts.id;
        if (last > tally->n.offered_in_id)
                tally->n.offered_in_id = last;
        return 0;
}

int store_inbox_acknowledge(struct store_db *db, struct tally *tally,
                            struct store_request *request) {
        int r;

        for (size_t i = 0; i < request->n_ids; i++) {
                r = take_out(db, tally, request->ids[i]);
                if (r > 0)
                        r = store_request_add_id(request, request->ids[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int read_payload(struct store_db *db, const struct tally *tally, struct store_message *m) {
        CLEANUP(store_db_resetp) sqlite3_stmt *row = store_db_query(db, QUERY_INBOX_PAYLOAD);
        int r;

        bind_u64(row, 1, tally->channel);
        bind_u64(row, 2, m->facts.id);
        r = store_db_step(db, row);
        if (r <= 0)
                return r < 0 ? r : -EUCLEAN;
        return store_message_set_payload(m, sqlite3_column_blob(row, 0),
                                         (size_t)sqlite3_column_bytes(row, 0));
}

int store_inbox_list(struct store_db *db, struct tally *tally, struct store_request *request) {
        CLEANUP(store_db_resetp) sqlite3_stmt *row = store_db_query(db, QUERY_INBOX_LIST);
        const struct store_filter *filter = &request->filter;
        uint64_t after_id = filter->after_id;
        int r;

        /* Incoming messages have neither a tag nor a UUID. */
        if (filter->tag[0] != '\0' || filter->by_uuid)
                return 0;
        if (filter->only_id > after_id)
                after_id = filter->only_id - 1;
        bind_u64(row, 1, tally->channel);
        bind_u64(row, 2, after_id);
        bind_u64(row, 3, STORE_PAYLOAD_MAX);
        while ((r = store_db_step(db, row)) > 0) {
                uint64_t len = column_u64(row, 3), bytes = request->with_payload ? len : 0;
                struct store_message *m;

                if (filter->only_id > 0 && column_u64(row, 0) != filter->only_id)
                        return 0;
                request->more = !store_request_has_place(request, bytes);
                if (request->more)
                        return 0;
                m = store_request_add_message(request, bytes);
                if (!m)
                        return -ENOMEM;
                read_facts(row, tally, m);
                m->payload_bytes = len;
                r = request->with_payload ? read_payload(db, tally, m) : 0;
                if (r < 0)
                        return r;
                request->after_id = m->facts.id;
        }
        return r;
}
