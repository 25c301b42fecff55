/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path_floor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "die.h"
#include "moment.h"

#define WAIT_USEC (20 * USEC_PER_SEC)

struct path_floor {
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t done_cond;
        struct sockaddr_in server;
        int netlink;
        int end; /* an eventfd */
        bool waiting;
        enum path_news news;
        unsigned ifindex;
        const char *interface;
        struct path_floor_times times;
};

static bool link_is_lost(const struct nlmsghdr *nlh, unsigned ifindex) {
        const struct ifinfomsg *info = NLMSG_DATA(nlh);

        return nlh->nlmsg_type == RTM_NEWLINK && info->ifi_index == (int)ifindex &&
               !(info->ifi_flags & IFF_LOWER_UP);
}

static bool route_is_default(const struct nlmsghdr *nlh, unsigned ifindex) {
        const struct rtmsg *route = NLMSG_DATA(nlh);
        const struct rtattr *attribute = RTM_RTA(route);
        size_t left = RTM_PAYLOAD(nlh);

        if (nlh->nlmsg_type != RTM_NEWROUTE || route->rtm_family != AF_INET ||
            route->rtm_dst_len != 0)
                return false;
        for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
                if (attribute->rta_type == RTA_OIF &&
                    *(const uint32_t *)RTA_DATA(attribute) == ifindex)
                        return true;
        return false;
}

static bool is_expected(const struct path_floor *floor, const struct nlmsghdr *nlh) {
        switch (floor->news) {
        case PATH_NEWS_CARRIER_LOST:
                return link_is_lost(nlh, floor->ifindex);
        case PATH_NEWS_DEFAULT_ROUTE:
                return route_is_default(nlh, floor->ifindex);
        }
        return false;
}

static void exchange(int fd, const void *request, size_t len, char *answer, size_t size,
                     const char *end) {
        size_t have = 0;
        ssize_t n;

        if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
                die("the floor cannot write: %s", strerror(errno));
        do {
                n = read(fd, answer + have, size - 1 - have);
                if (n <= 0)
                        die("the floor has no answer");
                have += (size_t)n;
                answer[have] = '\0';
        } while (end ? !strstr(answer, end) : have < 3);
}

/* Connects, upgrades, and echoes one byte. */
static void connect_and_echo(const struct path_floor *floor) {
        static const char request[] = "GET / HTTP/1.1\r\nHost: server\r\nUpgrade: websocket\r\n"
                                      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        static const uint8_t frame[] = {0x82, 0x81, 1, 2, 3, 4, 'x' ^ 1};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
        char answer[1024];

        if (fd < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, floor->interface,
                       (socklen_t)strlen(floor->interface)) < 0 ||
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
            connect(fd, (const struct sockaddr *)&floor->server, sizeof(floor->server)) < 0)
                die("the floor cannot connect: %s", strerror(errno));
        exchange(fd, request, sizeof(request) - 1, answer, sizeof(answer), "\r\n\r\n");
        exchange(fd, frame, sizeof(frame), answer, sizeof(answer), NULL);
        (void)close(fd);
}

static void take_message(struct path_floor *floor, const struct nlmsghdr *nlh) {
        (void)pthread_mutex_lock(&floor->mutex);
        if (floor->waiting && is_expected(floor, nlh)) {
                floor->times = (struct path_floor_times){.told_usec = moment_boottime_usec()};
                if (floor->interface) {
                        connect_and_echo(floor);
                        floor->times.echoed_usec = moment_boottime_usec();
                }
                floor->waiting = false;
                (void)pthread_cond_signal(&floor->done_cond);
        }
        (void)pthread_mutex_unlock(&floor->mutex);
}

static void *listen_to_kernel(void *userdata) {
        static char buffer[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
        struct path_floor *floor = userdata;
        struct pollfd fds[] = {{.fd = floor->netlink, .events = POLLIN},
                               {.fd = floor->end, .events = POLLIN}};

        while (!fds[1].revents) {
                ssize_t n = poll(fds, 2, -1) > 0 && fds[0].revents
                                    ? recv(floor->netlink, buffer, sizeof(buffer), 0)
                                    : 0;
                size_t left = n > 0 ? (size_t)n : 0;

                for (const struct nlmsghdr *nlh = (const struct nlmsghdr *)buffer;
                     NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left))
                        take_message(floor, nlh);
        }
        return NULL;
}

struct path_floor *path_floor_start(const char *server, uint16_t port) {
        struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                      .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_ROUTE};
        struct path_floor *floor = calloc(1, sizeof(*floor));
        pthread_condattr_t attributes;

        if (!floor)
                die("out of memory");
        floor->server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
        floor->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        floor->end = eventfd(0, EFD_CLOEXEC);
        if (inet_pton(AF_INET, server, &floor->server.sin_addr) != 1 || floor->netlink < 0 ||
            floor->end < 0 ||
            bind(floor->netlink, (const struct sockaddr *)&address, sizeof(address)) < 0)
                die("rtnetlink: %s", strerror(errno));
        (void)pthread_mutex_init(&floor->mutex, NULL);
        (void)pthread_condattr_init(&attributes);
        (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        (void)pthread_cond_init(&floor->done_cond, &attributes);
        (void)pthread_condattr_destroy(&attributes);
        if (pthread_create(&floor->thread, NULL, listen_to_kernel, floor) != 0)
                die("no thread");
        return floor;
}

void path_floor_stop(struct path_floor *floor) {
        if (eventfd_write(floor->end, 1) < 0)
                die("eventfd: %s", strerror(errno));
        (void)pthread_join(floor->thread, NULL);
        (void)pthread_cond_destroy(&floor->done_cond);
        (void)pthread_mutex_destroy(&floor->mutex);
        (void)close(floor->netlink);
        (void)close(floor->end);
        free(floor);
}

void path_floor_expect(struct path_floor *floor, enum path_news news, unsigned ifindex,
                       const char *interface) {
        (void)pthread_mutex_lock(&floor->mutex);
        floor->news = news;
        floor->ifindex = ifindex;
        floor->interface = interface;
        floor->times = (struct path_floor_times){0};
        floor->waiting = true;
        (void)pthread_mutex_unlock(&floor->mutex);
}

struct path_floor_times path_floor_wait(struct path_floor *floor) {
        struct path_floor_times times;
        struct timespec deadline;

        (void)clock_gettime(CLOCK_MONOTONIC, &deadline);
        deadline.tv_sec += (time_t)(WAIT_USEC / USEC_PER_SEC);
        (void)pthread_mutex_lock(&floor->mutex);
        while (floor->waiting)
                if (pthread_cond_timedwait(&floor->done_cond, &floor->mutex, &deadline) != 0)
                        die("%s", floor->times.told_usec != 0 ? "the floor does not connect"
                                                              : "the kernel tells of no change");
        times = floor->times;
        (void)pthread_mutex_unlock(&floor->mutex);
        return times;
}
