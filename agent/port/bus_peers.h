/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The bus connections that call us: who they are, what they listen to, and when they are gone.
 *
 * The uid of a connection is asked of the bus once, without blocking; calls that arrive meanwhile
 * wait in order. So every method handler finds its caller in the table. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

#define PEER_MAX_BYTES (UINT64_C(8) << 20) /* of unacknowledged payload, over all channels */

struct peer {
        LIST_ENTRY(peer) of_peers;
        char *name; /* unique name; "" on a connection without a bus daemon */
        uid_t uid;
        bool known;         /* `uid` has been told */
        bool attached;      /* hears all channels of its uid */
        bool attached_all;  /* and those of all others */
        uint64_t *channels; /* hears these too */
        size_t n_channels;
        uint64_t offered_bytes; /* payload offered and not acknowledged */

        /* While the uid is asked for, and until what was held is dispatched. */
        struct bus_peers *peers;
        sd_bus_message **held;
        size_t n_held;
        sd_bus_slot *question;
};

struct bus_peers;

/* `gone` is called before a peer is freed. */
int bus_peers_new(sd_bus *bus, void (*gone)(struct peer *peer, void *userdata), void *userdata,
                  struct bus_peers **ret);
/* Forgets all peers, calling `gone` for each. NULL is allowed. */
void bus_peers_free(struct bus_peers *peers);

/* The sender of a method call; NULL when it has left, or the call came over an earlier bus: never
 * in a method handler. */
struct peer *bus_peers_caller(struct bus_peers *peers, sd_bus_message *call);

/* The first peer; go on with LIST_NEXT(peer, of_peers). Those not `known` yet are to be skipped. */
struct peer *bus_peers_first(struct bus_peers *peers);

/* From now on it hears this channel. -ENOMEM. */
int peer_attach(struct peer *peer, uint64_t channel);
/* Hears none any more. */
void peer_detach(struct peer *peer);
void peer_forget_channel(struct peer *peer, uint64_t channel);
bool peer_hears(const struct peer *peer, uid_t owner, uint64_t channel);
