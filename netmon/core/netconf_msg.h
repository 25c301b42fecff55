/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Settings of an interface (RTM_NEWNETCONF): whose, and rp_filter. */

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#define NETCONF_RP_FILTER_STRICT 1
#define NETCONF_RP_FILTER_ABSENT -1

struct netconf_msg {
        int32_t ifindex; /* NETCONFA_IFINDEX_ALL and _DEFAULT are negative */
        int rp_filter;   /* of IPv4, not negative, or NETCONF_RP_FILTER_ABSENT */
};

/* 0 and *ret filled, or -EBADMSG and *ret untouched. */
int netconf_msg_parse(const struct nlmsghdr *nlh, struct netconf_msg *ret);

/* Asks for those of IPv4. `ifindex` may be NETCONFA_IFINDEX_ALL; `buf` has at least 64 bytes.
 * Returns the length. */
size_t netconf_msg_build_query(int32_t ifindex, uint32_t seq, void *buf);
