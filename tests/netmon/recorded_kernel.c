/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorded_kernel.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture.h"
#include "die.h"
#include "recorded_clock.h"
#include "recorded_sysfs.h"

#define FDS_MAX 64
#define DATAGRAM_MAX 32768
#define SWITCH_FILLER_LEN 256
#define SEND_BUFFER (4 * 1024 * 1024)

/* One end of a pair of UNIX sockets, in place of a netlink socket. */
struct netlink {
        bool is_open;
        int other_end;
        int protocol;
        unsigned char sources; /* of announcements, a bit each */
        bool is_overrun;       /* the next call that reads says so */
};

static struct {
        struct capture *capture; /* NULL: the real kernel does it all */
        size_t moment;
        bool interrupts; /* the next dump */
        unsigned n_unanswered;
        struct netlink sockets[FDS_MAX]; /* by descriptor */
} kernel;

static struct netlink *find(int fd) {
        if (!kernel.capture || fd < 0 || fd >= FDS_MAX || !kernel.sockets[fd].is_open)
                return NULL;
        return &kernel.sockets[fd];
}

static int take_place(int fd, const struct netlink *netlink) {
        if (fd >= FDS_MAX)
                die("descriptor %d: there are too many", fd);
        kernel.sockets[fd] = *netlink;
        return fd;
}

/* What stands in for the C library, whose own declarations differ from one to the other. */
int our_socket(int domain, int type, int protocol) __asm__("socket");
int our_bind(int fd, const struct sockaddr *address, socklen_t len) __asm__("bind");
int our_getsockname(int fd, struct sockaddr *address, socklen_t *len) __asm__("getsockname");
int our_setsockopt(int fd, int level, int name, const void *value,
                   socklen_t len) __asm__("setsockopt");
ssize_t our_send(int fd, const void *data, size_t len, int flags) __asm__("send");
ssize_t our_sendmsg(int fd, const struct msghdr *message, int flags) __asm__("sendmsg");
ssize_t our_recvmsg(int fd, struct msghdr *message, int flags) __asm__("recvmsg");
ssize_t our_recvfrom(int fd, void *data, size_t len, int flags, struct sockaddr *sender,
                     socklen_t *sender_len) __asm__("recvfrom");
int our_recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags,
                 struct timespec *timeout) __asm__("recvmmsg");
int our_close(int fd) __asm__("close");

/* Sockets. */

int our_socket(int domain, int type, int protocol) {
        int pair[2], size = SEND_BUFFER;

        if (!kernel.capture || domain != AF_NETLINK)
                return (int)syscall(SYS_socket, domain, type, protocol);
        type = SOCK_DGRAM | (type & (SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (syscall(SYS_socketpair, AF_UNIX, type, 0, pair) < 0)
                return -1;
        if (syscall(SYS_setsockopt, pair[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
                (void)syscall(SYS_setsockopt, pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        return take_place(pair[0], &(struct netlink){
                                           .is_open = true,
                                           .other_end = pair[1],
                                           .protocol = protocol,
                                   });
}

int our_bind(int fd, const struct sockaddr *address, socklen_t len) {
        return find(fd) ? 0 : (int)syscall(SYS_bind, fd, address, len);
}

int our_getsockname(int fd, struct sockaddr *address, socklen_t *len) {
        struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_pid = 1};

        if (!find(fd))
                return (int)syscall(SYS_getsockname, fd, address, len);
        memcpy(address, &own, *len < sizeof(own) ? *len : sizeof(own));
        *len = sizeof(own);
        return 0;
}

static enum capture_source source_of(int protocol, unsigned group) {
        if (protocol == NETLINK_GENERIC)
                return CAPTURE_WIFI;
        if (protocol == NETLINK_KOBJECT_UEVENT)
                return CAPTURE_SWITCH;
        return group == RTNLGRP_NEIGH ? CAPTURE_NEIGHBOUR : CAPTURE_ROUTE;
}

int our_setsockopt(int fd, int level, int name, const void *value, socklen_t len) {
        struct netlink *netlink = find(fd);
        unsigned group;

        if (!netlink || level != SOL_NETLINK)
                return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
        if (name != NETLINK_ADD_MEMBERSHIP)
                return 0;
        memcpy(&group, value, sizeof(group));
        netlink->sources |= (unsigned char)(1U << source_of(netlink->protocol, group));
        return 0;
}

static void put(const struct netlink *netlink, const void *data, size_t len) {
        if (syscall(SYS_sendto, netlink->other_end, data, len, MSG_DONTWAIT, NULL, 0) < 0)
                die("no room for a message: %s", strerror(errno));
}

/* Messages are put together to datagrams as long as they fit. */
struct datagram {
        _Alignas(struct nlmsghdr) uint8_t data[DATAGRAM_MAX];
        size_t len;
};

static void flush(const struct netlink *netlink, struct datagram *datagram) {
        if (datagram->len > 0)
                put(netlink, datagram->data, datagram->len);
        datagram->len = 0;
}

static void append(const struct netlink *netlink, struct datagram *datagram, uint32_t seq,
                   uint16_t flags, const void *data, size_t len) {
        struct nlmsghdr *nlh;

        if (datagram->len + NLMSG_ALIGN(len) > DATAGRAM_MAX)
                flush(netlink, datagram);
        nlh = (struct nlmsghdr *)(void *)(datagram->data + datagram->len);
        memset(nlh, 0, NLMSG_ALIGN(len));
        memcpy(nlh, data, len);
        nlh->nlmsg_seq = seq;
        nlh->nlmsg_flags |= flags;
        datagram->len += NLMSG_ALIGN(len);
}

static void append_end(const struct netlink *netlink, struct datagram *datagram,
                       const struct nlmsghdr *request, uint16_t type, int error) {
        struct {
                struct nlmsghdr header;
                struct nlmsgerr error;
        } end = {
                .header = {.nlmsg_len = sizeof(end), .nlmsg_type = type},
                .error = {.error = error, .msg = *request},
        };

        if (type == NLMSG_DONE)
                end.header.nlmsg_len = NLMSG_LENGTH(sizeof(int));
        append(netlink, datagram, request->nlmsg_seq, type == NLMSG_DONE ? NLM_F_MULTI : 0, &end,
               end.header.nlmsg_len);
}

static void answer(const struct netlink *netlink, const struct capture_answer *found,
                   const struct nlmsghdr *request) {
        static struct datagram datagram;
        const struct capture *capture = kernel.capture;
        uint16_t flags = found->is_dump ? NLM_F_MULTI : 0;

        if (found->is_dump && kernel.interrupts) {
                kernel.interrupts = false;
                flags |= NLM_F_DUMP_INTR;
        }

        for (size_t i = 0; i < found->n_messages; i++) {
                const struct capture_bytes *message = &capture->messages[found->messages[i]];

                append(netlink, &datagram, request->nlmsg_seq, flags, message->data, message->len);
        }
        if (found->is_dump)
                append_end(netlink, &datagram, request, NLMSG_DONE, 0);
        else
                flush(netlink, &datagram);
        if (found->error != 0 || (request->nlmsg_flags & NLM_F_ACK))
                append_end(netlink, &datagram, request, NLMSG_ERROR, found->error);
        flush(netlink, &datagram);
}

/* A request as the capture has it. */
static void ask(const struct netlink *netlink, const void *data, size_t len) {
        static const struct capture_answer unknown = {.error = -ENOENT};
        _Alignas(struct nlmsghdr) uint8_t request[1024];
        struct nlmsghdr *nlh = (struct nlmsghdr *)request;
        struct capture_answer *found;
        uint16_t flags;
        uint32_t seq;

        if (len < sizeof(*nlh) || len > sizeof(request))
                die("a request of %zu bytes", len);
        memcpy(request, data, len);
        seq = nlh->nlmsg_seq;
        flags = nlh->nlmsg_flags;
        nlh->nlmsg_seq = nlh->nlmsg_pid = 0;
        /* One version of libnl wants an acknowledgement, the other not. */
        nlh->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
        found = capture_find(kernel.capture, kernel.moment, request, len);
        if (found)
                found->is_asked = true;
        if (!found && nlh->nlmsg_type != GENL_ID_CTRL && nlh->nlmsg_type != RTM_GETSTATS) {
                if (kernel.n_unanswered++ == 0) {
                        (void)fprintf(stderr, "moment %zu: no answer to ", kernel.moment);
                        for (size_t i = 0; i < len; i++)
                                (void)fprintf(stderr, "%02x", request[i]);
                        (void)fputc('\n', stderr);
                }
        }
        nlh->nlmsg_seq = seq;
        nlh->nlmsg_flags = flags;
        answer(netlink, found ? found : &unknown, nlh);
}

ssize_t our_send(int fd, const void *data, size_t len, int flags) {
        const struct netlink *netlink = find(fd);

        if (!netlink)
                return syscall(SYS_sendto, fd, data, len, flags, NULL, 0);
        ask(netlink, data, len);
        return (ssize_t)len;
}

ssize_t our_sendmsg(int fd, const struct msghdr *message, int flags) {
        const struct netlink *netlink = find(fd);

        if (!netlink)
                return syscall(SYS_sendmsg, fd, message, flags);
        ask(netlink, message->msg_iov[0].iov_base, message->msg_iov[0].iov_len);
        return (ssize_t)message->msg_iov[0].iov_len;
}

ssize_t our_recvmsg(int fd, struct msghdr *message, int flags) {
        const struct sockaddr_nl sender = {.nl_family = AF_NETLINK};
        ssize_t n = syscall(SYS_recvmsg, fd, message, flags);

        if (n >= 0 && find(fd) && message->msg_name) {
                memcpy(message->msg_name, &sender, sizeof(sender));
                message->msg_namelen = sizeof(sender);
        }
        return n;
}

static bool take_overrun(int fd) {
        struct netlink *netlink = find(fd);
        bool is_overrun = netlink && netlink->is_overrun;

        if (is_overrun) {
                netlink->is_overrun = false;
                errno = ENOBUFS;
        }
        return is_overrun;
}

ssize_t our_recvfrom(int fd, void *data, size_t len, int flags, struct sockaddr *sender,
                     socklen_t *sender_len) {
        return take_overrun(fd) ? -1
                                : syscall(SYS_recvfrom, fd, data, len, flags, sender, sender_len);
}

int our_recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags,
                 struct timespec *timeout) {
        return take_overrun(fd) ? -1 : (int)syscall(SYS_recvmmsg, fd, messages, n, flags, timeout);
}

int our_close(int fd) {
        struct netlink *netlink = find(fd);

        if (netlink) {
                (void)syscall(SYS_close, netlink->other_end);
                netlink->is_open = false;
        }
        recorded_clock_forget(fd);
        return (int)syscall(SYS_close, fd);
}

/* The rest is for the test. */

void recorded_kernel_start(struct capture *capture) {
        memset(&kernel, 0, sizeof(kernel));
        kernel.capture = capture;
        recorded_clock_start();
        recorded_sysfs_start();
}

void recorded_kernel_stop(void) {
        kernel.capture = NULL;
        recorded_clock_stop();
        recorded_sysfs_stop();
}

void recorded_kernel_set_moment(size_t moment) {
        kernel.moment = moment;
}

/* A message that passes every filter and says nothing: whoever waits for the socket wakes up. */
static void put_filler(const struct netlink *netlink, size_t len) {
        static struct {
                struct nlmsghdr header;
                uint8_t rest[DATAGRAM_MAX];
        } filler;

        filler.header.nlmsg_len = sizeof(filler.header);
        filler.header.nlmsg_type =
                netlink->protocol == NETLINK_GENERIC ? GENL_ID_CTRL : NLMSG_OVERRUN;
        put(netlink, &filler, len);
}

/* The same for switches, of which the end is looked at. */
static void put_switch_filler(const struct netlink *netlink, size_t len) {
        static const char word[] = "rfkill";
        static char filler[DATAGRAM_MAX + 1];

        memset(filler, 0, sizeof(filler));
        memcpy(filler + len - sizeof(word), word, sizeof(word));
        put(netlink, filler, len);
}

static void put_lost(struct netlink *netlink) {
        netlink->is_overrun = true;
        if (netlink->protocol == NETLINK_KOBJECT_UEVENT)
                put_switch_filler(netlink, SWITCH_FILLER_LEN);
        else
                put_filler(netlink, NLMSG_LENGTH(sizeof(struct genlmsghdr)));
}

static void put_truncated(const struct netlink *netlink) {
        if (netlink->protocol == NETLINK_KOBJECT_UEVENT)
                put_switch_filler(netlink, DATAGRAM_MAX + 1);
        else
                put_filler(netlink, DATAGRAM_MAX + 1);
}

void recorded_kernel_announce(const struct capture_event *event, enum recorded_delivery delivery) {
        if (event->source == CAPTURE_SWITCH)
                recorded_sysfs_apply(&event->datagram);
        for (int fd = 0; fd < FDS_MAX; fd++) {
                struct netlink *netlink = find(fd);

                if (!netlink || !(netlink->sources & 1U << event->source))
                        continue;
                switch (delivery) {
                case RECORDED_WHOLE:
                        put(netlink, event->datagram.data, event->datagram.len);
                        break;
                case RECORDED_LOST:
                        put_lost(netlink);
                        break;
                case RECORDED_TRUNCATED:
                        put_truncated(netlink);
                        break;
                }
        }
}

void recorded_kernel_interrupt(void) {
        kernel.interrupts = true;
}

unsigned recorded_kernel_unanswered(void) {
        return kernel.n_unanswered;
}
