/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The requests that read messages: READ_OUT and LIST. */

#include "store_tally.h"

int store_list_read_out(struct store_db *db, struct tally *tally, struct store_request *request);
int store_list_filtered(struct store_db *db, struct tally *tally, struct store_request *request);

/* When the next queued message becomes due or expires, of those not in the request's ids[]. */
int store_list_times(struct store_db *db, const struct tally *tally, struct store_request *request);
