/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_space.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "store_db.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

#define LOG_MAX_BYTES (4 * MIB)
#define LOG_MIN_BYTES (128 * KIB)
#define CACHE_BYTES MIB

static uint64_t clamp(uint64_t value, uint64_t min, uint64_t max) {
        return value < min ? min : value > max ? max : value;
}

/* 4 MiB, and an eighth of the whole on a very small file system or limit. */
static uint64_t log_bytes_for(const struct store_db *db) {
        uint64_t bytes = db->space.limit_bytes;
        struct statvfs fs;

        if (fstatvfs(db->directory_fd, &fs) == 0 && fs.f_blocks * fs.f_frsize < bytes)
                bytes = fs.f_blocks * fs.f_frsize;
        return clamp(bytes / 8, LOG_MIN_BYTES, LOG_MAX_BYTES);
}

static uint64_t ballast_bytes(const struct store_space *space) {
        return space->log_bytes / 4;
}

void store_space_drop_ballast(struct store_space *space) {
        (void)ftruncate(space->ballast_fd, 0);
        space->ballasted = false;
}

static bool ballast_stands(struct store_db *db) {
        struct store_space *space = &db->space;

        if (space->ballasted)
                return true;
        if (space->ballast_fd < 0)
                space->ballast_fd = openat(db->directory_fd, "queue.ballast",
                                           O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (space->ballast_fd < 0)
                return false;
        space->ballasted = posix_fallocate(space->ballast_fd, 0, (off_t)ballast_bytes(space)) == 0;
        if (!space->ballasted)
                store_space_drop_ballast(space); /* what it got before the disk was full */
        return space->ballasted;
}

static uint64_t file_bytes(const struct store_db *db, const char *name) {
        struct stat st;

        if (fstatat(db->directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return 0;
        return (uint64_t)st.st_size;
}

bool store_space_has_log(const struct store_db *db) {
        return file_bytes(db, "queue.db-wal") > 0;
}

/* A transaction that is larger than the cache spills into the log; rolled back, it leaves nothing
 * behind but the log's size. On a full disk the log stays as it is. */
static int grow_log(struct store_db *db) {
        char sql[256];
        int r;

        if (file_bytes(db, "queue.db-wal") >= db->space.log_bytes)
                return 0;
        (void)snprintf(sql, sizeof(sql),
                       "BEGIN IMMEDIATE; INSERT INTO channel(uid, app_id, name, uri, key, "
                       "suspended, was_connected, closed) "
                       "VALUES(-1, '', '', '', zeroblob(%llu), 0, 0, 0)",
                       (unsigned long long)(db->space.log_bytes + CACHE_BYTES));
        r = store_db_exec(db, sql);
        if (r < 0 && r != -ENOSPC)
                return r;
        return store_db_in_transaction(db) ? store_db_exec(db, "ROLLBACK") : 0;
}

static int set_limits(struct store_db *db) {
        struct store_space *space = &db->space;
        int chunk = (int)(space->log_bytes / 16);
        char sql[128];

        space->limit_pages = space->limit_bytes / space->page_bytes;
        space->spare_pages = clamp(space->limit_pages / 16, 8, 64);
        (void)sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_CHUNK_SIZE, &chunk);
        (void)snprintf(
                sql, sizeof(sql), "PRAGMA journal_size_limit=%llu; PRAGMA max_page_count=%llu",
                (unsigned long long)space->log_bytes, (unsigned long long)space->limit_pages);
        return store_db_exec(db, sql);
}

static int count_frames(void *userdata, sqlite3 *sql, const char *schema, int n_frames) {
        struct store_space *space = userdata;

        space->log_frames = (uint64_t)n_frames;
        return SQLITE_OK;
}

int store_space_init(struct store_db *db) {
        struct store_space *space = &db->space;
        int r;

        r = store_db_pragma(db, "PRAGMA page_size", &space->page_bytes);
        if (r < 0)
                return r;
        space->log_bytes = log_bytes_for(db);
        space->free_pages = 0;
        r = grow_log(db);
        if (r < 0)
                return r;
        r = set_limits(db);
        if (r < 0)
                return r;
        (void)sqlite3_wal_hook(db->sql, count_frames, space);
        (void)ballast_stands(db);
        return 0;
}

uint64_t store_space_pages(const struct store_space *space, uint64_t bytes) {
        /* A long row has overflow pages of its own. */
        return bytes > space->page_bytes / 4 ? bytes / (space->page_bytes - 4) + 3 : 1;
}

/* How many pages of the file are not in use; it is made longer if they are fewer than `wanted`. */
static int count_free(struct store_db *db, uint64_t wanted, uint64_t *ret) {
        const struct store_space *space = &db->space;
        uint64_t n_pages, unused, used, needed;
        sqlite3_int64 bytes;
        int r;

        r = store_db_number(db, store_db_query(db, QUERY_PAGE_COUNT), &n_pages);
        if (r < 0)
                return r;
        r = store_db_number(db, store_db_query(db, QUERY_FREE_PAGE_COUNT), &unused);
        if (r < 0)
                return r;
        used = n_pages - unused;
        if (used + wanted > space->limit_pages)
                return -ENOSPC;
        needed = used + wanted > n_pages ? used + wanted : n_pages;
        bytes = (sqlite3_int64)(needed * space->page_bytes);
        if (file_bytes(db, "queue.db") < (uint64_t)bytes &&
            sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_SIZE_HINT, &bytes) != SQLITE_OK)
                return -ENOSPC;
        *ret = file_bytes(db, "queue.db") / space->page_bytes - used;
        return 0;
}

bool store_space_take(struct store_db *db, uint64_t pages) {
        struct store_space *space = &db->space;

        if (space->refuse_growth || !ballast_stands(db))
                return false;
        pages += space->spare_pages;
        if (space->free_pages < pages && count_free(db, pages, &space->free_pages) < 0)
                return false;
        space->free_pages -= pages - space->spare_pages;
        return true;
}

bool store_space_is_log_long(const struct store_space *space) {
        return space->log_frames >= space->log_bytes / space->page_bytes / 2;
}

int store_space_checkpoint(struct store_db *db) {
        struct store_space *space = &db->space;
        int code;

        space->free_pages = 0; /* the file is cut to what is in use */
        code = sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        if (code != SQLITE_OK)
                return store_db_fail(db, code);
        space->log_frames = 0;
        return 0;
}

void store_space_finish(struct store_db *db) {
        /* What is written after the log was moved goes to its beginning, and ends what was in it.
         */
        if (store_space_checkpoint(db) == 0)
                (void)store_db_exec(db, "UPDATE sqlite_sequence SET seq=seq");
}
