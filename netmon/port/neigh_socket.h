/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Wakes when one of a few neighbours gets into a state that matters, and else sleeps: neighbours
 * come and go all the time. */

#include <linux/neighbour.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "netaddr.h"

struct neigh_socket;

#define NEIGH_SOCKET_MAX 16

/* The kernel has the hardware address. */
#define NEIGH_STATES_KNOWN (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)

struct neighbour {
        uint32_t ifindex;
        struct netaddr address;
        uint16_t states; /* NUD_*, those to be woken for */
};

typedef void (*neigh_socket_handler)(void *userdata);

int neigh_socket_new(sd_event *event, neigh_socket_handler handler, void *userdata,
                     struct neigh_socket **ret);
void neigh_socket_free(struct neigh_socket *neigh);

static inline void neigh_socket_freep(struct neigh_socket **neigh) {
        neigh_socket_free(*neigh);
}

/* Of these from now on, at most NEIGH_SOCKET_MAX, and of no others. */
int neigh_socket_watch(struct neigh_socket *neigh, const struct neighbour *neighbours, size_t n);
