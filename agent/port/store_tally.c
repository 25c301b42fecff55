/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

void tallies_deinit(struct tallies *tallies) {
        for (size_t i = 0; i < tallies->n; i++)
                free(tallies->all[i]);
        free(tallies->all);
        *tallies = (struct tallies){0};
}

static int tallies_grow(struct tallies *tallies) {
        size_t room = tallies->room == 0 ? 16 : tallies->room * 2;
        struct tally **all;

        if (tallies->n < tallies->room)
                return 0;
        all = reallocarray(tallies->all, room, sizeof(*all));
        if (!all)
                return -ENOMEM;
        tallies->all = all;
        tallies->room = room;
        return 0;
}

int tallies_add(struct tallies *tallies, uint64_t channel, const uint8_t key[MESSAGE_UUID_BYTES]) {
        struct tally *tally;

        if (tallies_grow(tallies) < 0)
                return -ENOMEM;
        tally = calloc(1, sizeof(*tally));
        if (!tally)
                return -ENOMEM;
        tally->channel = channel;
        memcpy(tally->key, key, MESSAGE_UUID_BYTES);
        tallies->all[tallies->n++] = tally;
        return 0;
}

/* Index of the first that is not below `channel`. */
static size_t lower_bound(const struct tallies *tallies, uint64_t channel) {
        size_t low = 0, high = tallies->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (tallies->all[middle]->channel < channel)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

struct tally *tallies_find(const struct tallies *tallies, uint64_t channel) {
        size_t i = lower_bound(tallies, channel);

        return i < tallies->n && tallies->all[i]->channel == channel ? tallies->all[i] : NULL;
}

void tallies_remove(struct tallies *tallies, struct tally *tally) {
        size_t i = lower_bound(tallies, tally->channel);
        struct tally **link = &tallies->dirty;

        while (*link && *link != tally)
                link = &(*link)->next_dirty;
        if (*link)
                *link = tally->next_dirty;
        memmove(&tallies->all[i], &tallies->all[i + 1],
                (tallies->n - i - 1) * sizeof(*tallies->all));
        tallies->n--;
        free(tally);
}

void tallies_mark(struct tallies *tallies, struct tally *tally) {
        if (tally->dirty)
                return;
        tally->dirty = true;
        tally->next_dirty = tallies->dirty;
        tallies->dirty = tally;
}

static int load_one(struct tallies *tallies, sqlite3_stmt *row) {
        uint64_t channel = column_u64(row, 0);
        struct tally *tally;
        int r;

        /* No row that this program wrote: store_load_channels() says so. */
        if (channel == 0 || sqlite3_column_type(row, 1) != SQLITE_BLOB ||
            sqlite3_column_bytes(row, 1) != MESSAGE_UUID_BYTES)
                return 0;
        r = tallies_add(tallies, channel, sqlite3_column_blob(row, 1));
        if (r < 0)
                return r;
        tally = tallies->all[tallies->n - 1];
        tally->n = (struct tally_numbers){
                .offered_in_id = column_u64(row, 2),
                .counts.n_queued = column_u64(row, 3),
                .counts.queued_bytes = column_u64(row, 4),
                .counts.n_unread = column_u64(row, 5),
                .counts.unread_bytes = column_u64(row, 6),
                .counts.n_parked = column_u64(row, 7),
                .parked_bytes = column_u64(row, 8),
                .n_final_uuids = column_u64(row, 9),
                .last_id = column_u64(row, 10),
                .counts.oldest_queued_id = column_u64(row, 11),
                .n_seen = column_u64(row, 12),
        };
        return 0;
}

int tallies_load(struct tallies *tallies, struct store_db *db) {
        CLEANUP(store_db_resetp) sqlite3_stmt *row = store_db_query(db, QUERY_TALLY_LOAD);
        int r;

        tallies_deinit(tallies);
        while ((r = store_db_step(db, row)) > 0) {
                r = load_one(tallies, row);
                if (r < 0)
                        break;
        }
        if (r < 0)
                tallies_deinit(tallies);
        return r;
}

int tally_settle(struct tally *tally, struct store_db *db) {
        sqlite3_stmt *oldest = store_db_query(db, QUERY_OUTBOX_OLDEST);

        if (!tally->n.oldest_unknown)
                return 0;
        tally->n.oldest_unknown = false;
        bind_u64(oldest, 1, tally->channel);
        return store_db_number(db, oldest, &tally->n.counts.oldest_queued_id);
}

int tallies_save(struct tallies *tallies, struct store_db *db) {
        struct tally *tally;
        int r;

        while ((tally = tallies->dirty)) {
                sqlite3_stmt *save = store_db_query(db, QUERY_TALLY_SAVE);
                const struct tally_numbers *n = &tally->n;

                bind_u64(save, 1, tally->channel);
                bind_u64(save, 2, n->offered_in_id);
                bind_u64(save, 3, n->counts.n_queued);
                bind_u64(save, 4, n->counts.queued_bytes);
                bind_u64(save, 5, n->counts.n_unread);
                bind_u64(save, 6, n->counts.unread_bytes);
                bind_u64(save, 7, n->counts.n_parked);
                bind_u64(save, 8, n->parked_bytes);
                bind_u64(save, 9, n->n_final_uuids);
                bind_u64(save, 10, n->last_id);
                bind_u64(save, 11, n->n_seen);
                r = store_db_run(db, save);
                if (r < 0)
                        return r;
                tallies->dirty = tally->next_dirty;
                tally->dirty = false;
        }
        return 0;
}
