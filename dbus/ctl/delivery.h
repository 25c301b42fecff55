/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What became of messages that were sent: waits for their final states, and misses none when the
 * agent leaves some out or is restarted meanwhile. */

#include <stdbool.h>
#include <stdint.h>

#include "channel.h"

struct delivery;

/* Told once for every message. */
typedef void (*delivery_final)(uint64_t id, const char *state, const char *reason, void *userdata);

/* Begins to listen: before the first message is sent. `ctl` and `channel` are borrowed. */
struct delivery *delivery_new(struct ctl *ctl, const struct channel *channel, delivery_final final,
                              void *userdata);
void delivery_free(struct delivery *d);

static inline void delivery_freep(struct delivery **d) {
        delivery_free(*d);
}

/* Ids rise. `again`: the message may have come to its end long ago, since its UUID was known. */
void delivery_add(struct delivery *d, uint64_t id, bool again);

/* Until every message has a final state; tells it when that takes longer. */
enum outcome delivery_wait(struct delivery *d, uint64_t timeout_usec);
