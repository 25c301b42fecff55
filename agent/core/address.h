/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An IPv4 or IPv6 address, as it came from a resolver or stands in a URI. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define ADDRESS_TEXT_SIZE INET6_ADDRSTRLEN

struct address {
        int family; /* AF_INET or AF_INET6 */
        union {
                struct in_addr in4;
                struct in6_addr in6;
        };
};

/* Decimal dotted quad or IPv6 without brackets and zone; -EINVAL for anything else. */
int address_parse(const char *text, struct address *ret);

void address_format(const struct address *address, char ret[ADDRESS_TEXT_SIZE]);

bool address_equal(const struct address *a, const struct address *b);

/* For bind(), connect() and the like; returns the length in use. */
socklen_t address_to_sockaddr(const struct address *address, uint16_t port,
                              struct sockaddr_storage *ret);
/* The same back; the family must be one of the two. */
void address_from_sockaddr(const struct sockaddr_storage *sockaddr, struct address *ret);

/* An address that apps must not reach through the agent, because it alone can: loopback, link-local
 * (169.254.0.0/16 with the clouds' metadata address, fe80::/10), multicast, broadcast, unspecified
 * and "this network", the metadata address fd00:ec2::254, and the IPv4-mapped, IPv4-compatible,
 * NAT64 and 6to4 forms of these. Private and unique local ranges are not among them: home servers
 * are a real use. */
bool address_is_special(const struct address *address);
