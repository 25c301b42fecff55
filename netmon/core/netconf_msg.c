/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netconf_msg.h"

#include <errno.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "nlattr.h"

static const enum mnl_attr_data_type netconf_types[NETCONFA_RP_FILTER + 1] = {
        [NETCONFA_RP_FILTER] = MNL_TYPE_U32,
};

size_t netconf_query_build(int32_t ifindex, uint32_t seq, void *buf) {
        struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
        struct netconfmsg *header;

        nlh->nlmsg_type = RTM_GETNETCONF;
        nlh->nlmsg_flags = NLM_F_REQUEST;
        nlh->nlmsg_seq = seq;
        header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
        header->ncm_family = AF_INET;
        mnl_attr_put_u32(nlh, NETCONFA_IFINDEX, (uint32_t)ifindex);
        return nlh->nlmsg_len;
}

int netconf_reply_parse(const struct nlmsghdr *nlh) {
        const struct nlattr *tb[NETCONFA_RP_FILTER + 1];
        uint32_t value;
        int r;

        if (!nlmsg_header(nlh, sizeof(struct netconfmsg)))
                return -EBADMSG;
        r = nlattr_parse_message(nlh, sizeof(struct netconfmsg), netconf_types,
                                 NETCONFA_RP_FILTER + 1, tb);
        if (r < 0)
                return r;
        value = nlattr_u32(tb[NETCONFA_RP_FILTER], UINT32_MAX);
        return value > INT32_MAX ? -EBADMSG : (int)value;
}
