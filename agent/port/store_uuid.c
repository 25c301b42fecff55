/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_uuid.h"

#include <errno.h>
#include <openssl/sha.h>
#include <string.h>

#include "cleanup.h"

#define KEEP_USEC (UINT64_C(24) * 3600 * 1000000)
#define FINAL_MAX 100000 /* a channel */

int store_uuid_find(struct store_db *db, const struct tally *tally,
                    const struct store_message *message, uint64_t *ret_id) {
        CLEANUP(store_db_resetp) sqlite3_stmt *find = store_db_query(db, QUERY_UUID_FIND);
        uint8_t digest[SHA256_DIGEST_LENGTH];
        int r;

        bind_u64(find, 1, tally->channel);
        bind_bytes(find, 2, message->facts.uuid, MESSAGE_UUID_BYTES);
        r = store_db_step(db, find);
        if (r <= 0)
                return r;
        if (!SHA256(message->payload, message->payload_bytes, digest))
                return -ENOMEM;
        if (sqlite3_column_bytes(find, 1) != sizeof(digest) ||
            memcmp(sqlite3_column_blob(find, 1), digest, sizeof(digest)) != 0)
                return -EEXIST;
        *ret_id = column_u64(find, 0);
        return 1;
}

int store_uuid_add(struct store_db *db, const struct tally *tally,
                   const uint8_t uuid[MESSAGE_UUID_BYTES], uint64_t id, const void *payload,
                   size_t payload_bytes) {
        sqlite3_stmt *insert = store_db_query(db, QUERY_UUID_INSERT);
        uint8_t digest[SHA256_DIGEST_LENGTH];

        if (!SHA256(payload, payload_bytes, digest))
                return -ENOMEM;
        bind_u64(insert, 1, tally->channel);
        bind_bytes(insert, 2, uuid, MESSAGE_UUID_BYTES);
        bind_u64(insert, 3, id);
        bind_bytes(insert, 4, digest, sizeof(digest));
        return store_db_run(db, insert);
}

static int purge(struct store_db *db, struct tally *tally, uint64_t before, uint64_t limit,
                 uint64_t *ret) {
        sqlite3_stmt *purge_some = store_db_query(db, QUERY_UUID_PURGE);
        int r;

        bind_u64(purge_some, 1, tally->channel);
        bind_u64(purge_some, 2, before);
        bind_u64(purge_some, 3, limit);
        r = store_db_run(db, purge_some);
        if (r < 0)
                return r;
        *ret = (uint64_t)sqlite3_changes64(db->sql);
        tally_subtract(&tally->n.n_final_uuids, *ret);
        return 0;
}

int store_uuid_finish(struct store_db *db, struct tally *tally,
                      const uint8_t uuid[MESSAGE_UUID_BYTES], uint64_t id,
                      uint64_t now_realtime_usec) {
        sqlite3_stmt *finish = store_db_query(db, QUERY_UUID_FINISH);
        uint64_t n;
        int r;

        bind_u64(finish, 1, tally->channel);
        bind_bytes(finish, 2, uuid, MESSAGE_UUID_BYTES);
        bind_u64(finish, 3, id);
        bind_u64(finish, 4, now_realtime_usec);
        r = store_db_run(db, finish);
        if (r < 0)
                return r;
        tally->n.n_final_uuids += (uint64_t)sqlite3_changes64(db->sql);
        if (tally->n.n_final_uuids <= FINAL_MAX)
                return 0;
        return purge(db, tally, UINT64_MAX, tally->n.n_final_uuids - FINAL_MAX, &n);
}

int store_uuid_revive(struct store_db *db, struct tally *tally,
                      const uint8_t uuid[MESSAGE_UUID_BYTES], uint64_t id, bool *ret) {
        sqlite3_stmt *revive = store_db_query(db, QUERY_UUID_REVIVE);
        int r;

        bind_u64(revive, 1, tally->channel);
        bind_bytes(revive, 2, uuid, MESSAGE_UUID_BYTES);
        bind_u64(revive, 3, id);
        r = store_db_run(db, revive);
        if (r < 0)
                return r;
        *ret = sqlite3_changes64(db->sql) > 0;
        tally_subtract(&tally->n.n_final_uuids, *ret ? 1 : 0);
        return 0;
}

int store_uuid_purge(struct store_db *db, struct tally *tally, uint64_t now_realtime_usec,
                     uint64_t limit, uint64_t *ret) {
        *ret = 0;
        if (now_realtime_usec < KEEP_USEC)
                return 0;
        return purge(db, tally, now_realtime_usec - KEEP_USEC, limit, ret);
}
