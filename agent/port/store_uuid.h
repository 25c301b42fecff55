/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The UUIDs that senders gave: the same one again is the same message, until 24 h after its final
 * state. Derived UUIDs are not kept: nobody can repeat them. */

#include "store_tally.h"

/* 1: known, with the id it has; 0: not known; -EEXIST: known with another payload. */
int store_uuid_find(struct store_db *db, const struct tally *tally,
                    const struct store_message *message, uint64_t *ret_id);
int store_uuid_add(struct store_db *db, const struct tally *tally,
                   const uint8_t uuid[MESSAGE_UUID_BYTES], uint64_t id, const void *payload,
                   size_t payload_bytes);
/* Its message has reached a final state. */
int store_uuid_finish(struct store_db *db, struct tally *tally,
                      const uint8_t uuid[MESSAGE_UUID_BYTES], uint64_t id,
                      uint64_t now_realtime_usec);
/* Its message is queued again: true in `ret` when it was still known. */
int store_uuid_revive(struct store_db *db, struct tally *tally,
                      const uint8_t uuid[MESSAGE_UUID_BYTES], uint64_t id, bool *ret);
/* Forgets those finished long ago, at most `limit`; `ret` is how many went. */
int store_uuid_purge(struct store_db *db, struct tally *tally, uint64_t now_realtime_usec,
                     uint64_t limit, uint64_t *ret);
