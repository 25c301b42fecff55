/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How packets to a server leave this machine, as wherry-netmon tells it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATH_NEXTHOPS_MAX 8
#define PATHS_ALTERNATIVES_MAX 8
#define PATH_ADDRESS_MAX 46 /* INET6_ADDRSTRLEN */
#define PATH_NAME_MAX 16    /* IFNAMSIZ */

/* The keys of org.wherry.NetMon1 GetPath. */
struct path {
        int ifindex; /* 0: no answer */
        char destination[64];
        char family[8];
        char interface[PATH_NAME_MAX];
        char type[16];
        char source[PATH_ADDRESS_MAX];
        char gateway[PATH_ADDRESS_MAX];
        uint32_t table;
        uint32_t metric;
        uint32_t mtu;
        char metered[16];
        bool roaming;
        bool usable;
        char why[16];
        uint64_t since_usec;
        int nexthops[PATH_NEXTHOPS_MAX]; /* interface indexes, when the route has several */
        size_t n_nexthops;
        int underlay_ifindex; /* of what carries a tunnel; 0: unknown, or no tunnel */
        char underlay_gateway[PATH_ADDRESS_MAX];
};

/* netmon's whole answer for one destination. */
struct paths {
        bool known; /* there is an answer */
        struct path selected;
        struct path alternatives[PATHS_ALTERNATIVES_MAX];
        size_t n_alternatives;
};

/* What the agent knows of an interface. */
struct interface {
        int ifindex;
        char name[PATH_NAME_MAX];
        bool usable; /* up, carrier, operational state good */
        char (*addresses)[PATH_ADDRESS_MAX];
        size_t n_addresses;
};

/* All of them; small numbers, so a plain array. */
struct interfaces {
        bool known;
        struct interface *items;
        size_t n_items;
};

/* NULL when there is none. */
struct interface *interfaces_find(const struct interfaces *list, int ifindex);
/* The one that has this source address; NULL. */
struct interface *interfaces_find_address(const struct interfaces *list, const char *address);
/* Finds or adds. NULL without memory. */
struct interface *interfaces_put(struct interfaces *list, int ifindex);
void interfaces_remove(struct interfaces *list, int ifindex);
void interfaces_clear(struct interfaces *list);
