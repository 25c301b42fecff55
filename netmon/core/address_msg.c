/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "address_msg.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "nlattr.h"

/* The rest says how an address was made, and changes with its renewal. */
#define FLAGS_TOLD \
        (IFA_F_TENTATIVE | IFA_F_OPTIMISTIC | IFA_F_DADFAILED | IFA_F_DEPRECATED | IFA_F_PERMANENT)

static const enum mnl_attr_data_type address_types[IFA_FLAGS + 1] = {
        [IFA_FLAGS] = MNL_TYPE_U32,
};

static int parse_netaddr(uint8_t family, const struct nlattr *attr, struct netaddr *ret) {
        if (!netaddr_from_bytes(family, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr),
                                ret))
                return -EBADMSG;
        return 0;
}

int address_msg_parse(const struct nlmsghdr *nlh, struct address_msg *ret) {
        const struct nlattr *tb[IFA_FLAGS + 1];
        const struct ifaddrmsg *header = nlmsg_header(nlh, sizeof(*header));
        struct address_msg msg = {};
        uint32_t flags;
        int r;

        if (!header || header->ifa_index == 0)
                return -EBADMSG;
        if (header->ifa_family != AF_INET && header->ifa_family != AF_INET6)
                return -ENOMSG;
        r = nlattr_parse_message(nlh, sizeof(*header), address_types, IFA_FLAGS + 1, tb);
        if (r < 0)
                return r;
        if (!tb[IFA_LOCAL])
                tb[IFA_LOCAL] = tb[IFA_ADDRESS];
        if (!tb[IFA_ADDRESS])
                tb[IFA_ADDRESS] = tb[IFA_LOCAL];
        if (!tb[IFA_LOCAL])
                return -EBADMSG;
        r = parse_netaddr(header->ifa_family, tb[IFA_LOCAL], &msg.address.local);
        if (r < 0)
                return r;
        r = parse_netaddr(header->ifa_family, tb[IFA_ADDRESS], &msg.address.peer);
        if (r < 0)
                return r;
        msg.index = header->ifa_index;
        flags = nlattr_u32(tb[IFA_FLAGS], header->ifa_flags);
        msg.address.flags = flags & FLAGS_TOLD;
        /* One bit, with a meaning of its own in each family. */
        if (header->ifa_family == AF_INET6)
                msg.address.flags |= flags & IFA_F_TEMPORARY;
        else
                msg.address.is_secondary = flags & IFA_F_SECONDARY;
        msg.address.prefix_len = header->ifa_prefixlen;
        msg.address.scope = header->ifa_scope;

        *ret = msg;
        return 0;
}

size_t address_msg_build_dump(uint32_t seq, void *buf) {
        struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

        nlh->nlmsg_type = RTM_GETADDR;
        nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        nlh->nlmsg_seq = seq;
        (void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifaddrmsg));
        return nlh->nlmsg_len;
}
