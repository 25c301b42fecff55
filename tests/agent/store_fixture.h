/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An open store with one channel: the suite's init and fini. */

#include "store_support.h"

extern struct store *store;
extern uint64_t channel;
void fixture_setup(void);
void fixture_teardown(void);
void fixture_reopen(void);

/* The counts of the channel; as "queued/bytes unread/bytes parked oldest". */
struct store_counts fixture_counts_now(void);
const char *fixture_counts(void);

/* To the channel, with such a UUID; the second expects success and gives the id. */
struct store_request *fixture_send_uuid(const char *payload, uint8_t uuid);
uint64_t fixture_sent_uuid(const char *payload, uint8_t uuid, uint64_t now);
