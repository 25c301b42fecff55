/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link_msg.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "rtnl_message.h"

static struct rtnl_message message;

Test(link_msg, everything) {
        static const uint8_t hardware_address[6] = {2, 0, 0, 0, 0, 1};
        struct nlmsghdr *nlh =
                rtnl_message_link(&message, 7, IFF_UP | IFF_LOWER_UP | IFF_BROADCAST, "eth0.5");
        struct link_msg msg;
        struct nlattr *nest;

        mnl_attr_put_u32(nlh, IFLA_MTU, 1492);
        mnl_attr_put_u8(nlh, IFLA_OPERSTATE, 6);
        mnl_attr_put_u32(nlh, IFLA_LINK, 2);
        mnl_attr_put_u32(nlh, IFLA_MASTER, 9);
        mnl_attr_put_u32(nlh, IFLA_CARRIER_CHANGES, 3);
        mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(hardware_address), hardware_address);
        mnl_attr_put_strz(nlh, IFLA_PARENT_DEV_BUS_NAME, "pci");
        rtnl_message_put_kind(nlh, "vlan", "bridge");
        nest = mnl_attr_nest_start(nlh, IFLA_PROP_LIST);
        mnl_attr_put_strz(nlh, IFLA_ALT_IFNAME, "enp1s0.5");
        mnl_attr_put_strz(nlh, IFLA_ALT_IFNAME, "office");
        mnl_attr_nest_end(nlh, nest);

        cr_assert(eq(int, link_msg_parse(nlh, &msg), 0));
        cr_assert(eq(u32, msg.facts.index, 7));
        cr_assert(eq(u32, msg.facts.flags, IFF_UP | IFF_LOWER_UP | IFF_BROADCAST));
        cr_assert(eq(u16, msg.facts.arphrd, ARPHRD_ETHER));
        cr_assert(eq(str, msg.facts.name, "eth0.5"));
        cr_assert(eq(u32, msg.facts.mtu, 1492));
        cr_assert(eq(u8, msg.facts.operstate, 6));
        cr_assert(eq(u32, msg.facts.lower, 2));
        cr_assert(eq(u32, msg.facts.master, 9));
        cr_assert(eq(u32, msg.facts.carrier_changes, 3));
        cr_assert(eq(u8, msg.facts.hardware_address_len, 6));
        cr_assert(eq(u8, msg.facts.hardware_address[5], 1));
        cr_assert(eq(str, msg.facts.parent_bus, "pci"));
        cr_assert(eq(str, msg.facts.kind, "vlan"));
        cr_assert(eq(str, msg.facts.slave_kind, "bridge"));
        cr_assert(eq(sz, msg.altnames_len, 16));
        cr_assert(eq(int, memcmp(msg.altnames, "enp1s0.5\0office", 16), 0));
}

Test(link_msg, what_is_absent_is_nothing) {
        struct nlmsghdr *nlh = rtnl_message_link(&message, 7, 0, "eth0");
        struct link_msg msg;

        cr_assert(eq(int, link_msg_parse(nlh, &msg), 0));
        cr_assert(eq(str, msg.facts.kind, ""));
        cr_assert(eq(u32, msg.facts.master, 0));
        cr_assert(eq(u8, msg.facts.hardware_address_len, 0));
        cr_assert(eq(sz, msg.altnames_len, 0));
}

Test(link_msg, other_end_in_another_namespace_is_no_lower_link) {
        struct nlmsghdr *nlh = rtnl_message_link(&message, 7, 0, "veth0");
        struct link_msg msg;

        mnl_attr_put_u32(nlh, IFLA_LINK, 5);
        mnl_attr_put_u32(nlh, IFLA_LINK_NETNSID, 0);
        cr_assert(eq(int, link_msg_parse(nlh, &msg), 0));
        cr_assert(eq(u32, msg.facts.lower, 0));
        nlh = rtnl_message_link(&message, 7, 0, "eth0");
        mnl_attr_put_u32(nlh, IFLA_LINK, 7);
        cr_assert(eq(int, link_msg_parse(nlh, &msg), 0));
        cr_assert(eq(u32, msg.facts.lower, 0));
}

Test(link_msg, tun_or_tap) {
        static const uint8_t tun_types[] = {IFF_TUN, IFF_TAP};

        for (size_t i = 0; i < 2; i++) {
                struct nlmsghdr *nlh = rtnl_message_link(&message, 7, 0, "tun0");
                struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO), *data;
                struct link_msg msg;

                mnl_attr_put_str(nlh, IFLA_INFO_KIND, "tun");
                data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
                mnl_attr_put_u8(nlh, IFLA_TUN_TYPE, tun_types[i]);
                mnl_attr_nest_end(nlh, data);
                mnl_attr_nest_end(nlh, info);
                cr_assert(eq(int, link_msg_parse(nlh, &msg), 0));
                cr_assert(eq(u8, msg.facts.tun_type, tun_types[i]));
        }
}

Test(link_msg, alternative_names_as_many_as_fit) {
        struct nlmsghdr *nlh = rtnl_message_link(&message, 7, 0, "eth0");
        struct nlattr *nest = mnl_attr_nest_start(nlh, IFLA_PROP_LIST);
        struct link_msg msg;
        char name[128];

        memset(name, 'x', sizeof(name) - 1);
        name[127] = '\0';
        for (unsigned i = 0; i < 20; i++)
                mnl_attr_put_strz(nlh, IFLA_ALT_IFNAME, name);
        mnl_attr_nest_end(nlh, nest);
        cr_assert(eq(int, link_msg_parse(nlh, &msg), 0));
        cr_assert(eq(sz, msg.altnames_len, 8 * 128));
}

/* The kernel takes any bytes for a name, D-Bus does not. */
Test(link_msg, names_are_text) {
        struct nlmsghdr *nlh = rtnl_message_link(&message, 7, 0, "w\xc3\xa4\xff");
        struct nlattr *nest = mnl_attr_nest_start(nlh, IFLA_PROP_LIST);
        struct link_msg msg;

        mnl_attr_put_strz(nlh, IFLA_ALT_IFNAME, "cut \xc3");
        mnl_attr_put_strz(nlh, IFLA_ALT_IFNAME, "office");
        mnl_attr_nest_end(nlh, nest);
        cr_assert(eq(int, link_msg_parse(nlh, &msg), 0));
        cr_assert(eq(str, msg.facts.name, "w\xc3\xa4?"));
        cr_assert(eq(sz, msg.altnames_len, 13));
        cr_assert(eq(int, memcmp(msg.altnames, "cut ?\0office", 13), 0));
}

Test(link_msg, speaks_of_something_else) {
        struct ifinfomsg header = {.ifi_family = AF_BRIDGE, .ifi_index = 7};
        struct nlmsghdr *nlh = rtnl_message_begin(&message, RTM_DELLINK, &header, sizeof(header));
        struct link_msg msg;

        mnl_attr_put_strz(nlh, IFLA_IFNAME, "eth0");
        cr_assert(eq(int, link_msg_parse(nlh, &msg), -ENOMSG));
        nlh = rtnl_message_link(&message, 7, 0, "wlan0");
        mnl_attr_put_u32(nlh, IFLA_WIRELESS, 0);
        cr_assert(eq(int, link_msg_parse(nlh, &msg), -ENOMSG));
}

Test(link_msg, malformed_is_refused_whole) {
        struct link_msg msg = {.facts = {.index = 99}};
        struct nlmsghdr *nlh;

        nlh = rtnl_message_link(&message, 0, 0, "eth0");
        cr_assert(eq(int, link_msg_parse(nlh, &msg), -EBADMSG));
        nlh = rtnl_message_link(&message, 7, 0, "");
        cr_assert(eq(int, link_msg_parse(nlh, &msg), -EBADMSG));
        nlh = rtnl_message_link(&message, 7, 0, "a-name-longer-than-any");
        cr_assert(eq(int, link_msg_parse(nlh, &msg), -EBADMSG));
        nlh = rtnl_message_link(&message, 7, 0, "eth0");
        mnl_attr_put_u16(nlh, IFLA_MTU, 1);
        cr_assert(eq(int, link_msg_parse(nlh, &msg), -EBADMSG));
        nlh = rtnl_message_link(&message, 7, 0, "eth0");
        rtnl_message_put_kind(nlh, "a kind that has more letters than fit", NULL);
        cr_assert(eq(int, link_msg_parse(nlh, &msg), -EBADMSG));
        nlh = rtnl_message_link(&message, 7, 0, "eth0");
        nlh->nlmsg_len = MNL_NLMSG_HDRLEN + sizeof(struct ifinfomsg) - 1;
        cr_assert(eq(int, link_msg_parse(nlh, &msg), -EBADMSG));
        cr_assert(eq(u32, msg.facts.index, 99));
}

Test(link_msg, query) {
        _Alignas(struct nlmsghdr) uint8_t buf[64] = {};
        const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
        const struct ifinfomsg *header;

        cr_assert(eq(sz, link_msg_build_query(7, 3, buf, sizeof(buf)), nlh->nlmsg_len));
        header = mnl_nlmsg_get_payload(nlh);
        cr_assert(eq(u16, nlh->nlmsg_type, RTM_GETLINK));
        cr_assert(eq(u16, nlh->nlmsg_flags, NLM_F_REQUEST));
        cr_assert(eq(u32, nlh->nlmsg_seq, 3));
        cr_assert(eq(int, header->ifi_index, 7));
        cr_assert(lt(sz, 0, link_msg_build_query(0, 3, buf, sizeof(buf))));
        cr_assert(eq(u16, nlh->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP));
}
