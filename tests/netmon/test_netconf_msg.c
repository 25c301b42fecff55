/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netconf_msg.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>

#include "rtnl_message.h"

static struct rtnl_message message;

static struct nlmsghdr *begin(void) {
        struct netconfmsg header = {.ncm_family = AF_INET};

        return rtnl_message_begin(&message, RTM_NEWNETCONF, &header, sizeof(header));
}

Test(netconf_msg, settings) {
        struct nlmsghdr *nlh = begin();
        struct netconf_msg msg;

        mnl_attr_put_u32(nlh, NETCONFA_IFINDEX, (uint32_t)NETCONFA_IFINDEX_ALL);
        cr_assert(eq(int, netconf_msg_parse(nlh, &msg), 0));
        cr_assert(eq(i32, msg.ifindex, NETCONFA_IFINDEX_ALL));
        cr_assert(eq(int, msg.rp_filter, NETCONF_RP_FILTER_ABSENT));
        mnl_attr_put_u32(nlh, NETCONFA_RP_FILTER, NETCONF_RP_FILTER_STRICT);
        cr_assert(eq(int, netconf_msg_parse(nlh, &msg), 0));
        cr_assert(eq(int, msg.rp_filter, NETCONF_RP_FILTER_STRICT));
}

Test(netconf_msg, malformed_is_refused_whole) {
        struct netconf_msg msg = {.ifindex = 99};
        struct nlmsghdr *nlh = begin();

        cr_assert(eq(int, netconf_msg_parse(nlh, &msg), -EBADMSG)); /* of no interface */
        mnl_attr_put_u32(nlh, NETCONFA_IFINDEX, 4);
        mnl_attr_put_u8(nlh, NETCONFA_RP_FILTER, 1);
        cr_assert(eq(int, netconf_msg_parse(nlh, &msg), -EBADMSG));
        nlh = begin();
        mnl_attr_put_u32(nlh, NETCONFA_IFINDEX, 4);
        mnl_attr_put_u32(nlh, NETCONFA_RP_FILTER, UINT32_MAX);
        cr_assert(eq(int, netconf_msg_parse(nlh, &msg), -EBADMSG));
        nlh = begin();
        nlh->nlmsg_len = MNL_NLMSG_HDRLEN;
        cr_assert(eq(int, netconf_msg_parse(nlh, &msg), -EBADMSG));
        cr_assert(eq(i32, msg.ifindex, 99));
}

Test(netconf_msg, question) {
        _Alignas(struct nlmsghdr) uint8_t buf[64] = {};
        const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;

        cr_assert(eq(sz, netconf_msg_build_query(NETCONFA_IFINDEX_ALL, 3, buf), nlh->nlmsg_len));
        cr_assert(eq(u16, nlh->nlmsg_type, RTM_GETNETCONF));
        cr_assert(eq(u32, nlh->nlmsg_seq, 3));
}
