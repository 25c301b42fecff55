/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Channels and their options on disk. */

#include "store_tally.h"

/* The requests of these names; `tally` is NULL for a new channel, and freed with a removed one. */
int store_channel_put(struct store_db *db, struct tallies *tallies, struct tally *tally,
                      struct store_request *request);
int store_channel_remove(struct store_db *db, struct tallies *tallies, struct tally *tally);

/* As store_load_channels(). */
int store_channel_load(struct store_db *db, const struct tallies *tallies,
                       struct store_channel ***ret, size_t *ret_n);
