/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* RTM_NEWNDUSEROPT out of bytes: options of router advertisements that the kernel leaves to us. */

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#include "netaddr.h"

#define ND_PORTAL_SIZE 2048 /* an option has 2,040 bytes at most */

enum nd_option {
        ND_CAPTIVE_PORTAL = 37, /* RFC 8910 */
        ND_PREF64 = 38,         /* RFC 8781 */
};

struct nd_msg {
        uint32_t index;              /* of the link it came by */
        struct netaddr router;       /* who said so; none: not told */
        enum nd_option option;       /* which of the following holds */
        char portal[ND_PORTAL_SIZE]; /* "": the network has none, and says so */
        struct netaddr prefix;       /* of NAT64 */
        uint8_t prefix_len;
        uint32_t prefix_lifetime_sec; /* 0: it holds no more */
};

/* 0 and *ret filled, or *ret untouched: -ENOMSG for other options, -EBADMSG. */
int nd_msg_parse(const struct nlmsghdr *nlh, struct nd_msg *ret);
