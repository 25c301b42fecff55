/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtnl_actor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"

struct rtnl_actor {
        struct mnl_socket *socket;
        uint32_t seq;
        _Alignas(struct nlmsghdr) uint8_t buffer[4096];
};

struct rtnl_actor *rtnl_actor_new(void) {
        struct rtnl_actor *actor = calloc(1, sizeof(*actor));

        if (!actor)
                die("out of memory");
        actor->socket = mnl_socket_open(NETLINK_ROUTE);
        if (!actor->socket || mnl_socket_bind(actor->socket, 0, MNL_SOCKET_AUTOPID) < 0)
                die("rtnetlink cannot be opened");
        return actor;
}

void rtnl_actor_free(struct rtnl_actor *actor) {
        (void)mnl_socket_close(actor->socket);
        free(actor);
}

static struct nlmsghdr *begin(struct rtnl_actor *actor, uint16_t type, uint16_t flags) {
        struct nlmsghdr *nlh = mnl_nlmsg_put_header(actor->buffer);

        nlh->nlmsg_type = type;
        nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
        nlh->nlmsg_seq = ++actor->seq;
        return nlh;
}

static void talk(struct rtnl_actor *actor, const struct nlmsghdr *nlh, const char *what) {
        ssize_t n;

        if (mnl_socket_sendto(actor->socket, nlh, nlh->nlmsg_len) < 0)
                die("%s: %s", what, strerror(errno));
        n = mnl_socket_recvfrom(actor->socket, actor->buffer, sizeof(actor->buffer));
        if (n < 0 || mnl_cb_run(actor->buffer, (size_t)n, actor->seq,
                                mnl_socket_get_portid(actor->socket), NULL, NULL) < 0)
                die("%s: %s", what, strerror(errno));
}

void rtnl_actor_address(struct rtnl_actor *actor, bool add, uint32_t ifindex, uint32_t address) {
        struct nlmsghdr *nlh =
                begin(actor, add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
        struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));

        header->ifa_family = AF_INET;
        header->ifa_prefixlen = 24;
        header->ifa_index = ifindex;
        mnl_attr_put_u32(nlh, IFA_LOCAL, htonl(address));
        talk(actor, nlh, "address");
}

static void put_route(struct nlmsghdr *nlh, uint8_t prefix_len) {
        struct rtmsg *header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));

        header->rtm_family = AF_INET;
        header->rtm_dst_len = prefix_len;
        header->rtm_table = RT_TABLE_MAIN;
        header->rtm_protocol = RTPROT_STATIC;
        header->rtm_type = RTN_UNICAST;
}

void rtnl_actor_default(struct rtnl_actor *actor, uint32_t ifindex, uint32_t gateway) {
        struct nlmsghdr *nlh = begin(actor, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);

        put_route(nlh, 0);
        mnl_attr_put_u32(nlh, RTA_OIF, ifindex);
        mnl_attr_put_u32(nlh, RTA_GATEWAY, htonl(gateway));
        mnl_attr_put_u32(nlh, RTA_PRIORITY, 100);
        talk(actor, nlh, "default route");
}

void rtnl_actor_route(struct rtnl_actor *actor, bool add, uint32_t ifindex, uint32_t prefix,
                      uint8_t prefix_len) {
        struct nlmsghdr *nlh = begin(actor, add ? RTM_NEWROUTE : RTM_DELROUTE,
                                     add ? NLM_F_CREATE | NLM_F_EXCL : 0);

        put_route(nlh, prefix_len);
        ((struct rtmsg *)mnl_nlmsg_get_payload(nlh))->rtm_scope = RT_SCOPE_LINK;
        mnl_attr_put_u32(nlh, RTA_DST, htonl(prefix));
        mnl_attr_put_u32(nlh, RTA_OIF, ifindex);
        talk(actor, nlh, "route");
}

void rtnl_actor_add_veth(struct rtnl_actor *actor, const char *name, const char *peer) {
        struct nlmsghdr *nlh = begin(actor, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
        struct nlattr *info, *data, *peer_info;

        (void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
        mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
        info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
        mnl_attr_put_str(nlh, IFLA_INFO_KIND, "veth");
        data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
        peer_info = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
        (void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
        mnl_attr_put_strz(nlh, IFLA_IFNAME, peer);
        mnl_attr_nest_end(nlh, peer_info);
        mnl_attr_nest_end(nlh, data);
        mnl_attr_nest_end(nlh, info);
        talk(actor, nlh, name);
}

void rtnl_actor_remove_link(struct rtnl_actor *actor, const char *name) {
        struct nlmsghdr *nlh = begin(actor, RTM_DELLINK, 0);

        (void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
        mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
        talk(actor, nlh, name);
}
