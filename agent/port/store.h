/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The durable queue: channels, outbox and inbox in one SQLite database, one connection in one
 * storage thread.
 *
 * The loop submits requests and takes them back when done; it never waits for the disk. Requests
 * are done in the order of submission; all that have gathered while the thread was busy share one
 * transaction (group commit), and none is given back before its commit. What is wrong with one
 * request changes nothing and does not touch the others. A commit that failed has an unknown
 * outcome: every request of it comes back with -EIO, and the sender repeats with the same UUID.
 *
 * On a full disk, or at the limit of the file, only what adds something fails (-ENOSPC: SEND,
 * RECEIVE, CHANNEL_PUT); what takes away or only marks goes on. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cursor.h"
#include "message.h"
#include "options.h"

struct store;

struct store_counts {
        uint64_t n_queued; /* in the outbox */
        uint64_t queued_bytes;
        uint64_t n_unread; /* in the inbox, not acknowledged by the app */
        uint64_t unread_bytes;
        uint64_t n_parked;         /* final, not delivered, still listed */
        uint64_t oldest_queued_id; /* 0: none */
};

/* A channel as it is on disk. */
struct store_channel {
        uint64_t id; /* of the channel; never reused */
        uid_t uid;
        char *user;    /* name that the uid had when the channel was made, set by the storage thread
                          because asking for it may wait; NULL when the uid had none. Another one now
                          means the channel is orphaned */
        bool orphaned; /* found by store_load_channels() */
        char *app_id;
        char *name;
        char *uri;
        bool suspended;
        bool was_connected;            /* once at least: the next connection is a reconnect */
        uint64_t closed_realtime_usec; /* orphaned since; 0 otherwise */
        uint8_t key[MESSAGE_UUID_BYTES];
        struct channel_options options;
        struct store_counts counts;
        uint64_t last_id;     /* of its messages, in either direction */
        struct cursor cursor; /* read by store_load_channels(), moved by RECEIVE only */
};

void store_channel_free(struct store_channel *channel);

/* One message with its payload behind it, owned by whoever holds the request. */
struct store_message {
        struct message_facts facts;
        bool redelivered; /* inbox: offered before */
        bool text;        /* inbox: came as a text frame */
        char *server_id;  /* RECEIVE: what the server calls it, by which repeats are known; NULL */
        bool duplicate;   /* RECEIVE, out: it had come before, and is not stored again */
        size_t payload_bytes;
        uint8_t *payload; /* NULL when the payload was not asked for */
};

#define STORE_PAYLOAD_MAX (UINT64_C(64) << 20) /* bytes; more is -EMSGSIZE */

enum store_kind {
        /* `channel` 0: a new one from `put`, its id, key and user come back in it; -EEXIST when its
         * uid, app_id and name are taken. Else uri, options, suspended, was_connected and
         * closed_realtime_usec of that channel become those of `put`. */
        STORE_CHANNEL_PUT,
        /* Removes the channel and all its messages. */
        STORE_CHANNEL_REMOVE,
        /* messages[0..n): appended to the outbox in order and given ids, all or none. A message
         * whose uuid_given UUID is known gets its old id (and adds nothing). error: -EEXIST the
         * same UUID with another payload, -ENOBUFS over `limit_messages` or `limit_bytes` (0: no
         * limit), unless drop_oldest: then the oldest queued ids above `keep_id` leave as
         * DROPPED("queue-full") and stand in ids[]. */
        STORE_SEND,
        /* ids[]: leave the outbox in `state` for `reason`: delivered ones are gone, the others are
         * parked for 7 days, at most 10,000 and 64 MiB a channel. Given UUIDs are kept 24 h, at
         * most 100,000 a channel. Unknown ids are ignored and taken out of ids[]. */
        STORE_FINISH,
        /* ids[]: at-most-once messages are about to be written: MESSAGE_SENT on disk. After a
         * restart they are UNCERTAIN("restart"). Unknown ids are taken out of ids[]. */
        STORE_MARK_SENT,
        /* ids[]: in flight when a connection was lost: tries + 1 for those with max_tries. Those
         * that have reached it are parked as REJECTED("max-tries") and stay in ids[]; the others
         * are taken out. */
        STORE_COUNT_TRY,
        /* The next due, unexpired queued messages with id > after_id, without those in ids[] (in
         * flight) and those marked sent: at most limit_messages and limit_bytes (but at least one)
         * into messages[]. next_due_realtime_usec: when a message held back by not-before becomes
         * due, 0 none. next_expiry_realtime_usec: the first expiry of a message not in ids[], which
         * may be past, 0 none. */
        STORE_READ_OUT,
        /* Every queued message whose expiry has come, not in ids[] (in flight) and not marked sent,
         * is parked as EXPIRED("ttl"), at most 1,000 a request; ids[] becomes the list.
         * next_expiry_realtime_usec as above. */
        STORE_EXPIRE,
        /* messages[0..n) into the inbox, all or none; each gets its id. -ENOBUFS over the limits,
         * unless drop_oldest: n_dropped tells how many of the oldest went. When the disk refuses
         * one (-ENOSPC, -EIO, -ENOMEM), all behind it with the same or a lower `round` are refused
         * too: the submitter repeats them in order in a higher one, and none overtakes another.
         * Those whose server_id and payload are among the last 1,024 of the channel that had a
         * server_id are left out as duplicates.
         * With `moves_cursor` the channel's cursor becomes `cursor` in the same transaction, unless
         * all are duplicates; n 0 only moves it. */
        STORE_RECEIVE,
        /* Unacknowledged inbox messages with id > after_id, at most limit_messages and limit_bytes
         * (but at least one), oldest first. `redelivered` says whether an earlier READ_IN, before a
         * restart too, had taken them: the channel's row keeps the highest id so offered. (That
         * mark alone is not worth a wait for the disk: it survives kill -9, not a power cut.) */
        STORE_READ_IN,
        /* ids[] of the inbox: gone. Unknown ones are ignored and taken out of ids[]. */
        STORE_ACKNOWLEDGE,
        /* `filter`: messages[] for GetMessages in the order of ids, at most limit_messages, without
         * payloads unless `with_payload`. Queued ones in ids[] (in flight) count as SENT. Looks at
         * 10,000 messages at most; `more` says that there are others, after `after_id`. */
        STORE_LIST,
        /* Parked ids[] (n_ids 0: all) back into the outbox under their old ids and UUIDs, those
         * that had expired without an expiry; ids[] becomes the list. Nothing changes and -ENOENT
         * when one of them is not parked, -ENOBUFS over the limits. */
        STORE_RETRY,
        /* Parked ids[] (n_ids 0: all): forgotten; ids[] becomes the list. -ENOENT, and nothing
         * changed, when one of them is not parked. */
        STORE_DISCARD,
};

struct store_filter {
        bool incoming;
        bool any_state;
        enum message_state state; /* QUEUED lists the outbox, final ones the parked */
        uint64_t after_id;
        uint64_t only_id;              /* 0: any */
        char tag[MESSAGE_TAG_MAX + 1]; /* "": any */
        bool by_uuid;
        uint8_t uuid[MESSAGE_UUID_BYTES];
};

struct store_request {
        enum store_kind kind;
        uint64_t channel;
        /* The submitter's own. */
        void *context;
        void (*release_context)(void *context); /* with the request; may be NULL */
        uint64_t link_number;                   /* RECEIVE: over which link the message came */
        uint64_t token;                         /* and for what the server waits; 0: for nothing */
        bool moves_cursor;                      /* RECEIVE */
        struct cursor cursor;
        bool both;                    /* a LIST of the inbox is to follow this one of the outbox */
        struct store_request *before; /* this one completes; freed with it */

        /* In and out as said at each kind. Arrays are malloc'd and freed with the request. */
        struct store_channel *put;
        struct store_message *messages;
        size_t n_messages;
        uint64_t *ids;
        size_t n_ids;
        enum message_state state; /* of FINISH: a final one */
        char reason[64];
        uint64_t after_id;
        uint64_t keep_id;
        uint64_t round;
        uint64_t limit_messages;
        uint64_t limit_bytes;
        bool drop_oldest;
        uint64_t n_dropped;
        bool with_payload;
        struct store_filter filter;
        bool more;                  /* the limits have ended a reading: there may be others */
        uint64_t now_realtime_usec; /* always set by the submitter */
        uint64_t next_due_realtime_usec;
        uint64_t next_expiry_realtime_usec;

        /* Out. */
        int error; /* 0 or negative errno: as said above, -ENOENT for an unknown channel, -ENOMEM,
                      -ENOSPC, -EIO, -EUCLEAN for damage that this request has met */
        struct store_counts counts; /* of the channel, after this request, when error is 0 */

        /* The store's own. */
        struct store_request *next;
        size_t submitted_bytes;
        uint64_t *found; /* what ids[] becomes with the commit */
        size_t n_found;
        size_t found_room;
        size_t messages_room;
        uint64_t result_bytes; /* of payloads in messages[], where they are the result */
};

struct store_request *store_request_new(enum store_kind kind, uint64_t channel);
void store_request_free(struct store_request *request);

static inline void store_request_freep(struct store_request **request) {
        store_request_free(*request);
}

/* Opens or makes DIRECTORY/queue.db (directory 0700, files 0600) and starts the thread. Waits for
 * the disk: for start-up only. `limit_bytes` bounds the file (512 KiB at least); 0 means 1 GiB. On
 * failure `problem` has a sentence with the file's name: -EBUSY used by another process, -EPROTO
 * made by a newer version (untouched), -EUCLEAN damaged or no queue at all (untouched), -ENOSPC,
 * -EACCES another user's or unreadable, -EIO ... */
int store_open(const char *directory, uint64_t limit_bytes, struct store **ret, char *problem,
               size_t problem_size);

/* Finishes what was submitted, closes the database, ends the thread. */
void store_free(struct store *store);

/* Every channel on disk, for start-up, before anything is submitted. The caller frees each one and
 * the array. Messages that were MESSAGE_SENT on disk have become UNCERTAIN. A channel whose row or
 * options make no sense is left out, with a line in the log. */
int store_load_channels(struct store *store, struct store_channel ***ret, size_t *ret_n);

/* Hands the request over; it comes back from store_take_done(). Never fails, never waits. */
void store_submit(struct store *store, struct store_request *request);

/* Readable when finished requests are to be taken; stays the same for the store's life. */
int store_fd(const struct store *store);

/* The next finished request, in order of submission, or NULL; the caller owns it. */
struct store_request *store_take_done(struct store *store);

/* Bytes of payload submitted and not yet taken back: the submitter bounds it. */
size_t store_pending_bytes(const struct store *store);
