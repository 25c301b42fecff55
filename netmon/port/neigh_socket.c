/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "neigh_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"

/* Where things are in a message: the netlink header, struct ndmsg, then NDA_DST, always the first
 * attribute. */
enum {
        IFINDEX = 20,
        STATE = 24,
        DESTINATION = 32, /* of its address; the last four bytes tell one from another */
};
#define STEPS_EACH 7

struct neigh_socket {
        int fd; /* -1: nobody to watch */
        sd_event *event;
        sd_event_source *source;
        neigh_socket_handler handler;
        void *userdata;
        struct neighbour watched[NEIGH_SOCKET_MAX];
        size_t n_watched;
};

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct neigh_socket *neigh = userdata;
        char byte;

        /* That there was something is all there is to know, an overrun included. */
        while (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) >= 0 || errno == ENOBUFS ||
               errno == EINTR)
                ;
        neigh->handler(neigh->userdata);
        return 0;
}

/* What a neighbour's index or address is in a message, as BPF loads it. */
static uint32_t load_index(uint32_t index) {
        return htonl(index);
}

static uint32_t load_tail(const struct netaddr *address) {
        uint32_t word;

        memcpy(&word, address->bytes + netaddr_len(address) - sizeof(word), sizeof(word));
        return ntohl(word);
}

static int attach_filter(const struct neigh_socket *neigh) {
        struct sock_filter code[1 + NEIGH_SOCKET_MAX * STEPS_EACH];
        size_t n = 0;

        for (size_t i = 0; i < neigh->n_watched; i++) {
                const struct neighbour *one = &neigh->watched[i];
                uint32_t tail = DESTINATION + (uint32_t)netaddr_len(&one->address) - 4;
                /* 16-bit loads swap as if from the network; the state is in host order. */
                const struct sock_filter steps[STEPS_EACH] = {
                        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, IFINDEX),
                        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, load_index(one->ifindex), 0, 5),
                        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, tail),
                        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, load_tail(&one->address), 0, 3),
                        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, STATE),
                        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, htons(one->states), 0, 1),
                        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
                };

                memcpy(code + n, steps, sizeof(steps));
                n += STEPS_EACH;
        }
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
        return setsockopt(neigh->fd, SOL_SOCKET, SO_ATTACH_FILTER,
                          &(struct sock_fprog){.len = (unsigned short)n, .filter = code},
                          sizeof(struct sock_fprog)) < 0
                       ? -errno
                       : 0;
}

static void close_socket(struct neigh_socket *neigh) {
        neigh->source = sd_event_source_disable_unref(neigh->source);
        if (neigh->fd >= 0)
                (void)close(neigh->fd);
        neigh->fd = -1;
}

static int open_socket(struct neigh_socket *neigh) {
        struct sockaddr_nl address = {.nl_family = AF_NETLINK};
        const unsigned group = RTNLGRP_NEIGH;
        int r;

        neigh->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
        if (neigh->fd < 0)
                return -errno;
        if (bind(neigh->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        r = attach_filter(neigh);
        if (r < 0)
                return r;
        if (setsockopt(neigh->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
                return -errno;
        return sd_event_add_io(neigh->event, &neigh->source, neigh->fd, EPOLLIN, on_readable,
                               neigh);
}

static bool is_watching(const struct neigh_socket *neigh, const struct neighbour *neighbours,
                        size_t n) {
        if (neigh->n_watched != n)
                return false;
        for (size_t i = 0; i < n; i++)
                if (neigh->watched[i].ifindex != neighbours[i].ifindex ||
                    neigh->watched[i].states != neighbours[i].states ||
                    !netaddr_equal(&neigh->watched[i].address, &neighbours[i].address))
                        return false;
        return true;
}

int neigh_socket_watch(struct neigh_socket *neigh, const struct neighbour *neighbours, size_t n) {
        int r;

        if (is_watching(neigh, neighbours, n))
                return 0;
        neigh->n_watched = n;
        memcpy(neigh->watched, neighbours, n * sizeof(*neighbours));
        if (n > 0 && neigh->fd >= 0)
                return attach_filter(neigh);
        close_socket(neigh);
        if (n == 0)
                return 0;
        r = open_socket(neigh);
        if (r < 0) {
                close_socket(neigh);
                neigh->n_watched = 0;
        }
        return r;
}

int neigh_socket_new(sd_event *event, neigh_socket_handler handler, void *userdata,
                     struct neigh_socket **ret) {
        struct neigh_socket *neigh = calloc(1, sizeof(*neigh));

        if (!neigh)
                return -ENOMEM;
        neigh->fd = -1;
        neigh->event = sd_event_ref(event);
        neigh->handler = handler;
        neigh->userdata = userdata;
        *ret = neigh;
        return 0;
}

void neigh_socket_free(struct neigh_socket *neigh) {
        if (!neigh)
                return;
        close_socket(neigh);
        sd_event_unref(neigh->event);
        free(neigh);
}
