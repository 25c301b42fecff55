/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The requests that change the outbox, each named after its kind. */

#include "store_tally.h"

int store_outbox_send(struct store_db *db, struct tally *tally, struct store_request *request);
int store_outbox_finish(struct store_db *db, struct tally *tally, struct store_request *request);
int store_outbox_mark_sent(struct store_db *db, struct tally *tally, struct store_request *request);
int store_outbox_count_try(struct store_db *db, struct tally *tally, struct store_request *request);
int store_outbox_expire(struct store_db *db, struct tally *tally, struct store_request *request);

/* After a restart: whatever was marked as sent becomes UNCERTAIN. */
int store_outbox_restart(struct store_db *db, struct tallies *tallies, uint64_t now_realtime_usec);
