/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernel's route lookup: the question (RTM_GETROUTE) into bytes, the answer out of bytes. */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>

#include "netaddr.h"

#define ROUTE_NEXTHOPS_MAX 16

struct route_query {
        struct netaddr destination;
        struct netaddr source; /* none: the kernel chooses */
        uint32_t oif;          /* 0: any */
        uint32_t uid;
        uint32_t mark;
        uint16_t port;    /* of the destination; 0: not given */
        uint8_t protocol; /* IPPROTO_*; 0: not given */
        bool match;       /* answer with the route that matched, instead of its use */
};

struct nexthop {
        struct netaddr gateway; /* none: on link */
        uint32_t ifindex;
        uint32_t weight;
};

struct route_reply {
        uint8_t type;    /* RTN_* */
        uint8_t dst_len; /* of the matched prefix; 32 or 128 unless asked to match */
        uint32_t table;
        uint32_t metric; /* an IPv4 answer has it only when asked to match */
        uint32_t oif;
        uint32_t mtu;           /* 0: the link's */
        uint64_t lifetime_usec; /* so long the route is valid; 0: it does not end */
        struct netaddr gateway;
        struct netaddr source;
        /* Of a route over several, when asked to match; in order of interface and gateway. */
        struct nexthop nexthops[ROUTE_NEXTHOPS_MAX];
        size_t n_nexthops;
};

/* `buf` has at least 256 bytes. Returns the length. */
size_t route_query_build(const struct route_query *query, uint32_t seq, void *buf);

/* 0 and *ret filled, or -EBADMSG and *ret untouched. */
int route_reply_parse(const struct nlmsghdr *nlh, struct route_reply *ret);
