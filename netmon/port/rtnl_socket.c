/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtnl_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "cleanup.h"

#define RECEIVE_BUFFER_DEFAULT (8 * 1024 * 1024)
#define DATAGRAM_MAX (32 * 1024)

struct rtnl_socket {
        int fd;
        _Alignas(struct nlmsghdr) uint8_t datagram[DATAGRAM_MAX];
};

static const unsigned groups[] = {
        RTNLGRP_LINK,         RTNLGRP_IPV4_IFADDR,  RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
        RTNLGRP_IPV6_ROUTE,   RTNLGRP_IPV4_RULE,    RTNLGRP_IPV6_RULE,   RTNLGRP_NEXTHOP,
        RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF,
};

/* What is never wanted is dropped in the kernel and wakes nobody: a bridge's view of its ports, the
 * local, broadcast, anycast and multicast routes that come with every address, and the full set of
 * settings that comes with every interface. A setting that changes comes alone. */
static int attach_filter(int fd) {
        enum {
                TYPE = 4,
                LINK_FAMILY = 16,
                ROUTE_PROTOCOL = 21,
                ROUTE_TYPE = 23
        };
        enum {
                ONE_SETTING = 40
        }; /* two headers, the interface, the value */
        struct sock_filter code[] = {
                /* 16-bit loads swap as if from the network; nlmsg_type is in host order. */
                BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWLINK), 6, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELLINK), 5, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 6, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 5, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWNETCONF), 11, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELNETCONF), 13, 0),
                BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
                /* links */
                BPF_STMT(BPF_LD | BPF_B | BPF_ABS, LINK_FAMILY),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_BRIDGE, 10, 9),
                /* routes */
                BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ROUTE_TYPE),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTN_BROADCAST, 8, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTN_ANYCAST, 7, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTN_MULTICAST, 6, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTN_LOCAL, 0, 4),
                BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ROUTE_PROTOCOL),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTPROT_KERNEL, 3, 2),
                /* settings */
                BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
                BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, ONE_SETTING, 1, 0),
                BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
                BPF_STMT(BPF_RET | BPF_K, 0),
        };
        const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

        if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
                return -errno;
        return 0;
}

static int join_groups(int fd) {
        for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
                if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
                               sizeof(groups[i])) < 0)
                        return -errno;
        return 0;
}

/* SO_RCVBUF is cut down to the system's limit, SO_RCVBUFFORCE needs a privilege: take what we get,
 * an overrun is no disaster. */
static void set_receive_buffer(int fd, int bytes) {
        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
                (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

int rtnl_socket_new(int fd, int receive_buffer, struct rtnl_socket **ret) {
        CLEANUP(close_fdp) int own = fd;
        CLEANUP(rtnl_socket_freep) struct rtnl_socket *rtnl = NULL;
        struct sockaddr_nl address = {.nl_family = AF_NETLINK};
        int r;

        if (own < 0) {
                own = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
                if (own < 0)
                        return -errno;
                if (bind(own, (struct sockaddr *)&address, sizeof(address)) < 0)
                        return -errno;
        }
        /* The service manager gave its socket the size it ought to have. */
        if (fd < 0 || receive_buffer > 0)
                set_receive_buffer(own,
                                   receive_buffer > 0 ? receive_buffer : RECEIVE_BUFFER_DEFAULT);
        r = attach_filter(own);
        if (r < 0)
                return r;
        r = join_groups(own);
        if (r < 0)
                return r;
        rtnl = calloc(1, sizeof(*rtnl));
        if (!rtnl)
                return -ENOMEM;
        rtnl->fd = steal_fd(&own);
        *ret = STEAL(rtnl);
        return 0;
}

void rtnl_socket_free(struct rtnl_socket *rtnl) {
        if (!rtnl)
                return;
        (void)close(rtnl->fd);
        free(rtnl);
}

int rtnl_socket_fd(const struct rtnl_socket *rtnl) {
        return rtnl->fd;
}

int rtnl_socket_receive(struct rtnl_socket *rtnl, const void **ret, size_t *ret_len) {
        for (;;) {
                struct sockaddr_nl sender = {};
                socklen_t sender_len = sizeof(sender);
                ssize_t n =
                        recvfrom(rtnl->fd, rtnl->datagram, sizeof(rtnl->datagram),
                                 MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&sender, &sender_len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 0 : -errno;
                if (sender.nl_pid != 0)
                        continue; /* not from the kernel */
                if ((size_t)n > sizeof(rtnl->datagram))
                        return -ENOBUFS;
                *ret = rtnl->datagram;
                *ret_len = (size_t)n;
                return 1;
        }
}
