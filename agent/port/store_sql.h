/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The tables of the queue, and every statement that the store runs on them again and again. */

/* In the file's header: whose it is, and which tables are in it. */
#define STORE_APPLICATION_ID 0x57727279 /* "Wrry" */
#define STORE_SCHEMA_VERSION 2

extern const char store_sql_schema[];
/* What makes the tables of a version those of the next one; the first is for version 1. */
extern const char *const store_sql_migrations[STORE_SCHEMA_VERSION - 1];

enum store_query {
        QUERY_BEGIN,
        QUERY_COMMIT,
        QUERY_ROLLBACK,
        QUERY_SAVEPOINT,
        QUERY_ROLLBACK_TO,
        QUERY_RELEASE,
        QUERY_PAGE_COUNT,
        QUERY_FREE_PAGE_COUNT,

        QUERY_CHANNEL_FIND,
        QUERY_CHANNEL_INSERT,
        QUERY_CHANNEL_UPDATE,
        QUERY_CHANNEL_DELETE,
        QUERY_CHANNEL_LOAD,
        QUERY_OPTION_PUT,
        QUERY_OPTION_DELETE,
        QUERY_OPTION_LOAD,
        QUERY_OPTION_CLEAR,
        QUERY_TALLY_LOAD,
        QUERY_TALLY_SAVE,

        QUERY_OUTBOX_INSERT,
        QUERY_OUTBOX_FIND,
        QUERY_OUTBOX_DELETE,
        QUERY_OUTBOX_CLEAR,
        QUERY_OUTBOX_OLDEST,
        QUERY_OUTBOX_OLDEST_UNSENT,
        QUERY_OUTBOX_READ,
        QUERY_OUTBOX_NEXT_DUE,
        QUERY_OUTBOX_EXPIRIES,
        QUERY_OUTBOX_LIST,
        QUERY_OUTBOX_PAYLOAD,

        QUERY_ATTEMPT_ADD,
        QUERY_ATTEMPT_DELETE,
        QUERY_ATTEMPT_CLEAR,
        QUERY_ATTEMPT_TRIES,
        QUERY_ATTEMPT_SENT,

        QUERY_PARK,
        QUERY_UNPARK,
        QUERY_PARKED_FIND,
        QUERY_PARKED_DELETE,
        QUERY_PARKED_CLEAR,
        QUERY_PARKED_IDS,
        QUERY_PARKED_OLDEST,

        QUERY_UUID_FIND,
        QUERY_UUID_INSERT,
        QUERY_UUID_FINISH,
        QUERY_UUID_REVIVE,
        QUERY_UUID_PURGE,
        QUERY_UUID_CLEAR,

        QUERY_INBOX_INSERT,
        QUERY_INBOX_FIND,
        QUERY_INBOX_DELETE,
        QUERY_INBOX_CLEAR,
        QUERY_INBOX_OLDEST,
        QUERY_INBOX_READ,
        QUERY_INBOX_LIST,
        QUERY_INBOX_PAYLOAD,

        QUERY_CURSOR_PUT,
        QUERY_SEEN_FIND,
        QUERY_SEEN_PUT,
        QUERY_SEEN_CLEAR,

        QUERY_COUNT
};

extern const char *const store_sql_queries[QUERY_COUNT];
