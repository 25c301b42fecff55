/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A daemon as it comes and goes on the bus. Anybody on a bus can send a signal that looks like a
 * daemon's to one connection; only the owner of the name is believed. */

#include "bus.h"

struct peer;

/* The name has another owner, or none: see peer_is_there(). */
typedef void (*peer_changed)(struct peer *peer, void *userdata);

/* `changed` may be NULL. */
struct peer *peer_new(struct ctl *ctl, const struct service *service, peer_changed changed,
                      void *userdata);
void peer_free(struct peer *peer);

static inline void peer_freep(struct peer **peer) {
        peer_free(*peer);
}

bool peer_is_there(const struct peer *peer);
bool peer_sent(const struct peer *peer, sd_bus_message *m);
