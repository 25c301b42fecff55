/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the routers of a network say of it beside addresses and routes, and how long that holds. */

#include <stdbool.h>
#include <stdint.h>

#include "netaddr.h"

struct nd_msg;

/* The longest that a router may be believed without a word of it (RFC 4861, 6.2.1): the portal's
 * address comes without a lifetime of its own. */
#define ADVERT_LIFETIME_USEC (UINT64_C(9000) * 1000000)

/* A router that differs from the one that spoke first is heard when that one's word has expired. */
struct advert {
        char *portal; /* NULL: none */
        struct netaddr portal_router;
        uint64_t portal_until_usec;
        struct netaddr prefix; /* of NAT64; none: none */
        struct netaddr prefix_router;
        uint8_t prefix_len;
        uint64_t prefix_until_usec;
};

/* 1 when it says something new, 0 when not (a renewed lifetime is nothing new), or -ENOMEM. */
int advert_apply(struct advert *advert, const struct nd_msg *msg, uint64_t now_usec);
/* Drops what has expired; true when there was something. */
bool advert_expire(struct advert *advert, uint64_t now_usec);
/* Drops all of it: the link has left the network. True when there was something. */
bool advert_clear(struct advert *advert);
/* When something expires next; USEC_NEVER: there is nothing. */
uint64_t advert_deadline(const struct advert *advert);

#define ADVERT_PREFIX_TEXT_SIZE (NETADDR_TEXT_SIZE + 4)

/* "64:ff9b::/96", or "", into `text` of ADVERT_PREFIX_TEXT_SIZE; returns it. */
const char *advert_format_prefix(const struct advert *advert, char *text);
