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
#include "nd_msg.h"

#define RECEIVE_BUFFER_DEFAULT (8 * 1024 * 1024)
#define DATAGRAM_MAX (32 * 1024)
#define BATCH_MAX 8

/* Datagrams are read several at a time; memory that none ever filled costs nothing. */
struct rtnl_socket {
        int fd;
        unsigned n_batch; /* read, those before `next` have been handed out */
        unsigned next;
        struct mmsghdr batch[BATCH_MAX];
        struct iovec iovecs[BATCH_MAX];
        struct sockaddr_nl senders[BATCH_MAX];
        _Alignas(struct nlmsghdr) uint8_t datagrams[BATCH_MAX][DATAGRAM_MAX];
};

static const unsigned groups[] = {
        RTNLGRP_LINK,         RTNLGRP_IPV4_IFADDR,  RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
        RTNLGRP_IPV6_ROUTE,   RTNLGRP_IPV4_RULE,    RTNLGRP_IPV6_RULE,   RTNLGRP_NEXTHOP,
        RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF, RTNLGRP_ND_USEROPT,
};

/* What is never wanted is dropped in the kernel and wakes nobody: a bridge's view of its ports, the
 * local, broadcast, anycast and multicast routes that come with every address, and the full set of
 * settings that comes with every interface. A setting that changes comes alone. Of the options of
 * router advertisements two are wanted. */
static int attach_filter(int fd) {
        enum {
                TYPE = 4,
                LINK_FAMILY = 16,
                ROUTE_PROTOCOL = 21,
                ROUTE_TYPE = 23,
                ND_OPTION = 32
        };
        enum {
                ONE_SETTING = 40
        }; /* two headers, the interface, the value */
        struct sock_filter code[] = {
                /* 16-bit loads swap as if from the network; nlmsg_type is in host order. */
                BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWLINK), 7, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELLINK), 6, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 7, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 6, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWNETCONF), 12, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELNETCONF), 17, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWNDUSEROPT), 12, 0),
                BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
                /* links */
                BPF_STMT(BPF_LD | BPF_B | BPF_ABS, LINK_FAMILY),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_BRIDGE, 13, 12),
                /* routes */
                BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ROUTE_TYPE),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTN_BROADCAST, 11, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTN_ANYCAST, 10, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTN_MULTICAST, 9, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTN_LOCAL, 0, 7),
                BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ROUTE_PROTOCOL),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTPROT_KERNEL, 6, 5),
                /* settings */
                BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
                BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, ONE_SETTING, 4, 3),
                /* options of router advertisements */
                BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ND_OPTION),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_CAPTIVE_PORTAL, 1, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_PREF64, 0, 1),
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
        for (unsigned i = 0; i < BATCH_MAX; i++) {
                rtnl->iovecs[i] = (struct iovec){rtnl->datagrams[i], DATAGRAM_MAX};
                rtnl->batch[i].msg_hdr = (struct msghdr){
                        .msg_name = &rtnl->senders[i],
                        .msg_iov = &rtnl->iovecs[i],
                        .msg_iovlen = 1,
                };
        }
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

/* Fills the batch. 1, 0 when there is nothing, or a negative errno. */
static int read_batch(struct rtnl_socket *rtnl) {
        int n;

        /* A batch that was not full has emptied the socket. */
        if (rtnl->n_batch > 0 && rtnl->n_batch < BATCH_MAX) {
                rtnl->n_batch = 0;
                return 0;
        }
        rtnl->n_batch = 0;
        rtnl->next = 0;
        for (unsigned i = 0; i < BATCH_MAX; i++)
                rtnl->batch[i].msg_hdr.msg_namelen = sizeof(rtnl->senders[i]);
        do
                n = recvmmsg(rtnl->fd, rtnl->batch, BATCH_MAX, MSG_DONTWAIT, NULL);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return errno == EAGAIN ? 0 : -errno;
        rtnl->n_batch = (unsigned)n;
        return 1;
}

int rtnl_socket_receive(struct rtnl_socket *rtnl, const void **ret, size_t *ret_len) {
        for (;;) {
                unsigned i;
                int r;

                if (rtnl->next >= rtnl->n_batch) {
                        r = read_batch(rtnl);
                        if (r <= 0)
                                return r;
                }
                i = rtnl->next++;
                if (rtnl->senders[i].nl_pid != 0)
                        continue; /* not from the kernel */
                if (rtnl->batch[i].msg_hdr.msg_flags & MSG_TRUNC)
                        return -ENOBUFS;
                *ret = rtnl->datagrams[i];
                *ret_len = rtnl->batch[i].msg_len;
                return 1;
        }
}
