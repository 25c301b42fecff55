/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernel's announcements: links, addresses, routes, rules, next hops, settings. */

#include <stddef.h>

struct rtnl_socket;

/* `fd` is a netlink socket from the service manager, which passes to the object, or -1 to open
 * one. The receive buffer gets `receive_buffer` bytes, or with 0 as many as the kernel allows,
 * up to 8 MiB. Announcements queue up from here on. */
int rtnl_socket_new(int fd, int receive_buffer, struct rtnl_socket **ret);
void rtnl_socket_free(struct rtnl_socket *rtnl);

static inline void rtnl_socket_freep(struct rtnl_socket **rtnl) {
        rtnl_socket_free(*rtnl);
}

int rtnl_socket_fd(const struct rtnl_socket *rtnl);

/* Reads one datagram. 1: *ret, valid until the next call, and its length; 0: there is none now;
 * -ENOBUFS: announcements were lost, go on reading; another negative errno: the socket is broken.
 */
int rtnl_socket_receive(struct rtnl_socket *rtnl, const void **ret, size_t *ret_len);
