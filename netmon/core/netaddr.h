/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An IPv4 or IPv6 address, and how far it reaches. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netaddr {
        uint8_t family;    /* AF_INET, AF_INET6; 0: none */
        uint8_t bytes[16]; /* network order; the rest is 0 */
};

#define NETADDR_TEXT_SIZE INET6_ADDRSTRLEN

enum netaddr_scope {
        NETADDR_HOST,
        NETADDR_LINK,
        NETADDR_SITE,
        NETADDR_GLOBAL,
};

/* 4, 16, or 0 for none. */
size_t netaddr_len(const struct netaddr *address);

/* False, and *ret untouched, unless `len` is what `family` needs. */
bool netaddr_from_bytes(uint8_t family, const void *data, size_t len, struct netaddr *ret);
/* Numeric text only. An IPv4 address mapped into IPv6 becomes the IPv4 address: that is what a
 * socket connects to. */
bool netaddr_from_text(const char *text, struct netaddr *ret);
/* Fills `text` (NETADDR_TEXT_SIZE) and returns it; "" for none. */
const char *netaddr_format(const struct netaddr *address, char *text);

/* <0, 0, >0; by family, then bytes. */
int netaddr_compare(const struct netaddr *a, const struct netaddr *b);
static inline bool netaddr_equal(const struct netaddr *a, const struct netaddr *b) {
        return netaddr_compare(a, b) == 0;
}

bool netaddr_is_multicast(const struct netaddr *address);
bool netaddr_is_unspecified(const struct netaddr *address);

/* How far the address reaches by its own bits. Private and unique local addresses are global. */
enum netaddr_scope netaddr_scope(const struct netaddr *address);
