/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The IPv4 setting `rp_filter` of an interface (RTM_GETNETCONF). */

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#define NETCONF_RP_FILTER_STRICT 1

/* `ifindex` may be NETCONFA_IFINDEX_ALL; `buf` has at least 64 bytes. Returns the length. */
size_t netconf_query_build(int32_t ifindex, uint32_t seq, void *buf);

/* The interface's value of rp_filter, not negative; -EBADMSG when the message has none. */
int netconf_reply_parse(const struct nlmsghdr *nlh);
