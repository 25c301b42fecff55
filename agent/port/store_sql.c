/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_sql.h"

#include <stddef.h>

/* What servers called the last messages that came: a ring of slots for each channel. */
#define SEEN                                                                      \
        "CREATE TABLE seen("                                                      \
        " channel INTEGER NOT NULL, slot INTEGER NOT NULL, digest BLOB NOT NULL," \
        " PRIMARY KEY(channel, slot)) WITHOUT ROWID;"                             \
        "CREATE INDEX seen_digest ON seen(channel, digest);"

/* Times are CLOCK_REALTIME in microseconds. Message tables are kept in the order of (channel, id):
 * a FIFO adds at the end and deletes at the beginning. Small columns come first, so that reading
 * them never touches a long payload. */
const char store_sql_schema[] =
        /* AUTOINCREMENT: ids are never reused. The counts are kept here because counting a long
         * queue takes seconds. */
        "CREATE TABLE channel("
        " id INTEGER PRIMARY KEY AUTOINCREMENT, uid INTEGER NOT NULL, user TEXT,"
        " app_id TEXT NOT NULL, name TEXT NOT NULL, uri TEXT NOT NULL, key BLOB NOT NULL,"
        " suspended INTEGER NOT NULL, was_connected INTEGER NOT NULL, closed INTEGER NOT NULL,"
        " last_id INTEGER NOT NULL DEFAULT 0,"
        " offered_in INTEGER NOT NULL DEFAULT 0,"
        " n_queued INTEGER NOT NULL DEFAULT 0, queued_bytes INTEGER NOT NULL DEFAULT 0,"
        " n_unread INTEGER NOT NULL DEFAULT 0, unread_bytes INTEGER NOT NULL DEFAULT 0,"
        " n_parked INTEGER NOT NULL DEFAULT 0, parked_bytes INTEGER NOT NULL DEFAULT 0,"
        " n_final_uuids INTEGER NOT NULL DEFAULT 0,"
        /* cursor: NULL when it is not known; epoch: NULL when there is none. */
        " n_seen INTEGER NOT NULL DEFAULT 0, cursor TEXT, epoch TEXT,"
        " UNIQUE(uid, app_id, name));"
        /* Only those that differ from the default; type is a D-Bus signature. */
        "CREATE TABLE option("
        " channel INTEGER NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL, value,"
        " PRIMARY KEY(channel, key)) WITHOUT ROWID;"
        /* uuid: NULL when it is derived from the channel's key and the id. */
        "CREATE TABLE outbox("
        " channel INTEGER NOT NULL, id INTEGER NOT NULL, created INTEGER NOT NULL,"
        " expires INTEGER NOT NULL, not_before INTEGER NOT NULL, at_most_once INTEGER NOT NULL,"
        " frame INTEGER NOT NULL, max_tries INTEGER NOT NULL, uuid BLOB, tag TEXT NOT NULL,"
        " payload BLOB NOT NULL, PRIMARY KEY(channel, id)) WITHOUT ROWID;"
        "CREATE INDEX outbox_due ON outbox(channel, not_before) WHERE not_before > 0;"
        "CREATE INDEX outbox_expiry ON outbox(channel, expires) WHERE expires > 0;"
        /* What must outlive a restart about messages that were written to a connection: only of
         * at-most-once ones and those with max_tries. */
        "CREATE TABLE attempt("
        " channel INTEGER NOT NULL, id INTEGER NOT NULL, tries INTEGER NOT NULL,"
        " sent INTEGER NOT NULL, PRIMARY KEY(channel, id)) WITHOUT ROWID;"
        /* Messages in a final state that is not delivered. */
        "CREATE TABLE parked("
        " channel INTEGER NOT NULL, id INTEGER NOT NULL, created INTEGER NOT NULL,"
        " expires INTEGER NOT NULL, not_before INTEGER NOT NULL, at_most_once INTEGER NOT NULL,"
        " frame INTEGER NOT NULL, max_tries INTEGER NOT NULL, uuid BLOB, tag TEXT NOT NULL,"
        " tries INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,"
        " finished INTEGER NOT NULL, payload BLOB NOT NULL,"
        " PRIMARY KEY(channel, id)) WITHOUT ROWID;"
        "CREATE INDEX parked_finished ON parked(channel, finished);"
        /* UUIDs given by senders; digest of the payload; finished 0 while the message is queued. */
        "CREATE TABLE uuid("
        " channel INTEGER NOT NULL, uuid BLOB NOT NULL, id INTEGER NOT NULL, digest BLOB NOT NULL,"
        " finished INTEGER NOT NULL, PRIMARY KEY(channel, uuid)) WITHOUT ROWID;"
        "CREATE INDEX uuid_finished ON uuid(channel, finished) WHERE finished > 0;"
        "CREATE TABLE inbox("
        " channel INTEGER NOT NULL, id INTEGER NOT NULL, received INTEGER NOT NULL,"
        " text INTEGER NOT NULL, payload BLOB NOT NULL, PRIMARY KEY(channel, id)) WITHOUT "
        "ROWID;" SEEN;

const char *const store_sql_migrations[STORE_SCHEMA_VERSION - 1] = {
        "ALTER TABLE channel ADD COLUMN n_seen INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE channel ADD COLUMN cursor TEXT;"
        "ALTER TABLE channel ADD COLUMN epoch TEXT;" SEEN,
};

/* What store_list.c reads as the facts of a message, in its order. */
#define OUTBOX_FACTS                                                                       \
        "o.id, o.created, o.expires, o.not_before, o.at_most_once, o.frame, o.max_tries, " \
        "o.uuid, o.tag, coalesce(a.tries, 0), length(o.payload)"
#define OUTBOX_WITH_ATTEMPT "outbox o LEFT JOIN attempt a ON a.channel=o.channel AND a.id=o.id"
#define NOT_SENT "coalesce(a.sent, 0)=0"

/* Where rows are read one after the other their ids are asked to be integers: in a file that was
 * tampered with they can be anything, and an id that cannot be named can never be taken out. */
const char *const store_sql_queries[QUERY_COUNT] = {
        [QUERY_BEGIN] = "BEGIN IMMEDIATE",
        [QUERY_COMMIT] = "COMMIT",
        [QUERY_ROLLBACK] = "ROLLBACK",
        [QUERY_SAVEPOINT] = "SAVEPOINT request",
        [QUERY_ROLLBACK_TO] = "ROLLBACK TO request",
        [QUERY_RELEASE] = "RELEASE request",
        [QUERY_PAGE_COUNT] = "PRAGMA page_count",
        [QUERY_FREE_PAGE_COUNT] = "PRAGMA freelist_count",

        [QUERY_CHANNEL_FIND] = "SELECT id FROM channel WHERE uid=?1 AND app_id=?2 AND name=?3",
        [QUERY_CHANNEL_INSERT] =
                "INSERT INTO channel(uri, suspended, was_connected, closed, uid, user, app_id, "
                "name, key) VALUES(?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        [QUERY_CHANNEL_UPDATE] = "UPDATE channel SET uri=?2, suspended=?3, was_connected=?4, "
                                 "closed=?5 WHERE id=?1",
        [QUERY_CHANNEL_DELETE] = "DELETE FROM channel WHERE id=?1",
        [QUERY_CHANNEL_LOAD] = "SELECT id, uid, user, app_id, name, uri, key, suspended, "
                               "was_connected, closed, cursor, epoch FROM channel ORDER BY id",
        [QUERY_OPTION_PUT] =
                "INSERT OR REPLACE INTO option(channel, key, type, value) VALUES(?1, ?2, ?3, ?4)",
        [QUERY_OPTION_DELETE] = "DELETE FROM option WHERE channel=?1 AND key=?2",
        [QUERY_OPTION_CLEAR] = "DELETE FROM option WHERE channel=?1",
        [QUERY_OPTION_LOAD] = "SELECT key, type, value FROM option WHERE channel=?1",
        /* The highest ids are looked up too: an id once given must not come again even if a count
         * were wrong. */
        [QUERY_TALLY_LOAD] =
                "SELECT id, key, offered_in, n_queued, queued_bytes, n_unread, unread_bytes, "
                "n_parked, parked_bytes, n_final_uuids, "
                "max(CAST(last_id AS INTEGER), coalesce((SELECT max(id) FROM outbox WHERE "
                "channel=c.id), 0), "
                "coalesce((SELECT max(id) FROM parked WHERE channel=c.id), 0), "
                "coalesce((SELECT max(id) FROM inbox WHERE channel=c.id), 0)), "
                "coalesce((SELECT min(id) FROM outbox WHERE channel=c.id), 0), n_seen "
                "FROM channel c ORDER BY id",
        [QUERY_TALLY_SAVE] =
                "UPDATE channel SET offered_in=?2, n_queued=?3, queued_bytes=?4, n_unread=?5, "
                "unread_bytes=?6, n_parked=?7, parked_bytes=?8, n_final_uuids=?9, last_id=?10, "
                "n_seen=?11 "
                "WHERE id=?1",

        [QUERY_OUTBOX_INSERT] =
                "INSERT INTO outbox(channel, id, created, expires, not_before, at_most_once, "
                "frame, max_tries, uuid, tag, payload) "
                "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        [QUERY_OUTBOX_FIND] = "SELECT uuid, length(payload), at_most_once, max_tries FROM outbox "
                              "WHERE channel=?1 AND id=?2",
        [QUERY_OUTBOX_DELETE] = "DELETE FROM outbox WHERE channel=?1 AND id=?2",
        [QUERY_OUTBOX_CLEAR] = "DELETE FROM outbox WHERE channel=?1",
        [QUERY_OUTBOX_OLDEST] = "SELECT min(id) FROM outbox WHERE channel=?1",
        [QUERY_OUTBOX_OLDEST_UNSENT] =
                "SELECT o.id FROM " OUTBOX_WITH_ATTEMPT
                " WHERE o.channel=?1 AND o.id>?2 AND " NOT_SENT " ORDER BY o.id LIMIT 1",
        [QUERY_OUTBOX_READ] =
                "SELECT " OUTBOX_FACTS ", o.payload FROM " OUTBOX_WITH_ATTEMPT
                " WHERE o.channel=?1 AND o.id>?2 AND typeof(o.id)='integer' AND o.not_before<=?3 "
                "AND NOT (o.expires>0 AND o.expires<=?3) AND typeof(o.payload)='blob' "
                "AND length(o.payload)<=?4 AND " NOT_SENT " ORDER BY o.id",
        [QUERY_OUTBOX_NEXT_DUE] = "SELECT min(not_before) FROM outbox "
                                  "WHERE channel=?1 AND not_before>0 AND not_before>?2",
        [QUERY_OUTBOX_EXPIRIES] =
                "SELECT o.id, o.expires FROM " OUTBOX_WITH_ATTEMPT
                " WHERE o.channel=?1 AND typeof(o.id)='integer' AND o.expires>0 AND " NOT_SENT
                " ORDER BY o.expires",
        [QUERY_OUTBOX_LIST] =
                "SELECT " OUTBOX_FACTS ", coalesce(a.sent, 0), NULL, NULL FROM " OUTBOX_WITH_ATTEMPT
                " WHERE ?3 AND o.channel=?1 AND o.id>?2 AND typeof(o.id)='integer' UNION ALL "
                "SELECT id, created, expires, not_before, at_most_once, frame, max_tries, uuid, "
                "tag, tries, length(payload), 0, state, reason FROM parked "
                "WHERE ?4 AND channel=?1 AND id>?2 AND typeof(id)='integer' ORDER BY 1 LIMIT ?5",
        [QUERY_OUTBOX_PAYLOAD] = "SELECT payload FROM outbox WHERE channel=?1 AND id=?2 UNION ALL "
                                 "SELECT payload FROM parked WHERE channel=?1 AND id=?2",

        [QUERY_ATTEMPT_ADD] =
                "INSERT INTO attempt(channel, id, tries, sent) VALUES(?1, ?2, ?3, ?4) "
                "ON CONFLICT(channel, id) DO UPDATE SET tries=tries+excluded.tries, "
                "sent=max(sent, excluded.sent)",
        [QUERY_ATTEMPT_DELETE] = "DELETE FROM attempt WHERE channel=?1 AND id=?2",
        [QUERY_ATTEMPT_CLEAR] = "DELETE FROM attempt WHERE channel=?1",
        [QUERY_ATTEMPT_TRIES] = "SELECT tries FROM attempt WHERE channel=?1 AND id=?2",
        [QUERY_ATTEMPT_SENT] =
                "SELECT channel, id FROM attempt WHERE sent<>0 AND (channel, id)>(?1, ?2) "
                "AND typeof(channel)='integer' AND typeof(id)='integer' "
                "ORDER BY channel, id LIMIT 1",

        [QUERY_PARK] =
                "INSERT OR REPLACE INTO parked(channel, id, created, expires, not_before, "
                "at_most_once, frame, max_tries, uuid, tag, tries, state, reason, finished, "
                "payload) SELECT o.channel, o.id, o.created, o.expires, o.not_before, "
                "o.at_most_once, o.frame, o.max_tries, o.uuid, o.tag, coalesce(a.tries, 0), ?3, "
                "?4, ?5, o.payload FROM " OUTBOX_WITH_ATTEMPT " WHERE o.channel=?1 AND o.id=?2",
        [QUERY_UNPARK] =
                "INSERT INTO outbox(channel, id, created, expires, not_before, at_most_once, "
                "frame, max_tries, uuid, tag, payload) "
                "SELECT channel, id, created, CASE WHEN expires>?3 THEN expires ELSE 0 END, "
                "not_before, at_most_once, frame, max_tries, uuid, tag, payload FROM parked "
                "WHERE channel=?1 AND id=?2",
        [QUERY_PARKED_FIND] = "SELECT uuid, length(payload) FROM parked WHERE channel=?1 AND id=?2",
        [QUERY_PARKED_DELETE] = "DELETE FROM parked WHERE channel=?1 AND id=?2",
        [QUERY_PARKED_CLEAR] = "DELETE FROM parked WHERE channel=?1",
        [QUERY_PARKED_IDS] = "SELECT id FROM parked WHERE channel=?1 ORDER BY id",
        [QUERY_PARKED_OLDEST] = "SELECT id FROM parked WHERE channel=?1 AND finished<?2 "
                                "ORDER BY finished LIMIT 1",

        [QUERY_UUID_FIND] = "SELECT id, digest FROM uuid WHERE channel=?1 AND uuid=?2",
        [QUERY_UUID_INSERT] = "INSERT OR IGNORE INTO uuid(channel, uuid, id, digest, finished) "
                              "VALUES(?1, ?2, ?3, ?4, 0)",
        [QUERY_UUID_FINISH] = "UPDATE uuid SET finished=?4 "
                              "WHERE channel=?1 AND uuid=?2 AND id=?3",
        [QUERY_UUID_REVIVE] = "UPDATE uuid SET finished=0 "
                              "WHERE channel=?1 AND uuid=?2 AND id=?3 AND finished>0",
        [QUERY_UUID_CLEAR] = "DELETE FROM uuid WHERE channel=?1",
        [QUERY_UUID_PURGE] =
                "DELETE FROM uuid WHERE channel=?1 AND uuid IN (SELECT uuid FROM uuid "
                "WHERE channel=?1 AND finished>0 AND finished<?2 ORDER BY finished LIMIT ?3)",

        [QUERY_INBOX_INSERT] = "INSERT INTO inbox(channel, id, received, text, payload) "
                               "VALUES(?1, ?2, ?3, ?4, ?5)",
        [QUERY_INBOX_FIND] = "SELECT length(payload) FROM inbox WHERE channel=?1 AND id=?2",
        [QUERY_INBOX_DELETE] = "DELETE FROM inbox WHERE channel=?1 AND id=?2",
        [QUERY_INBOX_CLEAR] = "DELETE FROM inbox WHERE channel=?1",
        [QUERY_INBOX_OLDEST] = "SELECT min(id) FROM inbox WHERE channel=?1",
        [QUERY_INBOX_READ] =
                "SELECT id, received, text, payload FROM inbox WHERE channel=?1 AND id>?2 "
                "AND typeof(id)='integer' AND typeof(payload)='blob' AND length(payload)<=?3 "
                "ORDER BY id",
        [QUERY_INBOX_LIST] =
                "SELECT id, received, text, length(payload) FROM inbox WHERE channel=?1 AND id>?2 "
                "AND typeof(id)='integer' AND length(payload)<=?3 ORDER BY id",
        [QUERY_INBOX_PAYLOAD] = "SELECT payload FROM inbox WHERE channel=?1 AND id=?2",

        [QUERY_CURSOR_PUT] = "UPDATE channel SET cursor=?2, epoch=?3 WHERE id=?1",
        [QUERY_SEEN_FIND] = "SELECT 1 FROM seen WHERE channel=?1 AND digest=?2",
        [QUERY_SEEN_PUT] = "INSERT OR REPLACE INTO seen(channel, slot, digest) VALUES(?1, ?2, ?3)",
        [QUERY_SEEN_CLEAR] = "DELETE FROM seen WHERE channel=?1",
};
