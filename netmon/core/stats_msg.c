/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stats_msg.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <string.h>

#include "nlattr.h"

static const enum mnl_attr_data_type stats_types[IFLA_STATS_LINK_64 + 1];

size_t stats_query_build(uint32_t ifindex, uint32_t seq, void *buf) {
        struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
        struct if_stats_msg *header;

        nlh->nlmsg_type = RTM_GETSTATS;
        nlh->nlmsg_flags = NLM_F_REQUEST;
        nlh->nlmsg_seq = seq;
        header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
        header->ifindex = ifindex;
        header->filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
        return nlh->nlmsg_len;
}

int stats_reply_parse(const struct nlmsghdr *nlh, struct link_stats *ret) {
        const struct nlattr *tb[IFLA_STATS_LINK_64 + 1];
        struct rtnl_link_stats64 stats = {};
        size_t len;
        int r;

        if (!nlmsg_header(nlh, sizeof(struct if_stats_msg)))
                return -EBADMSG;
        r = nlattr_parse_message(nlh, sizeof(struct if_stats_msg), stats_types,
                                 IFLA_STATS_LINK_64 + 1, tb);
        if (r < 0)
                return r;
        if (!tb[IFLA_STATS_LINK_64])
                return -EBADMSG;
        /* Copied, because 64-bit values need not be aligned there. Another kernel's may be shorter
         * or longer. */
        len = mnl_attr_get_payload_len(tb[IFLA_STATS_LINK_64]);
        if (len < offsetof(struct rtnl_link_stats64, rx_errors))
                return -EBADMSG;
        if (len > sizeof(stats))
                len = sizeof(stats);
        memcpy(&stats, mnl_attr_get_payload(tb[IFLA_STATS_LINK_64]), len);
        *ret = (struct link_stats){.rx_bytes = stats.rx_bytes, .tx_bytes = stats.tx_bytes};
        return 0;
}
