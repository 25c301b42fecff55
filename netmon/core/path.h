/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a packet would leave the machine, and whether that would work. */

#include <linux/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "link_type.h"
#include "netaddr.h"
#include "network_place.h"
#include "wifi.h"

struct link;
struct model;

/* Why a path is not usable. */
enum path_why {
        PATH_USABLE,
        PATH_NO_ROUTE,
        PATH_PROHIBITED,
        PATH_UNREACHABLE,
        PATH_BLACKHOLE,
        PATH_DOWN,      /* the interface is switched off */
        PATH_CARRIER,   /* or has no carrier */
        PATH_DORMANT,   /* or waits for something above the carrier, as 802.1X */
        PATH_NO_SOURCE, /* no address that could be the packet's source */
        PATH_TENTATIVE, /* its address is not yet known to be unique */
        PATH_RP_FILTER, /* the answers would be dropped: another interface owns the route */
        PATH_UNDERLAY,  /* it leads into a tunnel, and what carries the tunnel is not usable */
};
#define PATH_WHY_COUNT 12

struct path {
        uint8_t family;
        uint32_t ifindex; /* 0: there is no route */
        char interface[IFNAMSIZ];
        enum link_type type;
        enum metered metered;
        bool roaming;
        char network_id[NETWORK_ID_SIZE];
        struct netaddr source;
        struct netaddr gateway; /* none: on link */
        uint32_t table;
        uint32_t metric;
        uint32_t mtu;
        enum path_why why;
        enum losing losing;  /* of a usable path */
        unsigned n_roams;    /* of the interface: another one is another access point */
        uint64_t since_usec; /* so long it has led there, and been usable or not */
};

/* "" for PATH_USABLE. */
const char *path_why_to_string(enum path_why why);

/* What the link says: interface, type, metered, roaming, network, and the MTU where the route has
 * none. */
void path_set_link(struct path *path, const struct link *link);

/* Whether packets for `destination` can go this way now: looks at the link and at the source.
 * *ret_unknown: the kernel spoke of a link or an address that the model does not have, which is
 * news not yet read, or nothing to be relied upon. */
enum path_why path_judge(const struct path *path, const struct model *model,
                         const struct netaddr *destination, bool *ret_unknown);

/* What speaks against a usable path, though it works yet. */
enum losing path_losing(const struct path *path, const struct model *model);

/* Everything but the time. */
bool path_equal(const struct path *a, const struct path *b);
/* The same way out, usable or not as before. */
bool path_continues(const struct path *was, const struct path *now);
