/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* RTM_NEWADDR and RTM_DELADDR out of bytes. */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>

#include "netaddr.h"

/* An address of an interface. Lifetimes are left out: routers renew them all the time. */
struct address {
        struct netaddr local;
        struct netaddr peer; /* the other end of a point-to-point link, else the same as local */
        uint32_t flags;      /* IFA_F_*, those that anyone is told of */
        uint8_t prefix_len;
        uint8_t scope;     /* RT_SCOPE_* */
        bool is_secondary; /* IPv4: another one of the same subnet came first */
};

struct address_msg {
        uint32_t index; /* of the link it is on */
        struct address address;
};

/* 0 and *ret filled, or -EBADMSG and *ret untouched; -ENOMSG for another family than IPv4 and
 * IPv6. */
int address_msg_parse(const struct nlmsghdr *nlh, struct address_msg *ret);

/* A request for a dump of all addresses; `buf` has at least 64 bytes. Returns its length. */
size_t address_msg_build_dump(uint32_t seq, void *buf);
