/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rule_msg.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "nlattr.h"

static const enum mnl_attr_data_type rule_types[FRA_FWMASK + 1] = {
        [FRA_FWMARK] = MNL_TYPE_U32,
        [FRA_TABLE] = MNL_TYPE_U32,
        [FRA_FWMASK] = MNL_TYPE_U32,
};

int rule_msg_parse(const struct nlmsghdr *nlh, struct rule_msg *ret) {
        const struct nlattr *tb[FRA_FWMASK + 1];
        const struct fib_rule_hdr *header = nlmsg_header(nlh, sizeof(*header));
        int r;

        if (!header || nlh->nlmsg_type != RTM_NEWRULE)
                return -EBADMSG;
        r = nlattr_parse_message(nlh, sizeof(*header), rule_types, FRA_FWMASK + 1, tb);
        if (r < 0)
                return r;
        *ret = (struct rule_msg){
                .mark = nlattr_u32(tb[FRA_FWMARK], 0),
                .mask = nlattr_u32(tb[FRA_FWMASK], tb[FRA_FWMARK] ? UINT32_MAX : 0),
                .table = nlattr_u32(tb[FRA_TABLE], header->table),
                .inverted = header->flags & FIB_RULE_INVERT,
                .to_table = header->action == FR_ACT_TO_TBL,
        };
        return 0;
}

size_t rule_msg_build_dump(uint32_t seq, void *buf) {
        struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

        nlh->nlmsg_type = RTM_GETRULE;
        nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        nlh->nlmsg_seq = seq;
        (void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct fib_rule_hdr));
        return nlh->nlmsg_len;
}
