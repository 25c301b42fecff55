/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link_msg.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "nlattr.h"
#include "utf8.h"

static const enum mnl_attr_data_type link_types[IFLA_PARENT_DEV_BUS_NAME + 1] = {
        [IFLA_IFNAME] = MNL_TYPE_NUL_STRING,
        [IFLA_MTU] = MNL_TYPE_U32,
        [IFLA_LINK] = MNL_TYPE_U32,
        [IFLA_MASTER] = MNL_TYPE_U32,
        [IFLA_OPERSTATE] = MNL_TYPE_U8,
        [IFLA_LINKINFO] = MNL_TYPE_NESTED,
        [IFLA_CARRIER_CHANGES] = MNL_TYPE_U32,
        [IFLA_PROP_LIST] = MNL_TYPE_NESTED,
        [IFLA_PARENT_DEV_BUS_NAME] = MNL_TYPE_NUL_STRING,
};

static const enum mnl_attr_data_type info_types[IFLA_INFO_SLAVE_KIND + 1] = {
        [IFLA_INFO_KIND] = MNL_TYPE_STRING,
        [IFLA_INFO_DATA] = MNL_TYPE_NESTED,
        [IFLA_INFO_SLAVE_KIND] = MNL_TYPE_STRING,
};

static const enum mnl_attr_data_type tun_types[IFLA_TUN_TYPE + 1] = {
        [IFLA_TUN_TYPE] = MNL_TYPE_U8,
};

static int parse_info(const struct nlattr *info, struct link_msg *msg) {
        const struct nlattr *tb[IFLA_INFO_SLAVE_KIND + 1], *tun[IFLA_TUN_TYPE + 1];
        int r;

        r = nlattr_parse_nested(info, info_types, IFLA_INFO_SLAVE_KIND + 1, tb);
        if (r < 0)
                return r;
        r = nlattr_string(tb[IFLA_INFO_KIND], msg->facts.kind, sizeof(msg->facts.kind));
        if (r < 0)
                return r;
        r = nlattr_string(tb[IFLA_INFO_SLAVE_KIND], msg->facts.slave_kind,
                          sizeof(msg->facts.slave_kind));
        if (r < 0)
                return r;
        if (strcmp(msg->facts.kind, "tun") != 0)
                return tunnel_msg_parse(msg->facts.kind, tb[IFLA_INFO_DATA], &msg->facts.end);
        r = nlattr_parse_nested(tb[IFLA_INFO_DATA], tun_types, IFLA_TUN_TYPE + 1, tun);
        if (r < 0)
                return r;
        msg->facts.tun_type = nlattr_u8(tun[IFLA_TUN_TYPE], 0);
        return 0;
}

static void parse_altnames(const struct nlattr *list, struct link_msg *msg) {
        const struct nlattr *attr;

        if (!list)
                return;
        mnl_attr_for_each_nested(attr, list) {
                const char *name = mnl_attr_get_payload(attr);
                size_t len;

                if (mnl_attr_get_type(attr) != IFLA_ALT_IFNAME)
                        continue;
                len = strnlen(name, mnl_attr_get_payload_len(attr));
                if (len == 0 || len + 1 > sizeof(msg->altnames) - msg->altnames_len)
                        continue;
                memcpy(msg->altnames + msg->altnames_len, name, len);
                utf8_repair(msg->altnames + msg->altnames_len);
                msg->altnames_len += len + 1; /* the end is there: all is zero */
        }
}

static void parse_hardware_address(const struct nlattr *attr, struct link_msg *msg) {
        size_t len;

        if (!attr)
                return;
        len = mnl_attr_get_payload_len(attr);
        if (len > sizeof(msg->facts.hardware_address))
                return;
        memcpy(msg->facts.hardware_address, mnl_attr_get_payload(attr), len);
        msg->facts.hardware_address_len = (uint8_t)len;
}

int link_msg_parse(const struct nlmsghdr *nlh, struct link_msg *ret) {
        const struct nlattr *tb[IFLA_PARENT_DEV_BUS_NAME + 1];
        const struct ifinfomsg *header = nlmsg_header(nlh, sizeof(*header));
        struct link_msg msg = {};
        int r;

        if (!header || header->ifi_index <= 0)
                return -EBADMSG;
        if (header->ifi_family != AF_UNSPEC)
                return -ENOMSG;
        r = nlattr_parse_message(nlh, sizeof(*header), link_types, IFLA_PARENT_DEV_BUS_NAME + 1,
                                 tb);
        if (r < 0)
                return r;
        if (tb[IFLA_WIRELESS])
                return -ENOMSG;

        msg.facts.index = (uint32_t)header->ifi_index;
        msg.facts.flags = header->ifi_flags;
        msg.facts.arphrd = header->ifi_type;
        r = nlattr_string(tb[IFLA_IFNAME], msg.facts.name, sizeof(msg.facts.name));
        if (r < 0 || msg.facts.name[0] == '\0')
                return -EBADMSG;
        r = parse_info(tb[IFLA_LINKINFO], &msg);
        if (r < 0)
                return r;
        r = nlattr_string(tb[IFLA_PARENT_DEV_BUS_NAME], msg.facts.parent_bus,
                          sizeof(msg.facts.parent_bus));
        if (r < 0)
                return r;
        msg.facts.operstate = nlattr_u8(tb[IFLA_OPERSTATE], 0);
        msg.facts.mtu = nlattr_u32(tb[IFLA_MTU], 0);
        msg.facts.master = nlattr_u32(tb[IFLA_MASTER], 0);
        /* With IFLA_LINK_NETNSID the other end is a link of another namespace: a veth's peer, the
         * device under a container's macvlan. Its index means nothing here. */
        if (!tb[IFLA_LINK_NETNSID])
                msg.facts.lower = nlattr_u32(tb[IFLA_LINK], 0);
        if (msg.facts.lower == msg.facts.index)
                msg.facts.lower = 0;
        msg.facts.carrier_changes = nlattr_u32(tb[IFLA_CARRIER_CHANGES], 0);
        parse_hardware_address(tb[IFLA_ADDRESS], &msg);
        parse_altnames(tb[IFLA_PROP_LIST], &msg);

        *ret = msg;
        return 0;
}

size_t link_msg_build_query(uint32_t index, uint32_t seq, void *buf, size_t size) {
        struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
        struct ifinfomsg *header;

        nlh->nlmsg_type = RTM_GETLINK;
        nlh->nlmsg_flags = NLM_F_REQUEST | (index == 0 ? NLM_F_DUMP : 0);
        nlh->nlmsg_seq = seq;
        header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
        header->ifi_index = (int)index;
        if (!mnl_attr_put_u32_check(nlh, size, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS))
                return 0;
        return nlh->nlmsg_len;
}
