/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the storage thread knows of each channel without asking the disk: counts and last ids. They
 * change with every request and are written once per transaction. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"
#include "store.h"
#include "store_db.h"

struct tally_numbers {
        struct store_counts counts;
        uint64_t last_id;       /* of messages in either direction */
        uint64_t offered_in_id; /* the highest that a READ_IN has taken */
        uint64_t parked_bytes;
        uint64_t n_final_uuids; /* kept of messages that are in a final state */
        uint64_t n_seen;        /* ids of the server that were ever noted */
        bool oldest_unknown;    /* counts.oldest_queued_id is to be looked up */
};

struct tally {
        uint64_t channel;
        uint8_t key[MESSAGE_UUID_BYTES];
        struct tally_numbers n;
        bool dirty;
        struct tally *next_dirty;
};

struct tallies {
        struct tally **all; /* by channel, rising */
        size_t n;
        size_t room;
        struct tally *dirty;
};

/* Forgets what it knew and reads all channels. On failure it knows none. */
int tallies_load(struct tallies *tallies, struct store_db *db);
void tallies_deinit(struct tallies *tallies);

struct tally *tallies_find(const struct tallies *tallies, uint64_t channel);
/* A new channel, whose id is higher than all before. */
int tallies_add(struct tallies *tallies, uint64_t channel, const uint8_t key[MESSAGE_UUID_BYTES]);
void tallies_remove(struct tallies *tallies, struct tally *tally);

/* Looks up what a request has left unknown. */
int tally_settle(struct tally *tally, struct store_db *db);
void tallies_mark(struct tallies *tallies, struct tally *tally);
/* Writes those marked. */
int tallies_save(struct tallies *tallies, struct store_db *db);

/* Counts that are wrong in the file must not wrap around. */
static inline void tally_subtract(uint64_t *count, uint64_t n) {
        *count -= n < *count ? n : *count;
}
