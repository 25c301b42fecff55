/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* inet_diag: the search for sockets by their source address, what it finds, and their end. */

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>

#include "departures.h"

struct diag_socket {
        struct netaddr source; /* an IPv4 address mapped into IPv6 is the IPv4 address */
        struct netaddr destination;
        uint16_t source_port;
        uint16_t destination_port;
        uint32_t ifindex; /* that it is bound to; 0: none */
        uint32_t uid;
        uint8_t protocol;           /* IPPROTO_TCP or IPPROTO_UDP */
        uint8_t family;             /* of the socket; and ... */
        struct inet_diag_sockid id; /* ... what the kernel knows it by */
        bool is_connected;          /* and a process holds it */
};

#define DIAG_MSG_SIZE 256 /* of a buffer for a request */

/* A dump of the connected sockets of that family with that source address. A socket of AF_INET6
 * may have an IPv4 one. Returns the length. */
size_t diag_msg_build_dump(uint8_t family, uint8_t protocol, const struct netaddr *source,
                           uint32_t seq, void *buf);
/* SOCK_DESTROY, with an answer. Returns the length. */
size_t diag_msg_build_destroy(const struct diag_socket *socket, uint32_t seq, void *buf);

/* One message of a dump of `protocol`. 0 and *ret filled, or -EBADMSG and *ret untouched. */
int diag_msg_parse(const struct nlmsghdr *nlh, uint8_t protocol, struct diag_socket *ret);

/* Whether it is a connection from that address. */
bool diag_socket_is_from(const struct diag_socket *socket, const struct own_address *address);

/* "tcp 192.0.2.1:40000 > 198.51.100.1:22"; returns `text`. */
#define DIAG_SOCKET_TEXT_SIZE 128
const char *diag_socket_format(const struct diag_socket *socket, char *text);
