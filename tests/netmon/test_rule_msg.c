/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rule_msg.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "nlattr.h"
#include "rtnl_message.h"

static struct rtnl_message message;

static struct nlmsghdr *begin(uint8_t table, uint8_t action, uint32_t flags) {
        struct fib_rule_hdr header = {
                .family = AF_INET, .table = table, .action = action, .flags = flags};

        return rtnl_message_begin(&message, RTM_NEWRULE, &header, sizeof(header));
}

Test(rule_msg, not_from_a_mark) {
        struct nlmsghdr *nlh = begin(0, FR_ACT_TO_TBL, FIB_RULE_INVERT);
        struct rule_msg msg;

        mnl_attr_put_u32(nlh, FRA_FWMARK, 0xca6c);
        mnl_attr_put_u32(nlh, FRA_FWMASK, 0xffff);
        mnl_attr_put_u32(nlh, FRA_TABLE, 51820);
        cr_assert(eq(int, rule_msg_parse(nlh, &msg), 0));
        cr_assert(eq(u32, msg.mark, 0xca6c));
        cr_assert(eq(u32, msg.mask, 0xffff));
        cr_assert(eq(u32, msg.table, 51820));
        cr_assert(msg.inverted);
        cr_assert(msg.to_table);
}

Test(rule_msg, what_is_left_out) {
        struct nlmsghdr *nlh = begin(RT_TABLE_MAIN, FR_ACT_PROHIBIT, 0);
        struct rule_msg msg;

        cr_assert(eq(int, rule_msg_parse(nlh, &msg), 0));
        cr_assert(eq(u32, msg.mark, 0));
        cr_assert(eq(u32, msg.mask, 0));
        cr_assert(eq(u32, msg.table, RT_TABLE_MAIN));
        cr_assert(not(msg.inverted));
        cr_assert(not(msg.to_table));
        mnl_attr_put_u32(nlh, FRA_FWMARK, 5);
        cr_assert(eq(int, rule_msg_parse(nlh, &msg), 0));
        cr_assert(eq(u32, msg.mask, UINT32_MAX));
}

Test(rule_msg, malformed_is_refused_whole) {
        struct nlmsghdr *nlh = begin(RT_TABLE_MAIN, FR_ACT_TO_TBL, 0);
        struct rule_msg msg = {.table = 99};

        mnl_attr_put_u16(nlh, FRA_FWMARK, 1);
        cr_assert(eq(int, rule_msg_parse(nlh, &msg), -EBADMSG));
        nlh = begin(RT_TABLE_MAIN, FR_ACT_TO_TBL, 0);
        nlh->nlmsg_type = RTM_DELRULE;
        cr_assert(eq(int, rule_msg_parse(nlh, &msg), -EBADMSG));
        nlh->nlmsg_type = RTM_NEWRULE;
        nlh->nlmsg_len = MNL_NLMSG_HDRLEN + sizeof(struct fib_rule_hdr) - 1;
        cr_assert(eq(int, rule_msg_parse(nlh, &msg), -EBADMSG));
        cr_assert(eq(u32, msg.table, 99));
}

Test(rule_msg, dump) {
        _Alignas(struct nlmsghdr) uint8_t buf[64] = {};
        const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;

        cr_assert(eq(sz, rule_msg_build_dump(7, buf), nlh->nlmsg_len));
        cr_assert(eq(u32, nlh->nlmsg_type, RTM_GETRULE));
        cr_assert(eq(u32, nlh->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP));
        cr_assert(eq(u32, nlh->nlmsg_seq, 7));
}
