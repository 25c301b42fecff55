/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A made-up machine: links and addresses in a world, and a kernel that answers from a table. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel.h"
#include "marks.h"
#include "route_msg.h"
#include "world.h"

#define FAKE_ROUTES_MAX 32

struct fake_route {
        const char *destination; /* "0.0.0.0", "2001:db8::", ... */
        uint8_t dst_len;
        uint32_t oif;        /* 0: a set of next hops, or no way out */
        const char *gateway; /* NULL: on link */
        const char *source;
        uint32_t metric;
        uint32_t table;    /* 0: main */
        uint8_t type;      /* 0: unicast */
        uint32_t uid;      /* only for this user; 0: for all */
        const char *from;  /* only for this source; NULL: for all */
        uint32_t not_mark; /* by a rule: only for packets without this mark; 0: for all */
        struct fake_hop {
                uint32_t oif;
                const char *gateway;
                const char *source;
        } hops[4];
        size_t n_hops;
        size_t chosen_hop; /* which one answers */
        uint64_t lifetime_usec;
};

struct fake_net {
        struct world world;
        struct fake_route routes[FAKE_ROUTES_MAX];
        size_t n_routes;
        int rp_filter[128]; /* by index */
        struct marks marks;
        int error; /* the kernel cannot be asked */
        unsigned n_lookups;
        unsigned lost_after; /* so many of them all routes go; 0: never */
};

#define FAKE_NOW_USEC 1000

/* A world over that kernel, with lo (index 1) alone. */
void fake_net_init(struct fake_net *net);
void fake_net_deinit(struct fake_net *net);

/* Adds a link that is up with carrier, typed by its name as in an Ethernet device "eth0", a tunnel
 * "wg0", a modem "wwan0", a WLAN "wlan0", a bridge "br0", a veth "veth0". */
struct link *fake_net_add_link(struct fake_net *net, uint32_t index, const char *name);
void fake_net_set_flags(struct fake_net *net, uint32_t index, uint32_t flags, uint8_t operstate);
void fake_net_remove_link(struct fake_net *net, uint32_t index);
void fake_net_add_address(struct fake_net *net, uint32_t index, const char *address,
                          uint32_t flags);
void fake_net_remove_address(struct fake_net *net, uint32_t index, const char *address);

struct fake_route *fake_net_add_route(struct fake_net *net, const struct fake_route *route);
void fake_net_clear_routes(struct fake_net *net);

/* eth0 (2) with 10.1.0.2 and 2001:db8:1::2, wwan0 (3) with 10.2.0.2 and 2001:db8:2::2, and default
 * routes of metric 100 and 200. */
void fake_net_add_uplinks(struct fake_net *net);
