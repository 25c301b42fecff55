/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Datagrams of inet_diag: what is read of a socket can be shown, and its end names that socket. */

#include <linux/sock_diag.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diag_msg.h"
#include "nlattr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition)
                abort();
}

static void take(const struct nlmsghdr *nlh, uint8_t protocol) {
        _Alignas(struct nlmsghdr) uint8_t buf[DIAG_MSG_SIZE];
        const struct nlmsghdr *end = (const struct nlmsghdr *)buf;
        char text[DIAG_SOCKET_TEXT_SIZE];
        struct diag_socket socket;
        struct own_address address = {};

        if (diag_msg_parse(nlh, protocol, &socket) < 0)
                return;
        require(strlen(diag_socket_format(&socket, text)) < DIAG_SOCKET_TEXT_SIZE - 1);
        address.address = socket.source;
        if (diag_socket_is_from(&socket, &address))
                require(netaddr_scope(&socket.source) != NETADDR_HOST);
        require(diag_msg_build_destroy(&socket, 1, buf) == end->nlmsg_len);
        require(end->nlmsg_len <= sizeof(buf) && end->nlmsg_type == SOCK_DESTROY);
        require(diag_msg_build_dump(socket.family, protocol, &socket.source, 1, buf) <=
                sizeof(buf));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const void *left = data;
        const struct nlmsghdr *nlh;

        while ((nlh = nlmsg_take(&left, &size))) {
                take(nlh, IPPROTO_TCP);
                take(nlh, IPPROTO_UDP);
        }
        return 0;
}
