/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_outbox.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "store_list.h"
#include "store_parked.h"
#include "store_request.h"
#include "store_uuid.h"

#define EXPIRE_MAX 1000 /* a request */

struct outbox_row {
        bool uuid_given;
        uint8_t uuid[MESSAGE_UUID_BYTES];
        uint64_t bytes;
        bool at_most_once;
        uint64_t max_tries;
};

/* 1: there; 0: not there. */
static int find(struct store_db *db, const struct tally *tally, uint64_t id,
                struct outbox_row *ret) {
        CLEANUP(store_db_resetp) sqlite3_stmt *row = store_db_query(db, QUERY_OUTBOX_FIND);
        int r;

        bind_u64(row, 1, tally->channel);
        bind_u64(row, 2, id);
        r = store_db_step(db, row);
        if (r <= 0)
                return r;
        *ret = (struct outbox_row){
                .uuid_given = sqlite3_column_bytes(row, 0) == MESSAGE_UUID_BYTES,
                .bytes = column_u64(row, 1),
                .at_most_once = column_u64(row, 2) != 0,
                .max_tries = column_u64(row, 3),
        };
        if (ret->uuid_given)
                memcpy(ret->uuid, sqlite3_column_blob(row, 0), MESSAGE_UUID_BYTES);
        return 1;
}

static int delete_row(struct store_db *db, enum store_query query, uint64_t channel, uint64_t id) {
        sqlite3_stmt *delete = store_db_query(db, query);

        bind_u64(delete, 1, channel);
        bind_u64(delete, 2, id);
        return store_db_run(db, delete);
}

/* 1: the message has left the outbox for a final state; 0: it was not there. */
static int leave(struct store_db *db, struct tally *tally, uint64_t id, enum message_state state,
                 const char *reason, uint64_t now_realtime_usec) {
        struct outbox_row row;
        int r;

        r = find(db, tally, id, &row);
        if (r <= 0)
                return r;
        if (state != MESSAGE_DELIVERED) {
                r = store_parked_add(db, tally, id, row.bytes, state, reason, now_realtime_usec);
                if (r < 0)
                        return r;
        }
        r = delete_row(db, QUERY_OUTBOX_DELETE, tally->channel, id);
        if (r < 0)
                return r;
        if (row.at_most_once || row.max_tries > 0) {
                r = delete_row(db, QUERY_ATTEMPT_DELETE, tally->channel, id);
                if (r < 0)
                        return r;
        }
        if (row.uuid_given) {
                r = store_uuid_finish(db, tally, row.uuid, id, now_realtime_usec);
                if (r < 0)
                        return r;
        }
        tally_subtract(&tally->n.counts.n_queued, 1);
        tally_subtract(&tally->n.counts.queued_bytes, row.bytes);
        if (id == tally->n.counts.oldest_queued_id)
                tally->n.oldest_unknown = true;
        return 1;
}

/* Makes place for one more message within the limits. */
static int make_way(struct store_db *db, struct tally *tally, struct store_request *request,
                    uint64_t bytes) {
        const struct store_counts *counts = &tally->n.counts;
        uint64_t id;
        int r;

        if (store_request_is_over(request, 1, bytes))
                return -ENOBUFS;
        while (store_request_is_over(request, counts->n_queued + 1, counts->queued_bytes + bytes)) {
                sqlite3_stmt *oldest = store_db_query(db, QUERY_OUTBOX_OLDEST_UNSENT);

                if (!request->drop_oldest)
                        return -ENOBUFS;
                bind_u64(oldest, 1, tally->channel);
                bind_u64(oldest, 2, request->keep_id);
                r = store_db_number(db, oldest, &id);
                if (r < 0)
                        return r;
                r = leave(db, tally, id, MESSAGE_DROPPED, "queue-full", request->now_realtime_usec);
                if (r <= 0)
                        return r < 0 ? r : -ENOBUFS;
                r = store_request_add_id(request, id);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int insert(struct store_db *db, const struct tally *tally, const struct store_message *m) {
        sqlite3_stmt *insert_row = store_db_query(db, QUERY_OUTBOX_INSERT);
        const struct message_facts *facts = &m->facts;

        bind_u64(insert_row, 1, tally->channel);
        bind_u64(insert_row, 2, facts->id);
        bind_u64(insert_row, 3, facts->created_realtime_usec);
        bind_u64(insert_row, 4, facts->expires_realtime_usec);
        bind_u64(insert_row, 5, facts->not_before_realtime_usec);
        bind_u64(insert_row, 6, facts->at_most_once);
        bind_u64(insert_row, 7, facts->frame);
        bind_u64(insert_row, 8, facts->max_tries);
        if (facts->uuid_given)
                bind_bytes(insert_row, 9, facts->uuid, MESSAGE_UUID_BYTES);
        else
                (void)sqlite3_bind_null(insert_row, 9);
        bind_text(insert_row, 10, facts->tag);
        bind_bytes(insert_row, 11, m->payload, m->payload_bytes);
        return store_db_run(db, insert_row);
}

static int send_one(struct store_db *db, struct tally *tally, struct store_request *request,
                    struct store_message *m) {
        struct store_counts *counts = &tally->n.counts;
        uint64_t pages = store_space_pages(&db->space, m->payload_bytes);
        int r;

        if (m->payload_bytes > STORE_PAYLOAD_MAX)
                return -EMSGSIZE;
        if (m->facts.uuid_given) {
                pages++;
                r = store_uuid_find(db, tally, m, &m->facts.id);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
        r = make_way(db, tally, request, m->payload_bytes);
        if (r < 0)
                return r;
        if (!store_space_take(db, pages))
                return -ENOSPC;
        m->facts.id = ++tally->n.last_id;
        r = insert(db, tally, m);
        if (r < 0)
                return r;
        if (m->facts.uuid_given) {
                r = store_uuid_add(db, tally, m->facts.uuid, m->facts.id, m->payload,
                                   m->payload_bytes);
                if (r < 0)
                        return r;
        }
        if (counts->n_queued == 0)
                counts->oldest_queued_id = m->facts.id;
        counts->n_queued++;
        counts->queued_bytes += m->payload_bytes;
        return 0;
}

int store_outbox_send(struct store_db *db, struct tally *tally, struct store_request *request) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < request->n_messages; i++)
                r = send_one(db, tally, request, &request->messages[i]);
        return r;
}

int store_outbox_finish(struct store_db *db, struct tally *tally, struct store_request *request) {
        int r;

        if (!message_state_is_final(request->state))
                return -EINVAL;
        for (size_t i = 0; i < request->n_ids; i++) {
                r = leave(db, tally, request->ids[i], request->state, request->reason,
                          request->now_realtime_usec);
                if (r > 0)
                        r = store_request_add_id(request, request->ids[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_attempt(struct store_db *db, const struct tally *tally, uint64_t id, uint64_t tries,
                       bool sent) {
        sqlite3_stmt *add = store_db_query(db, QUERY_ATTEMPT_ADD);

        bind_u64(add, 1, tally->channel);
        bind_u64(add, 2, id);
        bind_u64(add, 3, tries);
        bind_u64(add, 4, sent);
        return store_db_run(db, add);
}

static int mark_sent(struct store_db *db, const struct tally *tally, struct store_request *request,
                     uint64_t id) {
        struct outbox_row row;
        int r;

        r = find(db, tally, id, &row);
        if (r <= 0)
                return r;
        if (row.at_most_once) {
                r = add_attempt(db, tally, id, 0, true);
                if (r < 0)
                        return r;
        }
        return store_request_add_id(request, id);
}

int store_outbox_mark_sent(struct store_db *db, struct tally *tally,
                           struct store_request *request) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < request->n_ids; i++)
                r = mark_sent(db, tally, request, request->ids[i]);
        return r;
}

static int count_try(struct store_db *db, struct tally *tally, struct store_request *request,
                     uint64_t id) {
        sqlite3_stmt *count = store_db_query(db, QUERY_ATTEMPT_TRIES);
        struct outbox_row row;
        uint64_t tries;
        int r;

        r = find(db, tally, id, &row);
        if (r <= 0 || row.max_tries == 0)
                return r < 0 ? r : 0;
        r = add_attempt(db, tally, id, 1, false);
        if (r < 0)
                return r;
        bind_u64(count, 1, tally->channel);
        bind_u64(count, 2, id);
        r = store_db_number(db, count, &tries);
        if (r < 0 || tries < row.max_tries)
                return r;
        r = leave(db, tally, id, MESSAGE_REJECTED, "max-tries", request->now_realtime_usec);
        return r < 0 ? r : store_request_add_id(request, id);
}

int store_outbox_count_try(struct store_db *db, struct tally *tally,
                           struct store_request *request) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < request->n_ids; i++)
                r = count_try(db, tally, request, request->ids[i]);
        return r;
}

/* found[]: what has expired and is not in flight. */
static int find_expired(struct store_db *db, const struct tally *tally,
                        struct store_request *request) {
        CLEANUP(store_db_resetp) sqlite3_stmt *row = store_db_query(db, QUERY_OUTBOX_EXPIRIES);
        int r;

        bind_u64(row, 1, tally->channel);
        while ((r = store_db_step(db, row)) > 0 && request->n_found < EXPIRE_MAX &&
               column_u64(row, 1) <= request->now_realtime_usec) {
                uint64_t id = column_u64(row, 0);

                if (store_request_has_id(request, id))
                        continue;
                r = store_request_add_id(request, id);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : 0;
}

int store_outbox_expire(struct store_db *db, struct tally *tally, struct store_request *request) {
        int r;

        store_request_sort_ids(request);
        r = find_expired(db, tally, request);
        if (r < 0)
                return r;
        for (size_t i = 0; i < request->n_found; i++) {
                r = leave(db, tally, request->found[i], MESSAGE_EXPIRED, "ttl",
                          request->now_realtime_usec);
                if (r < 0)
                        return r;
        }
        return store_list_times(db, tally, request);
}

/* The next one marked as sent; 1: there is one, 0: no more. */
static int next_sent(struct store_db *db, uint64_t *channel, uint64_t *id) {
        CLEANUP(store_db_resetp) sqlite3_stmt *row = store_db_query(db, QUERY_ATTEMPT_SENT);
        int r;

        bind_u64(row, 1, *channel);
        bind_u64(row, 2, *id);
        r = store_db_step(db, row);
        if (r > 0) {
                *channel = column_u64(row, 0);
                *id = column_u64(row, 1);
        }
        return r;
}

int store_outbox_restart(struct store_db *db, struct tallies *tallies, uint64_t now_realtime_usec) {
        uint64_t channel = 0, id = 0;
        int r;

        while ((r = next_sent(db, &channel, &id)) > 0) {
                struct tally *tally = tallies_find(tallies, channel);

                if (tally) {
                        r = leave(db, tally, id, MESSAGE_UNCERTAIN, "restart", now_realtime_usec);
                        if (r < 0)
                                return r;
                        r = tally_settle(tally, db);
                        if (r < 0)
                                return r;
                        tallies_mark(tallies, tally);
                }
                /* Also where its message is gone, as in a file that was tampered with. */
                r = delete_row(db, QUERY_ATTEMPT_DELETE, channel, id);
                if (r < 0)
                        return r;
        }
        return r;
}
