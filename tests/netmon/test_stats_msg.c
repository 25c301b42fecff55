/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stats_msg.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "rtnl_message.h"

static struct rtnl_message message;

static struct nlmsghdr *begin(void) {
        struct if_stats_msg header = {.ifindex = 4};

        return rtnl_message_begin(&message, RTM_NEWSTATS, &header, sizeof(header));
}

Test(stats_msg, answer) {
        struct rtnl_link_stats64 stats = {.rx_bytes = 1ull << 40, .tx_bytes = 7};
        struct nlmsghdr *nlh = begin();
        struct link_stats ret;

        mnl_attr_put(nlh, IFLA_STATS_LINK_64, sizeof(stats), &stats);
        cr_assert(eq(int, stats_reply_parse(nlh, &ret), 0));
        cr_assert(eq(u64, ret.rx_bytes, 1ull << 40));
        cr_assert(eq(u64, ret.tx_bytes, 7));
}

Test(stats_msg, malformed_is_refused_whole) {
        struct link_stats ret = {.rx_bytes = 99};
        struct nlmsghdr *nlh = begin();

        cr_assert(eq(int, stats_reply_parse(nlh, &ret), -EBADMSG));
        mnl_attr_put_u32(nlh, IFLA_STATS_LINK_64, 1);
        cr_assert(eq(int, stats_reply_parse(nlh, &ret), -EBADMSG));
        nlh->nlmsg_len = MNL_NLMSG_HDRLEN;
        cr_assert(eq(int, stats_reply_parse(nlh, &ret), -EBADMSG));
        cr_assert(eq(u64, ret.rx_bytes, 99));
}

Test(stats_msg, question) {
        _Alignas(struct nlmsghdr) uint8_t buf[64] = {};
        const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
        const struct if_stats_msg *header = mnl_nlmsg_get_payload(nlh);

        cr_assert(eq(sz, stats_query_build(4, 3, buf), nlh->nlmsg_len));
        cr_assert(eq(u16, nlh->nlmsg_type, RTM_GETSTATS));
        cr_assert(eq(u32, header->ifindex, 4));
        cr_assert(eq(u32, header->filter_mask, IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)));
}
