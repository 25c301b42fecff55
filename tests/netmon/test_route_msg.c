/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "route_msg.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "nlattr.h"
#include "rtnl_message.h"

static struct rtnl_message message;

static struct nlmsghdr *begin(uint8_t family) {
        struct rtmsg header = {
                .rtm_family = family,
                .rtm_dst_len = 24,
                .rtm_table = RT_TABLE_MAIN,
                .rtm_type = RTN_UNICAST,
        };

        return rtnl_message_begin(&message, RTM_NEWROUTE, &header, sizeof(header));
}

static void expect_address(const struct netaddr *address, const char *text) {
        char own[NETADDR_TEXT_SIZE];

        cr_assert(eq(str, (char *)netaddr_format(address, own), (char *)text));
}

Test(route_msg, answer) {
        struct nlmsghdr *nlh = begin(AF_INET);
        struct route_reply reply;
        struct nlattr *metrics;

        rtnl_message_put_address(nlh, RTA_GATEWAY, "192.0.2.1");
        rtnl_message_put_address(nlh, RTA_PREFSRC, "192.0.2.7");
        mnl_attr_put_u32(nlh, RTA_OIF, 4);
        mnl_attr_put_u32(nlh, RTA_PRIORITY, 600);
        mnl_attr_put_u32(nlh, RTA_TABLE, 51820);
        metrics = mnl_attr_nest_start(nlh, RTA_METRICS);
        mnl_attr_put_u32(nlh, RTAX_MTU, 1400);
        mnl_attr_nest_end(nlh, metrics);
        cr_assert(eq(int, route_reply_parse(nlh, &reply), 0));
        cr_assert(eq(u8, reply.type, RTN_UNICAST));
        cr_assert(eq(u8, reply.dst_len, 24));
        cr_assert(eq(u32, reply.oif, 4));
        cr_assert(eq(u32, reply.metric, 600));
        cr_assert(eq(u32, reply.table, 51820));
        cr_assert(eq(u32, reply.mtu, 1400));
        expect_address(&reply.gateway, "192.0.2.1");
        expect_address(&reply.source, "192.0.2.7");
        cr_assert(eq(sz, reply.n_nexthops, 0));
}

Test(route_msg, lifetime) {
        static const struct {
                int32_t ticks;
                uint64_t lifetime_usec;
        } rows[] = {{0, 0}, {1, 10000}, {200, 2000000}, {-5, 0}, {INT32_MAX, 21474836470000}};

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                const struct rta_cacheinfo info = {.rta_expires = rows[i].ticks};
                struct nlmsghdr *nlh = begin(AF_INET6);
                struct route_reply reply;

                mnl_attr_put(nlh, RTA_CACHEINFO, sizeof(info), &info);
                cr_assert(eq(int, route_reply_parse(nlh, &reply), 0));
                cr_assert(eq(u64, reply.lifetime_usec, rows[i].lifetime_usec), "row %zu", i);
                nlh = begin(AF_INET6);
                mnl_attr_put(nlh, RTA_CACHEINFO, sizeof(info) - 4, &info);
                cr_assert(eq(int, route_reply_parse(nlh, &reply), -EBADMSG));
        }
}

Test(route_msg, table_of_the_header) {
        struct route_reply reply;

        cr_assert(eq(int, route_reply_parse(begin(AF_INET6), &reply), 0));
        cr_assert(eq(u32, reply.table, RT_TABLE_MAIN));
        expect_address(&reply.gateway, "");
}

static void put_via(struct nlmsghdr *nlh, uint16_t family, const char *address) {
        uint8_t payload[2 + 16] = {};

        memcpy(payload, &family, 2);
        cr_assert(eq(int, inet_pton(family, address, payload + 2), 1));
        mnl_attr_put(nlh, RTA_VIA, family == AF_INET ? 6 : 18, payload);
}

Test(route_msg, ipv6_gateway_of_an_ipv4_route) {
        struct nlmsghdr *nlh = begin(AF_INET);
        struct route_reply reply;

        put_via(nlh, AF_INET6, "fe80::1");
        cr_assert(eq(int, route_reply_parse(nlh, &reply), 0));
        expect_address(&reply.gateway, "fe80::1");
}

/* One member inside RTA_MULTIPATH. */
static void put_nexthop(struct nlmsghdr *nlh, int ifindex, uint8_t weight, const char *gateway) {
        struct rtnexthop *hop = mnl_nlmsg_get_payload_tail(nlh);
        uint32_t before = nlh->nlmsg_len;

        memset(hop, 0, sizeof(*hop));
        hop->rtnh_ifindex = ifindex;
        hop->rtnh_hops = (uint8_t)(weight - 1);
        nlh->nlmsg_len += sizeof(*hop);
        if (gateway)
                rtnl_message_put_address(nlh, RTA_GATEWAY, gateway);
        hop->rtnh_len = (uint16_t)(nlh->nlmsg_len - before);
}

Test(route_msg, several_next_hops_come_in_order) {
        struct nlmsghdr *nlh = begin(AF_INET);
        struct nlattr *nest = mnl_attr_nest_start(nlh, RTA_MULTIPATH);
        struct route_reply reply;

        put_nexthop(nlh, 5, 3, "192.0.2.9");
        put_nexthop(nlh, 4, 1, NULL);
        put_nexthop(nlh, 5, 1, "192.0.2.1");
        mnl_attr_nest_end(nlh, nest);
        cr_assert(eq(int, route_reply_parse(nlh, &reply), 0));
        cr_assert(eq(sz, reply.n_nexthops, 3));
        cr_assert(eq(u32, reply.nexthops[0].ifindex, 4));
        expect_address(&reply.nexthops[0].gateway, "");
        expect_address(&reply.nexthops[1].gateway, "192.0.2.1");
        expect_address(&reply.nexthops[2].gateway, "192.0.2.9");
        cr_assert(eq(u32, reply.nexthops[2].weight, 3));
}

Test(route_msg, only_so_many_next_hops_are_kept) {
        struct nlmsghdr *nlh = begin(AF_INET);
        struct nlattr *nest = mnl_attr_nest_start(nlh, RTA_MULTIPATH);
        struct route_reply reply;

        for (int i = 0; i < ROUTE_NEXTHOPS_MAX + 5; i++)
                put_nexthop(nlh, 40 + i, 1, NULL);
        mnl_attr_nest_end(nlh, nest);
        cr_assert(eq(int, route_reply_parse(nlh, &reply), 0));
        cr_assert(eq(sz, reply.n_nexthops, ROUTE_NEXTHOPS_MAX));
}

Test(route_msg, malformed_is_refused_whole) {
        struct route_reply reply = {.oif = 99};
        struct nlmsghdr *nlh;
        struct nlattr *nest;

        nlh = begin(AF_INET);
        rtnl_message_put_address(nlh, RTA_GATEWAY, "2001:db8::1");
        cr_assert(eq(int, route_reply_parse(nlh, &reply), -EBADMSG));
        nlh = begin(AF_INET);
        rtnl_message_put_address(nlh, RTA_PREFSRC, "2001:db8::1");
        cr_assert(eq(int, route_reply_parse(nlh, &reply), -EBADMSG));
        nlh = begin(AF_INET);
        mnl_attr_put_u8(nlh, RTA_VIA, 2);
        cr_assert(eq(int, route_reply_parse(nlh, &reply), -EBADMSG));
        nlh = begin(AF_INET);
        nest = mnl_attr_nest_start(nlh, RTA_MULTIPATH);
        put_nexthop(nlh, 5, 1, NULL);
        ((struct rtnexthop *)mnl_attr_get_payload(nest))->rtnh_len = 9;
        mnl_attr_nest_end(nlh, nest);
        cr_assert(eq(int, route_reply_parse(nlh, &reply), -EBADMSG));
        ((struct rtnexthop *)mnl_attr_get_payload(nest))->rtnh_len = 0;
        cr_assert(eq(int, route_reply_parse(nlh, &reply), -EBADMSG));
        nlh = begin(AF_INET);
        nlh->nlmsg_type = RTM_DELROUTE;
        cr_assert(eq(int, route_reply_parse(nlh, &reply), -EBADMSG));
        nlh = begin(AF_INET);
        nlh->nlmsg_len -= 1;
        cr_assert(eq(int, route_reply_parse(nlh, &reply), -EBADMSG));
        cr_assert(eq(u32, reply.oif, 99));
}

static const struct nlmsghdr *build(const struct route_query *query, const struct nlattr **tb) {
        static _Alignas(struct nlmsghdr) uint8_t buf[256];
        static const enum mnl_attr_data_type any[RTA_DPORT + 1];
        const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;

        memset(buf, 0xee, sizeof(buf));
        cr_assert(eq(sz, route_query_build(query, 9, buf), nlh->nlmsg_len));
        cr_assert(eq(int, nlattr_parse_message(nlh, sizeof(struct rtmsg), any, RTA_DPORT + 1, tb),
                     0));
        return nlh;
}

Test(route_msg, question) {
        struct route_query query = {
                .oif = 4,
                .uid = 1000,
                .mark = 5,
                .port = 443,
                .protocol = IPPROTO_TCP,
                .match = true,
        };
        const struct nlattr *tb[RTA_DPORT + 1];
        const struct nlmsghdr *nlh;
        const struct rtmsg *header;

        cr_assert(netaddr_from_text("192.0.2.1", &query.destination));
        cr_assert(netaddr_from_text("192.0.2.7", &query.source));
        nlh = build(&query, tb);
        header = mnl_nlmsg_get_payload(nlh);
        cr_assert(eq(u16, nlh->nlmsg_type, RTM_GETROUTE));
        cr_assert(eq(u32, nlh->nlmsg_seq, 9));
        cr_assert(eq(u8, header->rtm_family, AF_INET));
        cr_assert(eq(u8, header->rtm_dst_len, 32));
        cr_assert(eq(u8, header->rtm_src_len, 32));
        cr_assert(eq(u32, header->rtm_flags, RTM_F_LOOKUP_TABLE | RTM_F_FIB_MATCH));
        cr_assert(eq(u32, mnl_attr_get_u32(tb[RTA_OIF]), 4));
        cr_assert(eq(u32, mnl_attr_get_u32(tb[RTA_UID]), 1000));
        cr_assert(eq(u32, mnl_attr_get_u32(tb[RTA_MARK]), 5));
        cr_assert(eq(u8, mnl_attr_get_u8(tb[RTA_IP_PROTO]), IPPROTO_TCP));
        cr_assert(eq(u16, mnl_attr_get_u16(tb[RTA_DPORT]), htons(443)));
        cr_assert(eq(u16, mnl_attr_get_payload_len(tb[RTA_SRC]), 4));
}

Test(route_msg, question_without_options) {
        struct route_query query = {};
        const struct nlattr *tb[RTA_DPORT + 1];
        const struct rtmsg *header;

        cr_assert(netaddr_from_text("2001:db8::1", &query.destination));
        header = mnl_nlmsg_get_payload(build(&query, tb));
        cr_assert(eq(u8, header->rtm_dst_len, 128));
        cr_assert(eq(u8, header->rtm_src_len, 0));
        cr_assert(eq(u32, header->rtm_flags, RTM_F_LOOKUP_TABLE));
        /* Without a uid the kernel would take the daemon's own. */
        cr_assert(eq(u32, mnl_attr_get_u32(tb[RTA_UID]), 0));
        cr_assert(eq(ptr, (void *)tb[RTA_OIF], NULL));
        cr_assert(eq(ptr, (void *)tb[RTA_MARK], NULL));
        cr_assert(eq(ptr, (void *)tb[RTA_IP_PROTO], NULL));
}

/* ICMP has a number of its own in each family. */
Test(route_msg, icmp_follows_the_family) {
        struct route_query query = {.protocol = IPPROTO_ICMP};
        const struct nlattr *tb[RTA_DPORT + 1];

        cr_assert(netaddr_from_text("2001:db8::1", &query.destination));
        (void)build(&query, tb);
        cr_assert(eq(u8, mnl_attr_get_u8(tb[RTA_IP_PROTO]), IPPROTO_ICMPV6));
        query.protocol = IPPROTO_ICMPV6;
        cr_assert(netaddr_from_text("192.0.2.1", &query.destination));
        (void)build(&query, tb);
        cr_assert(eq(u8, mnl_attr_get_u8(tb[RTA_IP_PROTO]), IPPROTO_ICMP));
}
