/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "store_files.h"

/* A file up to this size is checked page by page at every start: it takes some milliseconds. */
#define CHECK_MAX_BYTES (UINT64_C(16) << 20)

#define DEFAULT_LIMIT_BYTES (UINT64_C(1) << 30)
#define MIN_LIMIT_BYTES (UINT64_C(512) << 10)

static int errno_of(int code, int system_errno) {
        if (code == SQLITE_IOERR_NOMEM)
                return -ENOMEM;
        if (code == SQLITE_IOERR_WRITE && system_errno == EDQUOT)
                return -ENOSPC;
        switch (code & 0xff) {
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
                return -EACCES;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_SCHEMA:
        case SQLITE_ERROR: /* a table or column that is not there */
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
        case SQLITE_TOOBIG:
                return -EUCLEAN;
        default:
                return -EIO;
        }
}

int store_db_fail(struct store_db *db, int code) {
        int r = errno_of(code, sqlite3_system_errno(db->sql));

        if (db->failure == 0) {
                db->failure = r;
                db->why = sqlite3_errstr(code);
        }
        return r;
}

static int refuse(struct store_db *db, int r, const char *why) {
        db->failure = r;
        db->why = why;
        return r;
}

int store_db_exec(struct store_db *db, const char *sql) {
        int code = sqlite3_exec(db->sql, sql, NULL, NULL, NULL);

        return code == SQLITE_OK ? 0 : store_db_fail(db, code);
}

static void finalizep(sqlite3_stmt **statement) {
        (void)sqlite3_finalize(*statement);
}

static int prepare(struct store_db *db, const char *sql, unsigned flags, sqlite3_stmt **ret) {
        int code = sqlite3_prepare_v3(db->sql, sql, -1, flags, ret, NULL);

        return code == SQLITE_OK ? 0 : store_db_fail(db, code);
}

int store_db_pragma(struct store_db *db, const char *sql, uint64_t *ret) {
        CLEANUP(finalizep) sqlite3_stmt *statement = NULL;
        int r;

        r = prepare(db, sql, 0, &statement);
        if (r < 0)
                return r;
        return store_db_number(db, statement, ret);
}

/* Whether a PRAGMA answers with this word. */
static int pragma_says(struct store_db *db, const char *sql, const char *word, bool *ret) {
        CLEANUP(finalizep) sqlite3_stmt *statement = NULL;
        const char *answer;
        int r;

        r = prepare(db, sql, 0, &statement);
        if (r < 0)
                return r;
        r = store_db_step(db, statement);
        if (r < 0)
                return r;
        answer = r > 0 ? (const char *)sqlite3_column_text(statement, 0) : NULL;
        *ret = answer && strcmp(answer, word) == 0;
        return 0;
}

sqlite3_stmt *store_db_query(struct store_db *db, enum store_query query) {
        return db->statements[query];
}

void store_db_resetp(sqlite3_stmt **statement) {
        (void)sqlite3_reset(*statement);
}

int store_db_step(struct store_db *db, sqlite3_stmt *statement) {
        int code = sqlite3_step(statement);

        if (code == SQLITE_ROW)
                return 1;
        return code == SQLITE_DONE ? 0 : store_db_fail(db, code);
}

int store_db_run(struct store_db *db, sqlite3_stmt *statement) {
        int r = store_db_step(db, statement);

        (void)sqlite3_reset(statement);
        return r < 0 ? r : 0;
}

int store_db_do(struct store_db *db, enum store_query query) {
        return store_db_run(db, store_db_query(db, query));
}

int store_db_number(struct store_db *db, sqlite3_stmt *statement, uint64_t *ret) {
        int r = store_db_step(db, statement);

        if (r >= 0)
                *ret = r > 0 ? column_u64(statement, 0) : 0;
        (void)sqlite3_reset(statement);
        return r < 0 ? r : 0;
}

bool store_db_in_transaction(const struct store_db *db) {
        return sqlite3_get_autocommit(db->sql) == 0;
}

int store_db_begin(struct store_db *db, bool durable) {
        int r;

        if (store_db_in_transaction(db))
                return 0;
        if (db->durable != durable) {
                r = store_db_exec(db, durable ? "PRAGMA synchronous=FULL"
                                              : "PRAGMA synchronous=NORMAL");
                if (r < 0)
                        return r;
                db->durable = durable;
        }
        return store_db_do(db, QUERY_BEGIN);
}

int store_db_commit(struct store_db *db) {
        return store_db_in_transaction(db) ? store_db_do(db, QUERY_COMMIT) : 0;
}

void store_db_rollback(struct store_db *db) {
        if (store_db_in_transaction(db) && store_db_do(db, QUERY_ROLLBACK) < 0)
                store_db_abandon(db);
}

static int prepare_all(struct store_db *db) {
        int r;

        for (unsigned i = 0; i < QUERY_COUNT; i++) {
                r = prepare(db, store_sql_queries[i], SQLITE_PREPARE_PERSISTENT,
                            &db->statements[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Empty (version 0), or ours, of a known version and not damaged as far as it was looked at; reads
 * only. */
static int check(struct store_db *db, bool whole, uint64_t *ret_version) {
        uint64_t application, version, n_tables, n_pages;
        bool sound;
        int r;

        r = store_db_pragma(db, "PRAGMA application_id", &application);
        if (r < 0)
                return r;
        r = store_db_pragma(db, "PRAGMA user_version", &version);
        if (r < 0)
                return r;
        r = store_db_pragma(db, "SELECT count(*) FROM sqlite_schema", &n_tables);
        if (r < 0)
                return r;
        *ret_version = version;
        if (application == 0 && version == 0 && n_tables == 0)
                return whole ? refuse(db, -EUCLEAN, "its tables are gone") : 0;
        if (application != STORE_APPLICATION_ID)
                return refuse(db, -EUCLEAN, "it is a database of another program");
        if (version > STORE_SCHEMA_VERSION)
                return refuse(db, -EPROTO, "newer tables");
        if (version == 0)
                return refuse(db, -EUCLEAN, "it has no version");
        r = store_db_pragma(db, "PRAGMA page_count", &n_pages);
        if (r < 0)
                return r;
        if (whole || n_pages * 4096 <= CHECK_MAX_BYTES) {
                r = pragma_says(db, "PRAGMA quick_check(1)", "ok", &sound);
                if (r < 0)
                        return r;
                if (!sound)
                        return refuse(db, -EUCLEAN, "its pages contradict each other");
        }
        /* Fails where tables or columns are missing; those of an older version are not there yet.
         */
        return version == STORE_SCHEMA_VERSION ? prepare_all(db) : 0;
}

static int create_tables(struct store_db *db) {
        char sql[128];
        int r;

        r = store_db_exec(db, "BEGIN IMMEDIATE");
        if (r < 0)
                return r;
        r = store_db_exec(db, store_sql_schema);
        if (r < 0)
                return r;
        (void)snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
                       STORE_APPLICATION_ID, STORE_SCHEMA_VERSION);
        r = store_db_exec(db, sql);
        return r < 0 ? r : prepare_all(db);
}

/* All that is in the file stays. When anything of it is not as that version left it, nothing has
 * changed. */
static int migrate(struct store_db *db, uint64_t version) {
        char sql[64];
        int r;

        r = store_db_exec(db, "BEGIN IMMEDIATE");
        for (; r >= 0 && version < STORE_SCHEMA_VERSION; version++)
                r = store_db_exec(db, store_sql_migrations[version - 1]);
        if (r >= 0)
                r = prepare_all(db);
        if (r < 0)
                return r; /* closing takes it back */
        (void)snprintf(sql, sizeof(sql), "PRAGMA user_version=%d; COMMIT", STORE_SCHEMA_VERSION);
        return store_db_exec(db, sql);
}

/* SQLite takes pages from the log where it has them, and would not see that the file is something
 * else. Read by its own descriptor: closing another one would drop its lock. */
static int check_header(struct store_db *db) {
        static const char magic[16] = "SQLite format 3";
        sqlite3_file *file = NULL;
        sqlite3_int64 size;
        char header[16];
        int code;

        (void)sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_FILE_POINTER, &file);
        code = file->pMethods->xFileSize(file, &size);
        if (code != SQLITE_OK)
                return store_db_fail(db, code);
        if (size == 0)
                return store_space_has_log(db) ? refuse(db, -EUCLEAN, "it is empty and has a log")
                                               : 0;
        code = file->pMethods->xRead(file, header, sizeof(header), 0);
        if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ)
                return store_db_fail(db, code);
        return memcmp(header, magic, sizeof(magic)) == 0
                       ? 0
                       : refuse(db, -EUCLEAN, sqlite3_errstr(SQLITE_NOTADB));
}

static int connect_file(struct store_db *db) {
        int code, r;

        code = sqlite3_open_v2(db->path, &db->sql,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                               NULL);
        if (code != SQLITE_OK)
                return store_db_fail(db, code);
        if (sqlite3_db_readonly(db->sql, "main") != 0)
                return refuse(db, -EACCES, "it cannot be written");
        r = check_header(db);
        if (r < 0)
                return r;
        /* The log keeps its size and its blocks from one run to the next. */
        (void)sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        (void)sqlite3_db_config(db->sql, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
        /* Exclusive: the lock is kept, so that no second process can write (older versions of
         * SQLite can then damage the file), and the index of the log needs no shared file. */
        r = store_db_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA trusted_schema=OFF;"
                              "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;"
                              "PRAGMA cache_size=-1024; PRAGMA temp_store=MEMORY;"
                              "PRAGMA secure_delete=FAST; PRAGMA synchronous=FULL");
        db->durable = true;
        return r;
}

/* Before this nothing is written. */
static int set_up(struct store_db *db, uint64_t version) {
        bool wal;
        int r;

        r = pragma_says(db, "PRAGMA journal_mode=WAL", "wal", &wal);
        if (r < 0)
                return r;
        if (!wal)
                return refuse(db, -EIO, "it cannot have a write-ahead log");
        if (version == 0)
                return create_tables(db);
        return version < STORE_SCHEMA_VERSION ? migrate(db, version) : 0;
}

static int connect_and_check(struct store_db *db, bool again) {
        uint64_t version;
        int r;

        r = connect_file(db);
        if (r < 0)
                return r;
        r = check(db, again, &version);
        if (r < 0)
                return r;
        r = set_up(db, version);
        if (r < 0)
                return r;
        if (again) {
                r = store_db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)");
                if (r < 0)
                        return r;
        }
        return store_space_init(db);
}

void store_db_abandon(struct store_db *db) {
        for (unsigned i = 0; i < QUERY_COUNT; i++) {
                (void)sqlite3_finalize(db->statements[i]);
                db->statements[i] = NULL;
        }
        (void)sqlite3_close(db->sql);
        db->sql = NULL;
}

int store_db_reopen(struct store_db *db) {
        int r;

        if (db->damaged)
                return -EUCLEAN;
        db->failure = 0;
        r = connect_and_check(db, true);
        if (r < 0) {
                db->damaged = r == -EUCLEAN;
                store_db_abandon(db);
        }
        return r;
}

void store_db_explain(const struct store_db *db, int r, char *problem, size_t problem_size) {
        const char *path = db->path;

        switch (r) {
        case -EBUSY:
                (void)snprintf(problem, problem_size,
                               "%s is in use by another process: is another wherry-agent running?",
                               path);
                break;
        case -EPROTO:
                (void)snprintf(problem, problem_size,
                               "%s was made by a newer version of wherry-agent and is left as it "
                               "is: install that version again, or move the file away to begin "
                               "with an empty queue",
                               path);
                break;
        case -EUCLEAN:
                (void)snprintf(problem, problem_size,
                               "%s is damaged or no queue of wherry-agent (%s) and is left as it "
                               "is: restore it from a backup, or move it and %s-wal away to begin "
                               "with an empty queue",
                               path, db->why, path);
                break;
        default:
                (void)snprintf(problem, problem_size, "%s: %s", path,
                               r == -ENOSPC ? "the disk is full" : db->why);
                break;
        }
}

int store_db_open(struct store_db *db, const char *directory, uint64_t limit_bytes, char *problem,
                  size_t problem_size) {
        int r;

        *db = (struct store_db){.directory_fd = -1, .space.ballast_fd = -1, .why = ""};
        db->space.limit_bytes = limit_bytes == 0 ? DEFAULT_LIMIT_BYTES : limit_bytes;
        if (db->space.limit_bytes < MIN_LIMIT_BYTES)
                db->space.limit_bytes = MIN_LIMIT_BYTES;
        r = store_files_open(directory, &db->directory_fd, &db->path, problem, problem_size);
        if (r < 0)
                return r;
        r = connect_and_check(db, false);
        if (r < 0) {
                store_db_explain(db, r, problem, problem_size);
                store_db_close(db);
        }
        return r;
}

void store_db_close(struct store_db *db) {
        store_db_abandon(db);
        close_fdp(&db->directory_fd);
        close_fdp(&db->space.ballast_fd);
        db->directory_fd = db->space.ballast_fd = -1;
        free(db->path);
        db->path = NULL;
}
