/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages that ended otherwise than delivered: listed for 7 days, then forgotten. */

#include "store_tally.h"

/* Copies the queued message to the parked ones; the caller takes it out of the outbox. */
int store_parked_add(struct store_db *db, struct tally *tally, uint64_t id, uint64_t bytes,
                     enum message_state state, const char *reason, uint64_t now_realtime_usec);

/* The requests of these names. */
int store_parked_retry(struct store_db *db, struct tally *tally, struct store_request *request);
int store_parked_discard(struct store_db *db, struct tally *tally, struct store_request *request);

/* Forgets those parked long ago, at most `limit`; `ret` is how many went. */
int store_parked_purge(struct store_db *db, struct tally *tally, uint64_t now_realtime_usec,
                       uint64_t limit, uint64_t *ret);
