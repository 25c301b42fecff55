/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The byte counters of a link (RTM_GETSTATS). */

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

struct link_stats {
        uint64_t rx_bytes;
        uint64_t tx_bytes;
};

/* `buf` has at least 64 bytes. Returns the length. */
size_t stats_query_build(uint32_t ifindex, uint32_t seq, void *buf);

/* 0 and *ret filled, or -EBADMSG and *ret untouched. */
int stats_reply_parse(const struct nlmsghdr *nlh, struct link_stats *ret);
