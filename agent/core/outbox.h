/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The outgoing window of one channel: what was loaded from the queue on disk, what is written, and
 * what is proved delivered.
 *
 * Messages go out in the order of their ids. At most so many, and so many bytes, are loaded and not
 * proved; one of any size when nothing else is. A proof is the pong of a ping that was written
 * behind the messages, of which one is outstanding at a time; or, when the server proves each
 * message by itself, its word on that message, in any order. The owner asks outbox_next() what to
 * do until the answer is OUTBOX_WAIT. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"

struct outbox_entry {
        struct message_facts facts;
        uint8_t *payload; /* owned by the outbox */
        size_t payload_bytes;
        bool marked;  /* at most once: MESSAGE_SENT is on disk */
        bool written; /* handed to the connection */
        bool proved;  /* delivered: about to be popped */
};

struct outbox {
        bool by_message; /* each is proved by itself */
        uint32_t max_messages;
        uint64_t max_bytes;
        struct outbox_entry *entries; /* rising ids, written ones first */
        size_t n_entries;
        size_t n_allocated;
        size_t n_written;
        uint64_t bytes;
        bool more;           /* the disk may hold messages that are not loaded */
        bool rewind;         /* ids lower than those loaded may have come back */
        bool loading;        /* a read is under way */
        bool stale;          /* and what it brings is of a window that was rewound */
        uint64_t highest_id; /* of those loaded since the last rewind */
        uint64_t marking_id; /* the mark of this at-most-once message is under way; 0: none */
        uint64_t proof_id;   /* the outstanding ping proves up to this id; 0: none is outstanding */
        uint64_t *withdrawn; /* being taken back on disk: not to be loaded */
        size_t n_withdrawn;
        uint64_t suspect_id; /* head of the window when the server closed over a message */
        uint32_t n_suspect;  /* so many times in a row */
};

enum outbox_action {
        OUTBOX_WAIT,
        OUTBOX_LOAD,   /* read messages after outbox_load_after(), at most outbox_load_limit() */
        OUTBOX_MARK,   /* put MESSAGE_SENT of outbox_head() on disk, then outbox_marked() */
        OUTBOX_WRITE,  /* write outbox_head(), then outbox_wrote() */
        OUTBOX_EXPIRE, /* outbox_head() is out of time: park it, then it is gone from here */
        OUTBOX_PROVE,  /* send a ping, then outbox_proving(); never when `by_message` */
};

void outbox_init(struct outbox *o, uint32_t max_messages, uint64_t max_bytes);
void outbox_deinit(struct outbox *o);

/* `writable`: there is a connection and it takes messages now. */
enum outbox_action outbox_next(struct outbox *o, bool writable, uint64_t now_realtime_usec);

/* The first message that is not written; NULL when all are. */
const struct outbox_entry *outbox_head(const struct outbox *o);

/* New messages are on disk; `rewind`: among them some with ids that were queued before. */
void outbox_poke(struct outbox *o, bool rewind);

uint64_t outbox_load_after(const struct outbox *o);
size_t outbox_load_limit(const struct outbox *o);
void outbox_load_started(struct outbox *o);
/* The read is done. `exhausted`: there was nothing beyond what came. */
void outbox_load_done(struct outbox *o, bool exhausted);
/* One message of it; `payload` becomes the outbox's, also when the message is known already or
 * being withdrawn and is left out. -ENOMEM. */
int outbox_add(struct outbox *o, const struct message_facts *facts, uint8_t *payload,
               size_t payload_bytes);

void outbox_marking(struct outbox *o);
void outbox_marked(struct outbox *o, uint64_t id);
void outbox_wrote(struct outbox *o);

void outbox_proving(struct outbox *o);
/* The pong is here: what it proves is marked as proved, and so is what stands in ids[], of which
 * unknown ones are ignored. The owner takes note of all that are marked, then they are popped. */
void outbox_proved(struct outbox *o);
void outbox_proved_ids(struct outbox *o, const uint64_t *ids, size_t n);
void outbox_pop(struct outbox *o);
/* The server refuses one that was written: it is forgotten. False when it is unknown. */
bool outbox_rejected(struct outbox *o, uint64_t id);

/* Forgets one that was not written: expired, or taken back. False when it was written or is being
 * marked: too late. One that is not loaded is only noted as withdrawn. -ENOMEM counts as too late.
 */
bool outbox_withdraw(struct outbox *o, uint64_t id);
/* The disk has forgotten it, or not. */
void outbox_withdrawn(struct outbox *o, uint64_t id);

/* The connection is lost; entries still say what was written, for the owner to take note of;
 * outbox_rewind() follows. `over_message`: the server closed in a way that blames what it was sent.
 * Returns the id of a message that is poison now, 0 if none. */
uint64_t outbox_lost(struct outbox *o, bool over_message);
/* Forgets what was loaded and is neither written nor being marked. */
void outbox_unload(struct outbox *o);
/* Forgets what was loaded: the next load begins with the first on disk. */
void outbox_rewind(struct outbox *o);
