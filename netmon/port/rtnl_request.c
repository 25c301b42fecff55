/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtnl_request.h"

#include <errno.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "kernel.h"
#include "link_msg.h"
#include "marks.h"
#include "moment.h"
#include "neigh_msg.h"
#include "netconf_msg.h"
#include "nlanswer.h"
#include "route_msg.h"
#include "rule_msg.h"
#include "stats_msg.h"

#define QUERY_MAX 256
#define REPLY_MAX (32 * 1024)
#define RP_FILTERS_MAX 16

struct rtnl_request {
        int fd;
        uint32_t seq;
        uint64_t longest_usec;
        struct {
                uint32_t ifindex;
                int value;
        } rp_filters[RP_FILTERS_MAX]; /* as told since they were last forgotten */
        size_t n_rp_filters;
        struct marks marks; /* the same */
        bool has_marks;
        _Alignas(struct nlmsghdr) uint8_t reply[REPLY_MAX];
};

int rtnl_request_new(struct rtnl_request **ret) {
        CLEANUP(rtnl_request_freep) struct rtnl_request *request = calloc(1, sizeof(*request));
        struct sockaddr_nl address = {.nl_family = AF_NETLINK};

        if (!request)
                return -ENOMEM;
        request->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        if (request->fd < 0)
                return -errno;
        if (bind(request->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        *ret = STEAL(request);
        return 0;
}

void rtnl_request_free(struct rtnl_request *request) {
        if (!request)
                return;
        if (request->fd >= 0)
                (void)close(request->fd);
        free(request);
}

uint64_t rtnl_request_longest_usec(const struct rtnl_request *request) {
        return request->longest_usec;
}

/* 1 and *ret when `data` holds the answer to the latest request, 0 when not, or the error that the
 * kernel answered with. */
static int find_answer(const struct rtnl_request *request, const void *data, size_t left,
                       const struct nlmsghdr **ret) {
        struct nlanswer answer = {.seq = request->seq};
        int result;

        switch (nlanswer_take(&answer, &data, &left, ret, &result)) {
        case NLANSWER_NOTHING:
                return 0;
        case NLANSWER_MESSAGE:
                return 1;
        case NLANSWER_END:
                return result < 0 ? result : -EBADMSG;
        }
        return 0;
}

/* Reads one datagram from the kernel into request->reply. Its length, or -EAGAIN. */
static ssize_t receive(struct rtnl_request *request) {
        for (;;) {
                struct sockaddr_nl sender = {};
                socklen_t sender_len = sizeof(sender);
                ssize_t n = recvfrom(request->fd, request->reply, sizeof(request->reply),
                                     MSG_DONTWAIT, (struct sockaddr *)&sender, &sender_len);

                if (n < 0)
                        return -EAGAIN;
                if (sender.nl_pid == 0)
                        return n;
        }
}

/* Sends the query of `len` bytes, which carries request->seq, and reads the answer: the kernel has
 * written it when send() returns. */
static int ask(struct rtnl_request *request, const void *query, size_t len,
               const struct nlmsghdr **ret) {
        if (send(request->fd, query, len, 0) < 0)
                return -EAGAIN;
        for (;;) {
                ssize_t n = receive(request);
                int r;

                if (n < 0)
                        return (int)n;
                r = find_answer(request, request->reply, (size_t)n, ret);
                if (r == -ENOMEM || r == -ENOBUFS || r == -EINTR)
                        return -EAGAIN;
                if (r != 0)
                        return r < 0 ? r : 0;
        }
}

static int look_up(void *userdata, const struct route_query *query, struct route_reply *ret) {
        struct rtnl_request *request = userdata;
        _Alignas(struct nlmsghdr) uint8_t buf[QUERY_MAX];
        const struct nlmsghdr *answer;
        size_t len = route_query_build(query, ++request->seq, buf);
        int r;

        r = ask(request, buf, len, &answer);
        if (r < 0)
                return r;
        return route_reply_parse(answer, ret);
}

static int ask_rp_filter(struct rtnl_request *request, int32_t ifindex) {
        struct netconf_msg msg;
        _Alignas(struct nlmsghdr) uint8_t buf[QUERY_MAX];
        const struct nlmsghdr *answer;
        size_t len = netconf_msg_build_query(ifindex, ++request->seq, buf);
        int r;

        r = ask(request, buf, len, &answer);
        if (r < 0)
                return r;
        r = netconf_msg_parse(answer, &msg);
        return r < 0 ? r : msg.rp_filter;
}

static int rp_filter(void *userdata, uint32_t ifindex) {
        struct rtnl_request *request = userdata;
        int own, all, value;

        for (size_t i = 0; i < request->n_rp_filters; i++)
                if (request->rp_filters[i].ifindex == ifindex)
                        return request->rp_filters[i].value;
        own = ask_rp_filter(request, (int32_t)ifindex);
        if (own < 0)
                return own == -EAGAIN ? own : 0; /* the interface is gone */
        all = ask_rp_filter(request, NETCONFA_IFINDEX_ALL);
        if (all < 0)
                return -EAGAIN;
        value = own > all ? own : all; /* the kernel goes by the greater */
        if (request->n_rp_filters < RP_FILTERS_MAX) {
                request->rp_filters[request->n_rp_filters].ifindex = ifindex;
                request->rp_filters[request->n_rp_filters++].value = value;
        }
        return value;
}

void rtnl_request_forget_settings(struct rtnl_request *request) {
        request->n_rp_filters = 0;
}

/* Takes the rules of one datagram. 1 at the end of the dump, 0, or -EAGAIN. */
static int take_rules(struct nlanswer *answer, const void *data, size_t left, struct marks *marks) {
        const struct nlmsghdr *nlh;
        struct rule_msg rule;
        int result;

        for (;;) {
                switch (nlanswer_take(answer, &data, &left, &nlh, &result)) {
                case NLANSWER_NOTHING:
                        return 0;
                case NLANSWER_MESSAGE:
                        if (rule_msg_parse(nlh, &rule) == 0)
                                marks_add(marks, &rule);
                        break;
                case NLANSWER_END:
                        return result < 0 ? -EAGAIN : 1;
                }
        }
}

/* The rules, once for all until they change. The kernel writes the next part of a dump when the one
 * before is read. */
static int marks(void *userdata, const struct marks **ret) {
        struct rtnl_request *request = userdata;
        _Alignas(struct nlmsghdr) uint8_t buf[QUERY_MAX];
        size_t len = rule_msg_build_dump(++request->seq, buf);
        struct nlanswer answer = {.seq = request->seq};
        struct marks found = {};
        int r = 0;

        if (!request->has_marks) {
                if (send(request->fd, buf, len, 0) < 0)
                        return -EAGAIN;
                while (r == 0) {
                        ssize_t n = receive(request);

                        r = n < 0 ? (int)n : take_rules(&answer, request->reply, (size_t)n, &found);
                }
                if (r < 0)
                        return r;
                request->marks = found;
                request->has_marks = true;
        }
        *ret = &request->marks;
        return 0;
}

void rtnl_request_forget_rules(struct rtnl_request *request) {
        request->has_marks = false;
}

static int stats(void *userdata, uint32_t ifindex, struct link_stats *ret) {
        struct rtnl_request *request = userdata;
        _Alignas(struct nlmsghdr) uint8_t buf[QUERY_MAX];
        const struct nlmsghdr *answer;
        size_t len = stats_query_build(ifindex, ++request->seq, buf);
        int r;

        r = ask(request, buf, len, &answer);
        if (r < 0)
                return r;
        return stats_reply_parse(answer, ret);
}

void rtnl_request_kernel(struct rtnl_request *request, struct kernel *ret) {
        *ret = (struct kernel){
                .look_up = look_up,
                .rp_filter = rp_filter,
                .marks = marks,
                .stats = stats,
                .userdata = request,
        };
}

int rtnl_request_link(struct rtnl_request *request, uint32_t ifindex, const struct nlmsghdr **ret) {
        _Alignas(struct nlmsghdr) uint8_t buf[QUERY_MAX];
        size_t len = link_msg_build_query(ifindex, ++request->seq, buf, sizeof(buf));
        uint64_t began_usec = moment_boottime_usec(), took_usec;
        int r;

        r = ask(request, buf, len, ret);
        took_usec = moment_boottime_usec() - began_usec;
        if (took_usec > request->longest_usec)
                request->longest_usec = took_usec;
        return r;
}

int rtnl_request_neighbour(struct rtnl_request *request, uint32_t ifindex,
                           const struct netaddr *address, const struct nlmsghdr **ret) {
        _Alignas(struct nlmsghdr) uint8_t buf[QUERY_MAX];
        size_t len = neigh_msg_build_query(ifindex, address, ++request->seq, buf);

        return ask(request, buf, len, ret);
}
