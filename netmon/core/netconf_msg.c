/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netconf_msg.h"

#include <errno.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "nlattr.h"

static const enum mnl_attr_data_type netconf_types[NETCONFA_RP_FILTER + 1] = {
        [NETCONFA_IFINDEX] = MNL_TYPE_U32,
        [NETCONFA_RP_FILTER] = MNL_TYPE_U32,
};

int netconf_msg_parse(const struct nlmsghdr *nlh, struct netconf_msg *ret) {
        const struct nlattr *tb[NETCONFA_RP_FILTER + 1];
        uint32_t rp_filter;
        int r;

        if (!nlmsg_header(nlh, sizeof(struct netconfmsg)))
                return -EBADMSG;
        r = nlattr_parse_message(nlh, sizeof(struct netconfmsg), netconf_types,
                                 NETCONFA_RP_FILTER + 1, tb);
        if (r < 0)
                return r;
        rp_filter = nlattr_u32(tb[NETCONFA_RP_FILTER], 0);
        if (!tb[NETCONFA_IFINDEX] || rp_filter > INT32_MAX)
                return -EBADMSG;
        ret->ifindex = (int32_t)nlattr_u32(tb[NETCONFA_IFINDEX], 0);
        ret->rp_filter = tb[NETCONFA_RP_FILTER] ? (int)rp_filter : NETCONF_RP_FILTER_ABSENT;
        return 0;
}

size_t netconf_msg_build_query(int32_t ifindex, uint32_t seq, void *buf) {
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
