/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The database connection of the store: opens and checks the file, runs statements, begins, commits
 * and rolls back. Knows files and transactions, no messages. */

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store_space.h"
#include "store_sql.h"

struct store_db {
        sqlite3 *sql; /* NULL: closed after a failure, see store_db_reopen() */
        sqlite3_stmt *statements[QUERY_COUNT];
        char *path;
        int directory_fd;
        bool durable;    /* a commit waits for the disk */
        bool damaged;    /* found when opened again: stays closed */
        int failure;     /* SQLite's first error since it was last set to 0, as negative errno */
        const char *why; /* the same in its words */
        struct store_space space;
};

/* Opens or makes DIRECTORY/queue.db. Errors and `problem` as store_open(). */
int store_db_open(struct store_db *db, const char *directory, uint64_t limit_bytes, char *problem,
                  size_t problem_size);
void store_db_close(struct store_db *db);
/* The sentence for an error at start-up. */
void store_db_explain(const struct store_db *db, int error, char *problem, size_t problem_size);

/* After an I/O error nothing that this connection believes is trusted, nor what the kernel has
 * cached of a log that could not be synced: the connection ends, and a new one checks the whole
 * file and moves the log into it. */
void store_db_abandon(struct store_db *db);
int store_db_reopen(struct store_db *db);

/* A statement ready for its values; reset it when done: CLEANUP(store_db_resetp), or
 * store_db_run(). */
sqlite3_stmt *store_db_query(struct store_db *db, enum store_query query);
void store_db_resetp(sqlite3_stmt **statement);
/* 1: a row, 0: the end, else the error, which is also kept in `failure`. */
int store_db_step(struct store_db *db, sqlite3_stmt *statement);
/* Runs a statement that gives no rows, and resets it. */
int store_db_run(struct store_db *db, sqlite3_stmt *statement);
int store_db_do(struct store_db *db, enum store_query query);
/* The first number of a statement's first row; 0 when it is NULL or there is none. */
int store_db_number(struct store_db *db, sqlite3_stmt *statement, uint64_t *ret);
/* For start-up: any SQL, and the number that a PRAGMA answers. */
int store_db_exec(struct store_db *db, const char *sql);
int store_db_pragma(struct store_db *db, const char *sql, uint64_t *ret);
/* The negative errno for a code of SQLite, kept in `failure`. */
int store_db_fail(struct store_db *db, int code);

/* Begins unless begun. Without `durable` the commit survives kill -9 but not a power cut. */
int store_db_begin(struct store_db *db, bool durable);
bool store_db_in_transaction(const struct store_db *db);
int store_db_commit(struct store_db *db);
/* Ends the transaction, whatever its state; abandons the connection when even that fails. */
void store_db_rollback(struct store_db *db);

/* SQLite's numbers are signed: what does not fit is as good as never. */
static inline void bind_u64(sqlite3_stmt *statement, int index, uint64_t value) {
        (void)sqlite3_bind_int64(statement, index,
                                 value > INT64_MAX ? INT64_MAX : (sqlite3_int64)value);
}

/* The bytes are borrowed until the statement is reset. */
static inline void bind_bytes(sqlite3_stmt *statement, int index, const void *data, size_t len) {
        (void)sqlite3_bind_blob64(statement, index, len > 0 ? data : "", len, SQLITE_STATIC);
}

static inline void bind_text(sqlite3_stmt *statement, int index, const char *text) {
        (void)sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

/* Whatever stands in the file: what is no number, or negative, is 0. */
static inline uint64_t column_u64(sqlite3_stmt *statement, int index) {
        sqlite3_int64 value = sqlite3_column_int64(statement, index);

        return value < 0 ? 0 : (uint64_t)value;
}
