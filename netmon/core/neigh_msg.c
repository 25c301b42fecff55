/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "neigh_msg.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>

#include "netaddr.h"
#include "nlattr.h"

static const enum mnl_attr_data_type neigh_types[NDA_LLADDR + 1] = {
        [NDA_LLADDR] = MNL_TYPE_BINARY,
};

static bool is_known(const struct ndmsg *header) {
        return header->ndm_state &
               (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT);
}

/* On links where there are no neighbours to speak of, it is all zero. */
static bool is_zero(const uint8_t *bytes, size_t len) {
        for (size_t i = 0; i < len; i++)
                if (bytes[i] != 0)
                        return false;
        return true;
}

int neigh_msg_parse(const struct nlmsghdr *nlh, struct neigh_msg *ret) {
        const struct ndmsg *header = nlmsg_header(nlh, sizeof(*header));
        const struct nlattr *tb[NDA_LLADDR + 1], *lladdr;
        size_t len;
        int r;

        if (!header)
                return -EBADMSG;
        r = nlattr_parse_message(nlh, sizeof(*header), neigh_types, NDA_LLADDR + 1, tb);
        if (r < 0)
                return r;
        lladdr = tb[NDA_LLADDR];
        len = lladdr ? mnl_attr_get_payload_len(lladdr) : 0;
        if (len > LINK_HARDWARE_ADDRESS_MAX)
                return -EBADMSG;
        *ret = (struct neigh_msg){.state = header->ndm_state};
        if (!is_known(header) || len == 0 || is_zero(mnl_attr_get_payload(lladdr), len))
                return 0;
        ret->hardware_address_len = (uint8_t)len;
        memcpy(ret->hardware_address, mnl_attr_get_payload(lladdr), len);
        return 0;
}

size_t neigh_msg_build_query(uint32_t ifindex, const struct netaddr *address, uint32_t seq,
                             void *buf) {
        struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
        struct ndmsg *header;

        nlh->nlmsg_type = RTM_GETNEIGH;
        nlh->nlmsg_flags = NLM_F_REQUEST;
        nlh->nlmsg_seq = seq;
        header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
        header->ndm_family = address->family;
        header->ndm_ifindex = (int32_t)ifindex;
        mnl_attr_put(nlh, NDA_DST, netaddr_len(address), address->bytes);
        return nlh->nlmsg_len;
}
