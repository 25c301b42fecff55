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

Test(netconf_msg, answer) {
        struct nlmsghdr *nlh = begin();

        mnl_attr_put_u32(nlh, NETCONFA_RP_FILTER, NETCONF_RP_FILTER_STRICT);
        cr_assert(eq(int, netconf_reply_parse(nlh), NETCONF_RP_FILTER_STRICT));
}

Test(netconf_msg, malformed_is_refused) {
        struct nlmsghdr *nlh = begin();

        cr_assert(eq(int, netconf_reply_parse(nlh), -EBADMSG));
        mnl_attr_put_u8(nlh, NETCONFA_RP_FILTER, 1);
        cr_assert(eq(int, netconf_reply_parse(nlh), -EBADMSG));
        nlh = begin();
        mnl_attr_put_u32(nlh, NETCONFA_RP_FILTER, UINT32_MAX);
        cr_assert(eq(int, netconf_reply_parse(nlh), -EBADMSG));
        nlh = begin();
        nlh->nlmsg_len = MNL_NLMSG_HDRLEN;
        cr_assert(eq(int, netconf_reply_parse(nlh), -EBADMSG));
}

Test(netconf_msg, question) {
        _Alignas(struct nlmsghdr) uint8_t buf[64] = {};
        const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;

        cr_assert(eq(sz, netconf_query_build(NETCONFA_IFINDEX_ALL, 3, buf), nlh->nlmsg_len));
        cr_assert(eq(u16, nlh->nlmsg_type, RTM_GETNETCONF));
        cr_assert(eq(u32, nlh->nlmsg_seq, 3));
}
