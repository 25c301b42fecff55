/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "route_msg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "moment.h"
#include "nlattr.h"

#define TICKS_PER_SEC 100 /* USER_HZ, the same on every machine */

static const enum mnl_attr_data_type route_types[RTA_VIA + 1] = {
        [RTA_OIF] = MNL_TYPE_U32,
        [RTA_PRIORITY] = MNL_TYPE_U32,
        [RTA_METRICS] = MNL_TYPE_NESTED,
        [RTA_TABLE] = MNL_TYPE_U32,
};

static const enum mnl_attr_data_type metrics_types[RTAX_MTU + 1] = {
        [RTAX_MTU] = MNL_TYPE_U32,
};

static const enum mnl_attr_data_type nexthop_types[RTA_VIA + 1];

static void put_address(struct nlmsghdr *nlh, uint16_t type, const struct netaddr *address) {
        mnl_attr_put(nlh, type, netaddr_len(address), address->bytes);
}

/* ICMP has a number of its own in each family. */
static uint8_t protocol_of(const struct route_query *query) {
        if (query->protocol != IPPROTO_ICMP && query->protocol != IPPROTO_ICMPV6)
                return query->protocol;
        return query->destination.family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
}

size_t route_query_build(const struct route_query *query, uint32_t seq, void *buf) {
        struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
        struct rtmsg *header;

        nlh->nlmsg_type = RTM_GETROUTE;
        nlh->nlmsg_flags = NLM_F_REQUEST;
        nlh->nlmsg_seq = seq;
        header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
        header->rtm_family = query->destination.family;
        header->rtm_dst_len = (uint8_t)(netaddr_len(&query->destination) * 8);
        header->rtm_flags = RTM_F_LOOKUP_TABLE | (query->match ? RTM_F_FIB_MATCH : 0);
        put_address(nlh, RTA_DST, &query->destination);
        if (query->source.family != 0) {
                header->rtm_src_len = header->rtm_dst_len;
                put_address(nlh, RTA_SRC, &query->source);
        }
        if (query->oif != 0)
                mnl_attr_put_u32(nlh, RTA_OIF, query->oif);
        if (query->mark != 0)
                mnl_attr_put_u32(nlh, RTA_MARK, query->mark);
        mnl_attr_put_u32(nlh, RTA_UID, query->uid);
        if (query->protocol != 0)
                mnl_attr_put_u8(nlh, RTA_IP_PROTO, protocol_of(query));
        if (query->port != 0)
                mnl_attr_put_u16(nlh, RTA_DPORT, htons(query->port));
        return nlh->nlmsg_len;
}

/* RTA_GATEWAY is of the route's own family, RTA_VIA says its family first. */
static int parse_gateway(uint8_t family, const struct nlattr *gateway, const struct nlattr *via,
                         struct netaddr *ret) {
        const struct rtvia *rtvia;
        size_t len;

        if (gateway) {
                if (!netaddr_from_bytes(family, mnl_attr_get_payload(gateway),
                                        mnl_attr_get_payload_len(gateway), ret))
                        return -EBADMSG;
                return 0;
        }
        if (!via)
                return 0;
        len = mnl_attr_get_payload_len(via);
        rtvia = mnl_attr_get_payload(via);
        if (len < sizeof(rtvia->rtvia_family) || rtvia->rtvia_family > UINT8_MAX)
                return -EBADMSG;
        if (!netaddr_from_bytes((uint8_t)rtvia->rtvia_family, rtvia->rtvia_addr,
                                len - sizeof(rtvia->rtvia_family), ret))
                return -EBADMSG;
        return 0;
}

static int compare_nexthops(const void *a, const void *b) {
        const struct nexthop *x = a, *y = b;

        if (x->ifindex != y->ifindex)
                return x->ifindex < y->ifindex ? -1 : 1;
        return netaddr_compare(&x->gateway, &y->gateway);
}

static int parse_multipath(uint8_t family, const struct nlattr *multipath,
                           struct route_reply *reply) {
        const uint8_t *at = mnl_attr_get_payload(multipath);
        size_t left = mnl_attr_get_payload_len(multipath);

        while (left >= sizeof(struct rtnexthop)) {
                const struct rtnexthop *hop = (const struct rtnexthop *)at;
                const struct nlattr *tb[RTA_VIA + 1];
                struct nexthop nexthop = {};
                size_t step = NLMSG_ALIGN((size_t)hop->rtnh_len);
                int r;

                if (hop->rtnh_len < sizeof(*hop) || hop->rtnh_len > left)
                        return -EBADMSG;
                r = nlattr_parse(at + sizeof(*hop), hop->rtnh_len - sizeof(*hop), nexthop_types,
                                 RTA_VIA + 1, tb);
                if (r < 0)
                        return r;
                r = parse_gateway(family, tb[RTA_GATEWAY], tb[RTA_VIA], &nexthop.gateway);
                if (r < 0)
                        return r;
                nexthop.ifindex = (uint32_t)hop->rtnh_ifindex;
                nexthop.weight = (uint32_t)hop->rtnh_hops + 1;
                if (reply->n_nexthops < ROUTE_NEXTHOPS_MAX)
                        reply->nexthops[reply->n_nexthops++] = nexthop;
                if (step > left)
                        break;
                at += step;
                left -= step;
        }
        /* The kernel lists an IPv6 set from the member that matched on. */
        qsort(reply->nexthops, reply->n_nexthops, sizeof(reply->nexthops[0]), compare_nexthops);
        return 0;
}

static int parse_metrics(const struct nlattr *metrics, struct route_reply *reply) {
        const struct nlattr *tb[RTAX_MTU + 1];
        int r;

        r = nlattr_parse_nested(metrics, metrics_types, RTAX_MTU + 1, tb);
        if (r < 0)
                return r;
        reply->mtu = nlattr_u32(tb[RTAX_MTU], 0);
        return 0;
}

static int parse_lifetime(const struct nlattr *cacheinfo, struct route_reply *reply) {
        struct rta_cacheinfo info;

        if (!cacheinfo)
                return 0;
        if (mnl_attr_get_payload_len(cacheinfo) < sizeof(info))
                return -EBADMSG;
        memcpy(&info, mnl_attr_get_payload(cacheinfo), sizeof(info));
        if (info.rta_expires > 0)
                reply->lifetime_usec = (uint64_t)info.rta_expires * (USEC_PER_SEC / TICKS_PER_SEC);
        return 0;
}

int route_reply_parse(const struct nlmsghdr *nlh, struct route_reply *ret) {
        const struct nlattr *tb[RTA_VIA + 1];
        const struct rtmsg *header = nlmsg_header(nlh, sizeof(*header));
        struct route_reply reply = {};
        int r;

        if (!header || nlh->nlmsg_type != RTM_NEWROUTE)
                return -EBADMSG;
        r = nlattr_parse_message(nlh, sizeof(*header), route_types, RTA_VIA + 1, tb);
        if (r < 0)
                return r;
        r = parse_gateway(header->rtm_family, tb[RTA_GATEWAY], tb[RTA_VIA], &reply.gateway);
        if (r < 0)
                return r;
        if (tb[RTA_PREFSRC] &&
            !netaddr_from_bytes(header->rtm_family, mnl_attr_get_payload(tb[RTA_PREFSRC]),
                                mnl_attr_get_payload_len(tb[RTA_PREFSRC]), &reply.source))
                return -EBADMSG;
        r = parse_metrics(tb[RTA_METRICS], &reply);
        if (r < 0)
                return r;
        r = parse_lifetime(tb[RTA_CACHEINFO], &reply);
        if (r < 0)
                return r;
        if (tb[RTA_MULTIPATH]) {
                r = parse_multipath(header->rtm_family, tb[RTA_MULTIPATH], &reply);
                if (r < 0)
                        return r;
        }
        reply.type = header->rtm_type;
        reply.dst_len = header->rtm_dst_len;
        reply.table = nlattr_u32(tb[RTA_TABLE], header->rtm_table);
        reply.metric = nlattr_u32(tb[RTA_PRIORITY], 0);
        reply.oif = nlattr_u32(tb[RTA_OIF], 0);

        *ret = reply;
        return 0;
}
