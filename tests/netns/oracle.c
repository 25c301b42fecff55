/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oracle.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "die.h"

#define LINKS_MAX 64
#define ADDRESSES_MAX 256
#define OPERSTATE_UNKNOWN 0
#define OPERSTATE_UP 6

struct oracle {
        int fd;
        uint32_t seq;
        struct {
                uint32_t index;
                uint32_t flags;
                uint8_t operstate;
                char name[IF_NAMESIZE];
        } links[LINKS_MAX];
        size_t n_links;
        struct {
                uint32_t flags;
                uint8_t scope;
                char text[INET6_ADDRSTRLEN];
        } addresses[ADDRESSES_MAX];
        size_t n_addresses;
        _Alignas(struct nlmsghdr) char reply[64 * 1024];
};

struct request {
        struct nlmsghdr header;
        union {
                struct rtmsg route;
                struct rtgenmsg any;
        } body;
        char attributes[128];
};

struct oracle *oracle_new(void) {
        struct oracle *oracle = calloc(1, sizeof(*oracle));

        if (!oracle)
                die("out of memory");
        oracle->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        if (oracle->fd < 0)
                die("netlink: %s", strerror(errno));
        return oracle;
}

void oracle_free(struct oracle *oracle) {
        (void)close(oracle->fd);
        free(oracle);
}

/* The value of an attribute, or NULL. */
static const void *find(const void *attributes, size_t len, unsigned type) {
        for (const struct rtattr *a = attributes; RTA_OK(a, len); a = RTA_NEXT(a, len))
                if ((a->rta_type & NLA_TYPE_MASK) == type)
                        return RTA_DATA(a);
        return NULL;
}

static void send_request(struct oracle *oracle, struct request *request) {
        request->header.nlmsg_seq = ++oracle->seq;
        if (send(oracle->fd, request, request->header.nlmsg_len, 0) < 0)
                die("netlink: %s", strerror(errno));
}

static size_t receive(struct oracle *oracle) {
        ssize_t n = recv(oracle->fd, oracle->reply, sizeof(oracle->reply), 0);

        if (n < 0)
                die("netlink: %s", strerror(errno));
        return (size_t)n;
}

static void take_link(struct oracle *oracle, const struct nlmsghdr *nlh) {
        const struct ifinfomsg *info = NLMSG_DATA(nlh);
        const uint8_t *operstate = find(IFLA_RTA(info), IFLA_PAYLOAD(nlh), IFLA_OPERSTATE);
        const char *name = find(IFLA_RTA(info), IFLA_PAYLOAD(nlh), IFLA_IFNAME);
        size_t i = oracle->n_links++;

        if (i == LINKS_MAX)
                die("too many links");
        oracle->links[i].index = (uint32_t)info->ifi_index;
        oracle->links[i].flags = info->ifi_flags;
        oracle->links[i].operstate = *operstate;
        (void)snprintf(oracle->links[i].name, sizeof(oracle->links[i].name), "%s", name);
}

static void take_address(struct oracle *oracle, const struct nlmsghdr *nlh) {
        const struct ifaddrmsg *header = NLMSG_DATA(nlh);
        const void *local = find(IFA_RTA(header), IFA_PAYLOAD(nlh), IFA_LOCAL);
        const uint32_t *flags = find(IFA_RTA(header), IFA_PAYLOAD(nlh), IFA_FLAGS);
        size_t i = oracle->n_addresses++;

        if (i == ADDRESSES_MAX)
                die("too many addresses");
        if (!local)
                local = find(IFA_RTA(header), IFA_PAYLOAD(nlh), IFA_ADDRESS);
        oracle->addresses[i].flags = *flags;
        oracle->addresses[i].scope = header->ifa_scope;
        (void)inet_ntop(header->ifa_family, local, oracle->addresses[i].text, INET6_ADDRSTRLEN);
}

static void dump(struct oracle *oracle, uint16_t type) {
        struct request request = {
                .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
                           .nlmsg_type = type,
                           .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        };

        send_request(oracle, &request);
        for (;;) {
                size_t left = receive(oracle);
                const struct nlmsghdr *nlh = (const struct nlmsghdr *)oracle->reply;

                for (; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left)) {
                        if (nlh->nlmsg_type == NLMSG_DONE)
                                return;
                        if (nlh->nlmsg_type == RTM_NEWLINK)
                                take_link(oracle, nlh);
                        else if (nlh->nlmsg_type == RTM_NEWADDR)
                                take_address(oracle, nlh);
                        else
                                die("netlink: a dump failed");
                }
        }
}

void oracle_read(struct oracle *oracle) {
        oracle->n_links = 0;
        oracle->n_addresses = 0;
        dump(oracle, RTM_GETLINK);
        dump(oracle, RTM_GETADDR);
}

static void put(struct request *request, unsigned short type, const void *value, size_t len) {
        struct rtattr *a =
                (struct rtattr *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

        a->rta_type = type;
        a->rta_len = (unsigned short)RTA_LENGTH(len);
        memcpy(RTA_DATA(a), value, len);
        request->header.nlmsg_len =
                NLMSG_ALIGN(request->header.nlmsg_len) + (uint32_t)RTA_ALIGN(a->rta_len);
}

/* A source is good when it is here, known to be unique, and reaches beyond the link. */
static bool source_works(const struct oracle *oracle, const char *source) {
        for (size_t i = 0; i < oracle->n_addresses; i++) {
                uint32_t flags = oracle->addresses[i].flags;

                if (strcmp(oracle->addresses[i].text, source) == 0)
                        return !(flags & IFA_F_DADFAILED) &&
                               (!(flags & IFA_F_TENTATIVE) || (flags & IFA_F_OPTIMISTIC)) &&
                               oracle->addresses[i].scope < RT_SCOPE_LINK;
        }
        return false;
}

static void judge(const struct oracle *oracle, uint8_t type, struct oracle_path *path) {
        for (size_t i = 0; i < oracle->n_links; i++) {
                uint32_t flags = oracle->links[i].flags;

                if (oracle->links[i].index != path->ifindex)
                        continue;
                memcpy(path->interface, oracle->links[i].name, sizeof(path->interface));
                path->usable = (flags & IFF_UP) && (flags & (1U << 16)) /* IFF_LOWER_UP */ &&
                               (oracle->links[i].operstate == OPERSTATE_UP ||
                                oracle->links[i].operstate == OPERSTATE_UNKNOWN) &&
                               source_works(oracle, path->source);
        }
        if (type == RTN_LOCAL)
                path->usable = true;
}

static void format(uint8_t family, const void *address, char *ret) {
        ret[0] = '\0';
        if (address)
                (void)inet_ntop(family, address, ret, INET6_ADDRSTRLEN);
}

/* One lookup. 0 and *ret_nlh, or the kernel's error. */
static int look_up(struct oracle *oracle, const char *destination, uint32_t oif, uint32_t flags,
                   const struct nlmsghdr **ret_nlh) {
        uint8_t family = strchr(destination, ':') ? AF_INET6 : AF_INET, bytes[16];
        size_t len = family == AF_INET ? 4 : 16;
        uint32_t uid = 0;
        struct request request = {
                .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
                           .nlmsg_type = RTM_GETROUTE,
                           .nlmsg_flags = NLM_F_REQUEST},
                .body.route = {.rtm_family = family,
                               .rtm_dst_len = (uint8_t)(8 * len),
                               .rtm_flags = flags},
        };
        const struct nlmsghdr *nlh = (const struct nlmsghdr *)oracle->reply;

        (void)inet_pton(family, destination, bytes);
        put(&request, RTA_DST, bytes, len);
        put(&request, RTA_UID, &uid, sizeof(uid));
        if (oif != 0)
                put(&request, RTA_OIF, &oif, sizeof(oif));
        send_request(oracle, &request);
        (void)receive(oracle);
        if (nlh->nlmsg_type == NLMSG_ERROR)
                return ((const struct nlmsgerr *)NLMSG_DATA(nlh))->error;
        *ret_nlh = nlh;
        return 0;
}

void oracle_ask(struct oracle *oracle, const char *destination, uint32_t oif,
                struct oracle_path *ret) {
        const struct nlmsghdr *nlh;
        const struct rtmsg *route;
        const uint32_t *index;
        const struct rtvia *via;

        *ret = (struct oracle_path){};
        ret->error = look_up(oracle, destination, oif, RTM_F_FIB_MATCH, &nlh);
        if (ret->error < 0)
                return;
        route = NLMSG_DATA(nlh);
        ret->has_hops = find(RTM_RTA(route), RTM_PAYLOAD(nlh), RTA_MULTIPATH) != NULL;
        ret->error = look_up(oracle, destination, oif, 0, &nlh);
        if (ret->error < 0)
                return;
        route = NLMSG_DATA(nlh);
        switch (route->rtm_type) {
        case RTN_BLACKHOLE:
                ret->error = -EINVAL;
                return;
        case RTN_PROHIBIT:
                ret->error = -EACCES;
                return;
        case RTN_UNREACHABLE:
                ret->error = -EHOSTUNREACH;
                return;
        default:
                break;
        }
        index = find(RTM_RTA(route), RTM_PAYLOAD(nlh), RTA_OIF);
        ret->ifindex = index ? *index : 0;
        format(route->rtm_family, find(RTM_RTA(route), RTM_PAYLOAD(nlh), RTA_PREFSRC), ret->source);
        format(route->rtm_family, find(RTM_RTA(route), RTM_PAYLOAD(nlh), RTA_GATEWAY),
               ret->gateway);
        via = find(RTM_RTA(route), RTM_PAYLOAD(nlh), RTA_VIA);
        if (via)
                format((uint8_t)via->rtvia_family, via->rtvia_addr, ret->gateway);
        judge(oracle, route->rtm_type, ret);
}
