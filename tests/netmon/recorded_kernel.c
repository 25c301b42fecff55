/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorded_kernel.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/nl80211.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "die.h"
#include "moment.h"
#include "nlattr.h"

#define FDS_MAX 64
#define DATAGRAM_MAX 32768
#define START_USEC (UINT64_C(1000) * USEC_PER_SEC)
#define REALTIME_USEC (UINT64_C(1700000000) * USEC_PER_SEC)
#define SEND_BUFFER (4 * 1024 * 1024)

enum role {
        ROLE_NONE, /* not ours */
        ROLE_NETLINK,
        ROLE_TIMER,
        ROLE_CLOCK_JUMP, /* a timer that elapses by being cancelled */
};

struct descriptor {
        enum role role;
        int other_end; /* of a socket */
        int protocol;
        unsigned char sources; /* of announcements, a bit each */
        bool is_overrun;       /* the next call that reads says so */
        clockid_t clock;       /* of a timer */
        uint64_t due_usec;     /* 0: not set */
};

static struct {
        struct capture *capture; /* NULL: the real kernel does it all */
        size_t moment;
        uint64_t now_usec;
        uint64_t slept_usec;
        unsigned n_unanswered;
        struct descriptor descriptors[FDS_MAX];
} kernel;

static struct descriptor *find(int fd, enum role role) {
        if (!kernel.capture || fd < 0 || fd >= FDS_MAX || kernel.descriptors[fd].role != role)
                return NULL;
        return &kernel.descriptors[fd];
}

static int take_place(int fd, const struct descriptor *descriptor) {
        if (fd >= FDS_MAX)
                die("descriptor %d: there are too many", fd);
        kernel.descriptors[fd] = *descriptor;
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
int our_clock_gettime(clockid_t clock, struct timespec *ret) __asm__("clock_gettime");
int our_timerfd_create(int clock, int flags) __asm__("timerfd_create");
int our_timerfd_settime(int fd, int flags, const struct itimerspec *value,
                        struct itimerspec *old) __asm__("timerfd_settime");
ssize_t our_read(int fd, void *data, size_t len) __asm__("read");

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
        return take_place(pair[0], &(struct descriptor){
                                           .role = ROLE_NETLINK,
                                           .other_end = pair[1],
                                           .protocol = protocol,
                                   });
}

int our_bind(int fd, const struct sockaddr *address, socklen_t len) {
        return find(fd, ROLE_NETLINK) ? 0 : (int)syscall(SYS_bind, fd, address, len);
}

int our_getsockname(int fd, struct sockaddr *address, socklen_t *len) {
        struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_pid = 1};

        if (!find(fd, ROLE_NETLINK))
                return (int)syscall(SYS_getsockname, fd, address, len);
        memcpy(address, &own, *len < sizeof(own) ? *len : sizeof(own));
        *len = sizeof(own);
        return 0;
}

static enum capture_source source_of(int protocol, unsigned group) {
        if (protocol == NETLINK_GENERIC)
                return CAPTURE_WIFI;
        return group == RTNLGRP_NEIGH ? CAPTURE_NEIGHBOUR : CAPTURE_ROUTE;
}

int our_setsockopt(int fd, int level, int name, const void *value, socklen_t len) {
        struct descriptor *descriptor = find(fd, ROLE_NETLINK);
        unsigned group;

        if (!descriptor || level != SOL_NETLINK)
                return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
        if (name != NETLINK_ADD_MEMBERSHIP)
                return 0;
        memcpy(&group, value, sizeof(group));
        descriptor->sources |= (unsigned char)(1U << source_of(descriptor->protocol, group));
        return 0;
}

static void put(const struct descriptor *descriptor, const void *data, size_t len) {
        if (syscall(SYS_sendto, descriptor->other_end, data, len, MSG_DONTWAIT, NULL, 0) < 0)
                die("no room for a message: %s", strerror(errno));
}

/* Messages are put together to datagrams as long as they fit. */
struct datagram {
        _Alignas(struct nlmsghdr) uint8_t data[DATAGRAM_MAX];
        size_t len;
};

static void flush(const struct descriptor *descriptor, struct datagram *datagram) {
        if (datagram->len > 0)
                put(descriptor, datagram->data, datagram->len);
        datagram->len = 0;
}

static void append(const struct descriptor *descriptor, struct datagram *datagram, uint32_t seq,
                   uint16_t flags, const void *data, size_t len) {
        struct nlmsghdr *nlh;

        if (datagram->len + NLMSG_ALIGN(len) > DATAGRAM_MAX)
                flush(descriptor, datagram);
        nlh = (struct nlmsghdr *)(void *)(datagram->data + datagram->len);
        memset(nlh, 0, NLMSG_ALIGN(len));
        memcpy(nlh, data, len);
        nlh->nlmsg_seq = seq;
        nlh->nlmsg_flags |= flags;
        datagram->len += NLMSG_ALIGN(len);
}

static void append_end(const struct descriptor *descriptor, struct datagram *datagram,
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
        append(descriptor, datagram, request->nlmsg_seq, type == NLMSG_DONE ? NLM_F_MULTI : 0, &end,
               end.header.nlmsg_len);
}

static void answer(const struct descriptor *descriptor, const struct capture_answer *found,
                   const struct nlmsghdr *request) {
        static struct datagram datagram;
        const struct capture *capture = kernel.capture;

        for (size_t i = 0; i < found->n_messages; i++) {
                const struct capture_bytes *message = &capture->messages[found->messages[i]];

                append(descriptor, &datagram, request->nlmsg_seq, found->is_dump ? NLM_F_MULTI : 0,
                       message->data, message->len);
        }
        if (found->is_dump)
                append_end(descriptor, &datagram, request, NLMSG_DONE, 0);
        else
                flush(descriptor, &datagram);
        if (found->error != 0 || (request->nlmsg_flags & NLM_F_ACK))
                append_end(descriptor, &datagram, request, NLMSG_ERROR, found->error);
        flush(descriptor, &datagram);
}

/* A request as the capture has it. */
static void ask(const struct descriptor *descriptor, const void *data, size_t len) {
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
        answer(descriptor, found ? found : &unknown, nlh);
}

ssize_t our_send(int fd, const void *data, size_t len, int flags) {
        const struct descriptor *descriptor = find(fd, ROLE_NETLINK);

        if (!descriptor)
                return syscall(SYS_sendto, fd, data, len, flags, NULL, 0);
        ask(descriptor, data, len);
        return (ssize_t)len;
}

ssize_t our_sendmsg(int fd, const struct msghdr *message, int flags) {
        const struct descriptor *descriptor = find(fd, ROLE_NETLINK);

        if (!descriptor)
                return syscall(SYS_sendmsg, fd, message, flags);
        ask(descriptor, message->msg_iov[0].iov_base, message->msg_iov[0].iov_len);
        return (ssize_t)message->msg_iov[0].iov_len;
}

ssize_t our_recvmsg(int fd, struct msghdr *message, int flags) {
        const struct sockaddr_nl sender = {.nl_family = AF_NETLINK};
        ssize_t n = syscall(SYS_recvmsg, fd, message, flags);

        if (n >= 0 && find(fd, ROLE_NETLINK) && message->msg_name) {
                memcpy(message->msg_name, &sender, sizeof(sender));
                message->msg_namelen = sizeof(sender);
        }
        return n;
}

static bool take_overrun(int fd) {
        struct descriptor *descriptor = find(fd, ROLE_NETLINK);
        bool is_overrun = descriptor && descriptor->is_overrun;

        if (is_overrun) {
                descriptor->is_overrun = false;
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
        struct descriptor *descriptor = fd >= 0 && fd < FDS_MAX ? &kernel.descriptors[fd] : NULL;

        if (descriptor && descriptor->role == ROLE_NETLINK)
                (void)syscall(SYS_close, descriptor->other_end);
        if (descriptor)
                descriptor->role = ROLE_NONE;
        return (int)syscall(SYS_close, fd);
}

/* Clocks and timers. */

int our_clock_gettime(clockid_t clock, struct timespec *ret) {
        uint64_t usec = kernel.now_usec;

        if (!kernel.capture)
                return (int)syscall(SYS_clock_gettime, clock, ret);
        if (clock == CLOCK_MONOTONIC)
                usec -= kernel.slept_usec;
        if (clock == CLOCK_REALTIME)
                usec += REALTIME_USEC;
        *ret = (struct timespec){
                .tv_sec = (time_t)(usec / USEC_PER_SEC),
                .tv_nsec = (long)(usec % USEC_PER_SEC * 1000),
        };
        return 0;
}

int our_timerfd_create(int clock, int flags) {
        if (!kernel.capture)
                return (int)syscall(SYS_timerfd_create, clock, flags);
        return take_place(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                          &(struct descriptor){.role = ROLE_TIMER, .clock = clock});
}

/* Nothing is to be read from it any more. */
static void empty(int fd) {
        uint64_t n;

        (void)!syscall(SYS_read, fd, &n, sizeof(n));
}

static void fill(int fd) {
        const uint64_t one = 1;

        (void)!syscall(SYS_write, fd, &one, sizeof(one));
}

int our_timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old) {
        struct descriptor *timer = find(fd, ROLE_TIMER);

        if (!timer)
                return (int)syscall(SYS_timerfd_settime, fd, flags, value, old);
        if (flags & TFD_TIMER_CANCEL_ON_SET) {
                timer->role = ROLE_CLOCK_JUMP;
                return 0;
        }
        empty(fd);
        timer->due_usec = (uint64_t)value->it_value.tv_sec * USEC_PER_SEC +
                          (uint64_t)(value->it_value.tv_nsec + 999) / 1000;
        if (timer->due_usec > 0 && timer->clock == CLOCK_MONOTONIC)
                timer->due_usec += kernel.slept_usec;
        if (timer->due_usec > 0 && timer->due_usec <= kernel.now_usec)
                fill(fd);
        return 0;
}

ssize_t our_read(int fd, void *data, size_t len) {
        ssize_t n = syscall(SYS_read, fd, data, len);

        if (n < 0 || !find(fd, ROLE_CLOCK_JUMP))
                return n;
        errno = ECANCELED;
        return -1;
}

/* The rest is for the test. */

void recorded_kernel_start(struct capture *capture) {
        memset(&kernel, 0, sizeof(kernel));
        kernel.capture = capture;
        kernel.now_usec = START_USEC;
}

void recorded_kernel_stop(void) {
        kernel.capture = NULL;
}

void recorded_kernel_set_moment(size_t moment) {
        kernel.moment = moment;
}

uint64_t recorded_kernel_now(void) {
        return kernel.now_usec;
}

uint64_t recorded_kernel_next_timer(void) {
        uint64_t next_usec = UINT64_MAX;

        for (int fd = 0; fd < FDS_MAX; fd++) {
                const struct descriptor *timer = find(fd, ROLE_TIMER);

                if (timer && timer->due_usec > 0 && timer->due_usec < next_usec)
                        next_usec = timer->due_usec;
        }
        /* What waits for a timer may choose its time within a millisecond. */
        if (next_usec < UINT64_MAX - USEC_PER_MSEC)
                next_usec = (next_usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC * USEC_PER_MSEC;
        return next_usec;
}

void recorded_kernel_advance(uint64_t now_usec) {
        if (now_usec > kernel.now_usec)
                kernel.now_usec = now_usec;
        for (int fd = 0; fd < FDS_MAX; fd++) {
                struct descriptor *timer = find(fd, ROLE_TIMER);

                if (!timer || timer->due_usec == 0 || timer->due_usec > kernel.now_usec)
                        continue;
                timer->due_usec = 0;
                fill(fd);
        }
}

void recorded_kernel_sleep(uint64_t usec) {
        kernel.slept_usec += usec;
        kernel.now_usec += usec;
        for (int fd = 0; fd < FDS_MAX; fd++) {
                struct descriptor *timer = find(fd, ROLE_TIMER);

                if (timer && timer->clock == CLOCK_MONOTONIC && timer->due_usec > 0)
                        timer->due_usec += usec;
                if (find(fd, ROLE_CLOCK_JUMP))
                        fill(fd);
        }
}

/* A message that passes every filter and says nothing: whoever waits for the socket wakes up. */
static void put_filler(const struct descriptor *descriptor, size_t len) {
        static struct {
                struct nlmsghdr header;
                uint8_t rest[DATAGRAM_MAX];
        } filler;

        filler.header.nlmsg_len = sizeof(filler.header);
        filler.header.nlmsg_type =
                descriptor->protocol == NETLINK_GENERIC ? GENL_ID_CTRL : NLMSG_OVERRUN;
        put(descriptor, &filler, len);
}

void recorded_kernel_announce(const struct capture_event *event, enum recorded_delivery delivery) {
        for (int fd = 0; fd < FDS_MAX; fd++) {
                struct descriptor *descriptor = find(fd, ROLE_NETLINK);

                if (!descriptor || !(descriptor->sources & 1U << event->source))
                        continue;
                switch (delivery) {
                case RECORDED_WHOLE:
                        put(descriptor, event->datagram.data, event->datagram.len);
                        break;
                case RECORDED_LOST:
                        descriptor->is_overrun = true;
                        put_filler(descriptor, NLMSG_LENGTH(sizeof(struct genlmsghdr)));
                        break;
                case RECORDED_TRUNCATED:
                        put_filler(descriptor, DATAGRAM_MAX + 1);
                        break;
                }
        }
}

unsigned recorded_kernel_unanswered(void) {
        return kernel.n_unanswered;
}
