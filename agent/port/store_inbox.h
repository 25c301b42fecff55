/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The requests on incoming messages, each named after its kind. */

#include "store_tally.h"

int store_inbox_receive(struct store_db *db, struct tally *tally, struct store_request *request);
int store_inbox_read(struct store_db *db, struct tally *tally, struct store_request *request);
int store_inbox_acknowledge(struct store_db *db, struct tally *tally,
                            struct store_request *request);
int store_inbox_list(struct store_db *db, struct tally *tally, struct store_request *request);
