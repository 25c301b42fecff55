/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtnl_message.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

struct nlmsghdr *rtnl_message_begin(struct rtnl_message *message, uint16_t type, const void *header,
                                    size_t size) {
        struct nlmsghdr *nlh;

        memset(message, 0, sizeof(*message));
        nlh = mnl_nlmsg_put_header(message->bytes);
        nlh->nlmsg_type = type;
        memcpy(mnl_nlmsg_put_extra_header(nlh, size), header, size);
        return nlh;
}

struct nlmsghdr *rtnl_message_link(struct rtnl_message *message, uint32_t index, uint32_t flags,
                                   const char *name) {
        struct ifinfomsg header = {
                .ifi_type = ARPHRD_ETHER,
                .ifi_index = (int)index,
                .ifi_flags = flags,
        };
        struct nlmsghdr *nlh = rtnl_message_begin(message, RTM_NEWLINK, &header, sizeof(header));

        mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
        return nlh;
}

void rtnl_message_put_kind(struct nlmsghdr *nlh, const char *kind, const char *slave_kind) {
        struct nlattr *nest = mnl_attr_nest_start(nlh, IFLA_LINKINFO);

        if (kind)
                mnl_attr_put_str(nlh, IFLA_INFO_KIND, kind);
        if (slave_kind)
                mnl_attr_put_str(nlh, IFLA_INFO_SLAVE_KIND, slave_kind);
        mnl_attr_nest_end(nlh, nest);
}

void rtnl_message_put_address(struct nlmsghdr *nlh, uint16_t type, const char *address) {
        int family = strchr(address, ':') ? AF_INET6 : AF_INET;
        uint8_t bytes[16];

        if (inet_pton(family, address, bytes) != 1)
                abort();
        mnl_attr_put(nlh, type, family == AF_INET ? 4 : 16, bytes);
}

struct nlmsghdr *rtnl_message_address(struct rtnl_message *message, uint32_t index,
                                      const char *address, uint8_t prefix_len, uint32_t flags) {
        struct ifaddrmsg header = {
                .ifa_family = strchr(address, ':') ? AF_INET6 : AF_INET,
                .ifa_prefixlen = prefix_len,
                .ifa_index = index,
        };
        struct nlmsghdr *nlh = rtnl_message_begin(message, RTM_NEWADDR, &header, sizeof(header));

        rtnl_message_put_address(nlh, IFA_ADDRESS, address);
        mnl_attr_put_u32(nlh, IFA_FLAGS, flags);
        return nlh;
}
