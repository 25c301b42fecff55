/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_batch.h"

#include <errno.h>
#include <string.h>

#include "log.h"
#include "moment.h"
#include "store_channel.h"
#include "store_inbox.h"
#include "store_list.h"
#include "store_outbox.h"
#include "store_parked.h"
#include "store_request.h"
#include "store_uuid.h"

#define PURGE_INTERVAL_USEC (UINT64_C(3600) * USEC_PER_SEC)
#define PURGE_MAX 1000 /* rows at a time */

/* What the submitter repeats. */
static bool is_refused(int error) {
        return error == -ENOSPC || error == -EIO || error == -ENOMEM;
}

static int receive(struct store_batch *batch, struct tally *tally, struct store_request *request) {
        int r;

        if (request->round < batch->refused_below)
                return -ENOSPC;
        r = store_inbox_receive(&batch->db, tally, request);
        if (is_refused(r))
                batch->refused_below = request->round + 1;
        return r;
}

static int dispatch(struct store_batch *batch, struct tally *tally, struct store_request *request) {
        struct store_db *db = &batch->db;

        switch (request->kind) {
        case STORE_CHANNEL_PUT:
                return store_channel_put(db, &batch->tallies, tally, request);
        case STORE_CHANNEL_REMOVE:
                return store_channel_remove(db, &batch->tallies, tally);
        case STORE_SEND:
                return store_outbox_send(db, tally, request);
        case STORE_FINISH:
                return store_outbox_finish(db, tally, request);
        case STORE_MARK_SENT:
                return store_outbox_mark_sent(db, tally, request);
        case STORE_COUNT_TRY:
                return store_outbox_count_try(db, tally, request);
        case STORE_READ_OUT:
                return store_list_read_out(db, tally, request);
        case STORE_EXPIRE:
                return store_outbox_expire(db, tally, request);
        case STORE_RECEIVE:
                return receive(batch, tally, request);
        case STORE_READ_IN:
                return store_inbox_read(db, tally, request);
        case STORE_ACKNOWLEDGE:
                return store_inbox_acknowledge(db, tally, request);
        case STORE_LIST:
                return request->filter.incoming ? store_inbox_list(db, tally, request)
                                                : store_list_filtered(db, tally, request);
        case STORE_RETRY:
                return store_parked_retry(db, tally, request);
        case STORE_DISCARD:
                return store_parked_discard(db, tally, request);
        }
        return -EINVAL;
}

/* Writes that come to nothing are taken back, in the database and in the tally. Returns an error
 * only when the whole transaction is lost. */
static int undo_request(struct store_batch *batch, struct store_request *request,
                        const struct tally_numbers *before) {
        struct store_db *db = &batch->db;
        struct tally *tally = tallies_find(&batch->tallies, request->channel);
        int r;

        /* Damage was met by this request alone; anything else of SQLite concerns all. */
        if (db->failure != 0 && db->failure != -EUCLEAN)
                return db->failure;
        db->failure = 0;
        if (tally)
                tally->n = *before;
        if (!store_request_writes(request))
                return 0;
        if (!store_db_in_transaction(db))
                return -EIO;
        r = store_db_do(db, QUERY_ROLLBACK_TO);
        return r < 0 ? r : store_db_do(db, QUERY_RELEASE);
}

static int perform_request(struct store_batch *batch, struct store_request *request, bool durable) {
        struct tally *tally = tallies_find(&batch->tallies, request->channel);
        struct tally_numbers before = {0};
        int r;

        store_request_reset(request);
        request->error = -ENOENT;
        if (!tally && (request->kind != STORE_CHANNEL_PUT || request->channel != 0))
                return 0;
        if (store_request_writes(request)) {
                r = store_db_begin(&batch->db, durable);
                if (r < 0)
                        return r;
                r = store_db_do(&batch->db, QUERY_SAVEPOINT);
                if (r < 0)
                        return r;
        }
        if (tally)
                before = tally->n;
        r = dispatch(batch, tally, request);
        tally = tallies_find(&batch->tallies, request->channel);
        if (r == 0 && tally)
                r = tally_settle(tally, &batch->db);
        request->error = r;
        if (r < 0)
                r = undo_request(batch, request, &before);
        else if (store_request_writes(request))
                r = store_db_do(&batch->db, QUERY_RELEASE);
        if (r < 0)
                return r;
        request->counts = tally ? tally->n.counts : (struct store_counts){0};
        if (tally && memcmp(&tally->n, &before, sizeof(before)) != 0)
                tallies_mark(&batch->tallies, tally);
        return 0;
}

static int perform_all(struct store_batch *batch, struct store_request *first) {
        bool durable = false;
        int r;

        batch->db.failure = 0;
        for (struct store_request *q = first; q; q = q->next)
                durable = durable || store_request_is_durable(q);
        for (struct store_request *q = first; q; q = q->next) {
                r = perform_request(batch, q, durable);
                if (r < 0)
                        return r;
        }
        if (!store_db_in_transaction(&batch->db))
                return 0;
        r = tallies_save(&batch->tallies, &batch->db);
        return r < 0 ? r : store_db_commit(&batch->db);
}

/* After a failed transaction: what is in memory is what is on disk again. */
static int recover(struct store_batch *batch, int error) {
        struct store_db *db = &batch->db;

        store_db_rollback(db);
        if (error != -ENOSPC && error != -ENOMEM && error != -EUCLEAN) {
                store_db_abandon(db);
                return -EIO;
        }
        if (db->sql && tallies_load(&batch->tallies, db) < 0)
                store_db_abandon(db);
        return db->sql ? error : -EIO;
}

static int try_all(struct store_batch *batch, struct store_request *first) {
        uint64_t refused_below = batch->refused_below;
        int r = perform_all(batch, first);

        if (r == 0)
                return 0;
        batch->refused_below = refused_below;
        return recover(batch, r);
}

/* On a full disk the same again, first without whatever adds something, then with the ballast. */
static int try_until_full(struct store_batch *batch, struct store_request *first) {
        struct store_space *space = &batch->db.space;
        int r;

        r = try_all(batch, first);
        if (r != -ENOSPC)
                return r;
        space->refuse_growth = true;
        r = try_all(batch, first);
        if (r == -ENOSPC) {
                store_space_drop_ballast(space);
                (void)store_space_checkpoint(&batch->db);
                r = try_all(batch, first);
        }
        space->refuse_growth = false;
        return r;
}

static int reopen(struct store_batch *batch) {
        struct store_db *db = &batch->db;
        int r;

        r = store_db_reopen(db);
        if (r < 0)
                return r == -EUCLEAN || r == -ENOSPC || r == -ENOMEM ? r : -EIO;
        r = tallies_load(&batch->tallies, db);
        if (r < 0)
                store_db_abandon(db);
        return r;
}

/* One line when it begins, one when it ends. */
static void tell(struct store_batch *batch, int error) {
        if (error == batch->trouble)
                return;
        batch->trouble = error;
        if (error == -EUCLEAN)
                log_error("%s: damaged (%s), stopping until the agent is restarted", batch->db.path,
                          batch->db.why);
        else if (error < 0)
                log_error("%s: %s (%s), retrying with the next request", batch->db.path,
                          strerror(-error), batch->db.why);
        else
                log_notice("%s: works again", batch->db.path);
}

void store_batch_perform(struct store_batch *batch, struct store_request *first) {
        int r = 0;

        if (!batch->db.sql)
                r = reopen(batch);
        if (r == 0)
                r = try_until_full(batch, first);
        tell(batch, r);
        for (struct store_request *q = first; q; q = q->next) {
                if (r < 0) {
                        store_request_reset(q);
                        q->error = r;
                        if (q->kind == STORE_RECEIVE && is_refused(r) &&
                            q->round >= batch->refused_below)
                                batch->refused_below = q->round + 1;
                }
                store_request_settle(q);
        }
}

static int purge_some(struct store_batch *batch, uint64_t now, bool *ret_all) {
        struct store_db *db = &batch->db;
        uint64_t left = PURGE_MAX, n_parked, n_uuids;
        int r;

        db->failure = 0;
        r = store_db_begin(db, false);
        if (r < 0)
                return r;
        for (size_t i = 0; i < batch->tallies.n && left > 0; i++) {
                struct tally *tally = batch->tallies.all[i];

                r = store_parked_purge(db, tally, now, left, &n_parked);
                if (r < 0)
                        return r;
                left -= n_parked;
                r = store_uuid_purge(db, tally, now, left, &n_uuids);
                if (r < 0)
                        return r;
                left -= n_uuids;
                if (n_parked + n_uuids > 0)
                        tallies_mark(&batch->tallies, tally);
        }
        *ret_all = left > 0;
        r = tallies_save(&batch->tallies, db);
        return r < 0 ? r : store_db_commit(db);
}

static bool purge_is_due(const struct store_batch *batch, uint64_t now) {
        /* The clock may have been set back. */
        return now < batch->purged_realtime_usec ||
               now - batch->purged_realtime_usec >= PURGE_INTERVAL_USEC;
}

void store_batch_rest(struct store_batch *batch, uint64_t now_realtime_usec) {
        bool all = true;
        int r = 0;

        if (batch->db.sql && store_space_is_log_long(&batch->db.space))
                r = store_space_checkpoint(&batch->db);
        if (r == -EIO) {
                tell(batch, r);
                store_db_abandon(&batch->db);
        }
        if (!batch->db.sql || !purge_is_due(batch, now_realtime_usec))
                return;
        r = purge_some(batch, now_realtime_usec, &all);
        if (r < 0)
                (void)recover(batch, r);
        if (r < 0 || all)
                batch->purged_realtime_usec = now_realtime_usec;
}

static int restart(struct store_batch *batch) {
        struct store_db *db = &batch->db;
        int r;

        r = tallies_load(&batch->tallies, db);
        if (r < 0)
                return r;
        r = store_db_begin(db, true);
        if (r < 0)
                return r;
        r = store_outbox_restart(db, &batch->tallies, moment_now().realtime_usec);
        if (r < 0)
                return r;
        r = tallies_save(&batch->tallies, db);
        return r < 0 ? r : store_db_commit(db);
}

int store_batch_open(struct store_batch *batch, const char *directory, uint64_t limit_bytes,
                     char *problem, size_t problem_size) {
        int r;

        *batch = (struct store_batch){0};
        r = store_db_open(&batch->db, directory, limit_bytes, problem, problem_size);
        if (r < 0)
                return r;
        r = restart(batch);
        if (r < 0) {
                store_db_explain(&batch->db, r, problem, problem_size);
                store_db_abandon(&batch->db);
                store_batch_close(batch);
        }
        return r;
}

void store_batch_close(struct store_batch *batch) {
        if (batch->db.sql)
                store_space_finish(&batch->db);
        tallies_deinit(&batch->tallies);
        store_db_close(&batch->db);
}
