/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rtnl_dump.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "address_msg.h"
#include "cleanup.h"
#include "link_msg.h"
#include "nlanswer.h"

/* The kernel fills a dump's datagrams up to 32 KiB when the reader takes as much. */
#define DATAGRAM_MAX (32 * 1024)

struct rtnl_dump {
        const struct rtnl_dump_owner *owner;
        void *userdata;
        int fd;
        sd_event_source *source;
        uint16_t type; /* RTM_NEWLINK or RTM_NEWADDR: what is dumped now */
        struct nlanswer answer;
        _Alignas(struct nlmsghdr) uint8_t datagram[DATAGRAM_MAX];
};

static int send_request(struct rtnl_dump *dump, uint16_t type) {
        _Alignas(struct nlmsghdr) uint8_t buf[64];
        size_t len;

        dump->type = type;
        dump->answer.seq++;
        len = type == RTM_NEWLINK ? link_msg_build_query(0, dump->answer.seq, buf, sizeof(buf))
                                  : address_msg_build_dump(dump->answer.seq, buf);
        if (send(dump->fd, buf, len, 0) < 0)
                return -errno;
        return 0;
}

static void end(struct rtnl_dump *dump, int result) {
        dump->answer.seq++; /* what still comes is not ours */
        dump->owner->done(result, dump->userdata);
}

/* One of the two dumps is over. */
static void next(struct rtnl_dump *dump, int result) {
        int r = result;

        if (r == 0 && dump->type == RTM_NEWLINK) {
                r = send_request(dump, RTM_NEWADDR);
                if (r == 0)
                        return;
        }
        end(dump, r);
}

static void take_datagram(struct rtnl_dump *dump, size_t left) {
        const void *data = dump->datagram;
        const struct nlmsghdr *nlh;
        int result;

        for (;;) {
                switch (nlanswer_take(&dump->answer, &data, &left, &nlh, &result)) {
                case NLANSWER_NOTHING:
                        return;
                case NLANSWER_MESSAGE:
                        if (nlh->nlmsg_type == dump->type)
                                dump->owner->message(nlh, dump->userdata);
                        break;
                case NLANSWER_END:
                        next(dump, result);
                        return;
                }
        }
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct rtnl_dump *dump = userdata;
        struct sockaddr_nl sender = {};
        socklen_t sender_len = sizeof(sender);
        ssize_t n = recvfrom(fd, dump->datagram, sizeof(dump->datagram), MSG_DONTWAIT | MSG_TRUNC,
                             (struct sockaddr *)&sender, &sender_len);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n < 0 || (size_t)n > sizeof(dump->datagram))
                end(dump, n < 0 ? -errno : -EMSGSIZE);
        else if (sender.nl_pid == 0)
                take_datagram(dump, (size_t)n);
        return 0;
}

int rtnl_dump_new(sd_event *event, const struct rtnl_dump_owner *owner, void *userdata,
                  struct rtnl_dump **ret) {
        CLEANUP(rtnl_dump_freep) struct rtnl_dump *dump = calloc(1, sizeof(*dump));
        struct sockaddr_nl address = {.nl_family = AF_NETLINK};
        int r;

        if (!dump)
                return -ENOMEM;
        dump->owner = owner;
        dump->userdata = userdata;
        dump->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        if (dump->fd < 0)
                return -errno;
        if (bind(dump->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        r = sd_event_add_io(event, &dump->source, dump->fd, EPOLLIN, on_readable, dump);
        if (r < 0)
                return r;
        *ret = STEAL(dump);
        return 0;
}

void rtnl_dump_free(struct rtnl_dump *dump) {
        if (!dump)
                return;
        sd_event_source_disable_unref(dump->source);
        if (dump->fd >= 0)
                (void)close(dump->fd);
        free(dump);
}

int rtnl_dump_start(struct rtnl_dump *dump) {
        dump->answer.is_interrupted = false;
        return send_request(dump, RTM_NEWLINK);
}
