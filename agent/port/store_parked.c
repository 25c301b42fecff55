/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_parked.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "store_request.h"
#include "store_uuid.h"

#define KEEP_USEC (UINT64_C(7) * 24 * 3600 * 1000000)
#define MAX_MESSAGES 10000 /* a channel */
#define MAX_BYTES (UINT64_C(64) << 20)

struct parked_row {
        bool uuid_given;
        uint8_t uuid[MESSAGE_UUID_BYTES];
        uint64_t bytes;
};

/* 1: there; 0: not there. */
static int find(struct store_db *db, const struct tally *tally, uint64_t id,
                struct parked_row *ret) {
        CLEANUP(store_db_resetp) sqlite3_stmt *row = store_db_query(db, QUERY_PARKED_FIND);
        int r;

        bind_u64(row, 1, tally->channel);
        bind_u64(row, 2, id);
        r = store_db_step(db, row);
        if (r <= 0)
                return r;
        *ret = (struct parked_row){.bytes = column_u64(row, 1)};
        ret->uuid_given = sqlite3_column_bytes(row, 0) == MESSAGE_UUID_BYTES;
        if (ret->uuid_given)
                memcpy(ret->uuid, sqlite3_column_blob(row, 0), MESSAGE_UUID_BYTES);
        return 1;
}

static int forget(struct store_db *db, struct tally *tally, uint64_t id, uint64_t bytes) {
        sqlite3_stmt *delete = store_db_query(db, QUERY_PARKED_DELETE);

        bind_u64(delete, 1, tally->channel);
        bind_u64(delete, 2, id);
        tally_subtract(&tally->n.counts.n_parked, 1);
        tally_subtract(&tally->n.parked_bytes, bytes);
        return store_db_run(db, delete);
}

/* The one that was parked first, before that time. 1: gone; 0: there is none. */
static int forget_oldest(struct store_db *db, struct tally *tally, uint64_t before) {
        sqlite3_stmt *oldest = store_db_query(db, QUERY_PARKED_OLDEST);
        struct parked_row row;
        uint64_t id;
        int r;

        bind_u64(oldest, 1, tally->channel);
        bind_u64(oldest, 2, before);
        r = store_db_number(db, oldest, &id);
        if (r < 0)
                return r;
        r = find(db, tally, id, &row);
        if (r <= 0)
                return r;
        r = forget(db, tally, id, row.bytes);
        return r < 0 ? r : 1;
}

int store_parked_add(struct store_db *db, struct tally *tally, uint64_t id, uint64_t bytes,
                     enum message_state state, const char *reason, uint64_t now_realtime_usec) {
        sqlite3_stmt *park = store_db_query(db, QUERY_PARK);
        int r;

        bind_u64(park, 1, tally->channel);
        bind_u64(park, 2, id);
        bind_text(park, 3, message_state_string(state));
        bind_text(park, 4, reason);
        bind_u64(park, 5, now_realtime_usec);
        r = store_db_run(db, park);
        if (r < 0)
                return r;
        tally->n.counts.n_parked++;
        tally->n.parked_bytes += bytes;
        while (tally->n.counts.n_parked > MAX_MESSAGES || tally->n.parked_bytes > MAX_BYTES) {
                r = forget_oldest(db, tally, UINT64_MAX);
                if (r <= 0)
                        return r;
        }
        return 0;
}

/* found[]: the ids that are meant. */
static int choose(struct store_db *db, const struct tally *tally, struct store_request *request) {
        CLEANUP(store_db_resetp) sqlite3_stmt *all = store_db_query(db, QUERY_PARKED_IDS);
        int r = 0;

        for (size_t i = 0; r == 0 && i < request->n_ids; i++)
                r = store_request_add_id(request, request->ids[i]);
        if (r < 0 || request->n_ids > 0)
                return r;
        bind_u64(all, 1, tally->channel);
        while ((r = store_db_step(db, all)) > 0) {
                r = store_request_add_id(request, column_u64(all, 0));
                if (r < 0)
                        return r;
        }
        return r;
}

/* The UUID may have been forgotten meanwhile, or have been given to a newer message. */
static int revive_uuid(struct store_db *db, struct tally *tally, uint64_t id,
                       const struct parked_row *row) {
        CLEANUP(store_db_resetp) sqlite3_stmt *payload = store_db_query(db, QUERY_OUTBOX_PAYLOAD);
        bool known;
        int r;

        r = store_uuid_revive(db, tally, row->uuid, id, &known);
        if (r < 0 || known)
                return r;
        bind_u64(payload, 1, tally->channel);
        bind_u64(payload, 2, id);
        r = store_db_step(db, payload);
        if (r <= 0)
                return r;
        return store_uuid_add(db, tally, row->uuid, id, sqlite3_column_blob(payload, 0),
                              (size_t)sqlite3_column_bytes(payload, 0));
}

static int retry_one(struct store_db *db, struct tally *tally, const struct store_request *request,
                     uint64_t id) {
        sqlite3_stmt *unpark = store_db_query(db, QUERY_UNPARK);
        struct store_counts *counts = &tally->n.counts;
        struct parked_row row;
        int r;

        r = find(db, tally, id, &row);
        if (r <= 0)
                return r < 0 ? r : -ENOENT;
        if (store_request_is_over(request, counts->n_queued + 1, counts->queued_bytes + row.bytes))
                return -ENOBUFS;
        bind_u64(unpark, 1, tally->channel);
        bind_u64(unpark, 2, id);
        bind_u64(unpark, 3, request->now_realtime_usec);
        r = store_db_run(db, unpark);
        if (r < 0)
                return r;
        r = forget(db, tally, id, row.bytes);
        if (r < 0)
                return r;
        counts->n_queued++;
        counts->queued_bytes += row.bytes;
        tally->n.oldest_unknown = true;
        return row.uuid_given ? revive_uuid(db, tally, id, &row) : 0;
}

int store_parked_retry(struct store_db *db, struct tally *tally, struct store_request *request) {
        int r;

        r = choose(db, tally, request);
        for (size_t i = 0; r == 0 && i < request->n_found; i++)
                r = retry_one(db, tally, request, request->found[i]);
        return r;
}

int store_parked_discard(struct store_db *db, struct tally *tally, struct store_request *request) {
        struct parked_row row;
        int r;

        r = choose(db, tally, request);
        for (size_t i = 0; r == 0 && i < request->n_found; i++) {
                r = find(db, tally, request->found[i], &row);
                if (r <= 0)
                        return r < 0 ? r : -ENOENT;
                r = forget(db, tally, request->found[i], row.bytes);
        }
        return r;
}

int store_parked_purge(struct store_db *db, struct tally *tally, uint64_t now_realtime_usec,
                       uint64_t limit, uint64_t *ret) {
        int r;

        *ret = 0;
        while (*ret < limit && now_realtime_usec > KEEP_USEC) {
                r = forget_oldest(db, tally, now_realtime_usec - KEEP_USEC);
                if (r <= 0)
                        return r;
                ++*ret;
        }
        return 0;
}
