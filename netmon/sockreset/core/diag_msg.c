/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "diag_msg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "nlattr.h"

#define STATE(name) (UINT32_C(1) << TCP_##name)

/* Of a UDP socket ESTABLISHED is that it is connected. One that listens serves again when its
 * address is back; what waits in TIME_WAIT is nobody's any more. */
static const uint32_t connected_states = STATE(ESTABLISHED) | STATE(SYN_SENT) | STATE(FIN_WAIT1) |
                                         STATE(FIN_WAIT2) | STATE(CLOSE_WAIT) | STATE(LAST_ACK) |
                                         STATE(CLOSING);

static struct nlmsghdr *put_request(uint16_t type, uint16_t flags, uint32_t seq,
                                    const struct inet_diag_req_v2 *request, void *buf) {
        struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

        nlh->nlmsg_type = type;
        nlh->nlmsg_flags = NLM_F_REQUEST | flags;
        nlh->nlmsg_seq = seq;
        memcpy(mnl_nlmsg_put_extra_header(nlh, sizeof(*request)), request, sizeof(*request));
        return nlh;
}

/* A program of one instruction for the kernel: is the source this address? An IPv4 address matches
 * a mapped one, too. */
static void put_source(struct nlmsghdr *nlh, const struct netaddr *source) {
        const struct inet_diag_hostcond condition = {
                .family = source->family,
                .prefix_len = (uint8_t)(8 * netaddr_len(source)),
                .port = -1, /* any */
        };
        const size_t len = sizeof(struct inet_diag_bc_op) + sizeof(condition) + netaddr_len(source);
        const struct inet_diag_bc_op op = {
                .code = INET_DIAG_BC_S_COND,
                .yes = (uint8_t)len,       /* to the end: taken */
                .no = (uint16_t)(len + 4), /* beyond it: not taken */
        };
        uint8_t program[sizeof(op) + sizeof(condition) + sizeof(source->bytes)];

        memcpy(program, &op, sizeof(op));
        memcpy(program + sizeof(op), &condition, sizeof(condition));
        memcpy(program + sizeof(op) + sizeof(condition), source->bytes, sizeof(source->bytes));
        mnl_attr_put(nlh, INET_DIAG_REQ_BYTECODE, len, program);
}

size_t diag_msg_build_dump(uint8_t family, uint8_t protocol, const struct netaddr *source,
                           uint32_t seq, void *buf) {
        const struct inet_diag_req_v2 request = {
                .sdiag_family = family,
                .sdiag_protocol = protocol,
                .idiag_states = connected_states,
        };
        struct nlmsghdr *nlh = put_request(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, seq, &request, buf);

        put_source(nlh, source);
        return nlh->nlmsg_len;
}

size_t diag_msg_build_destroy(const struct diag_socket *socket, uint32_t seq, void *buf) {
        const struct inet_diag_req_v2 request = {
                .sdiag_family = socket->family,
                .sdiag_protocol = socket->protocol,
                .idiag_states = connected_states,
                .id = socket->id,
        };

        return put_request(SOCK_DESTROY, NLM_F_ACK, seq, &request, buf)->nlmsg_len;
}

static struct netaddr read_address(uint8_t family, const uint32_t *words) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
        struct netaddr address = {};

        if (family == AF_INET)
                (void)netaddr_from_bytes(AF_INET, words, 4, &address);
        else if (memcmp(words, mapped, sizeof(mapped)) == 0)
                (void)netaddr_from_bytes(AF_INET, words + 3, 4, &address);
        else
                (void)netaddr_from_bytes(AF_INET6, words, 16, &address);
        return address;
}

int diag_msg_parse(const struct nlmsghdr *nlh, uint8_t protocol, struct diag_socket *ret) {
        const struct inet_diag_msg *msg = nlmsg_header(nlh, sizeof(*msg));

        if (!msg || (msg->idiag_family != AF_INET && msg->idiag_family != AF_INET6))
                return -EBADMSG;
        *ret = (struct diag_socket){
                .source = read_address(msg->idiag_family, msg->id.idiag_src),
                .destination = read_address(msg->idiag_family, msg->id.idiag_dst),
                .source_port = ntohs(msg->id.idiag_sport),
                .destination_port = ntohs(msg->id.idiag_dport),
                .ifindex = msg->id.idiag_if,
                .uid = msg->idiag_uid,
                .protocol = protocol,
                .family = msg->idiag_family,
                .id = msg->id,
                /* Without an inode no process has it: it was closed, and the kernel ends it. Some
                 * kernels never do once it has been destroyed. */
                .is_connected = msg->idiag_state < 32 && msg->idiag_inode != 0 &&
                                connected_states & UINT32_C(1) << msg->idiag_state,
        };
        return 0;
}

bool diag_socket_is_from(const struct diag_socket *socket, const struct own_address *address) {
        return socket->is_connected && netaddr_equal(&socket->source, &address->address) &&
               netaddr_scope(&socket->source) != NETADDR_HOST &&
               (address->ifindex == 0 || address->ifindex == socket->ifindex);
}

static size_t format_end(const struct netaddr *address, uint16_t port, char *text, size_t size) {
        char numeric[NETADDR_TEXT_SIZE];

        (void)netaddr_format(address, numeric);
        return (size_t)snprintf(text, size, address->family == AF_INET6 ? "[%s]:%u" : "%s:%u",
                                numeric, port);
}

const char *diag_socket_format(const struct diag_socket *socket, char *text) {
        const char *protocol = socket->protocol == IPPROTO_UDP ? "udp " : "tcp ";
        size_t n = strlen(protocol);

        memcpy(text, protocol, n);
        n += format_end(&socket->source, socket->source_port, text + n, DIAG_SOCKET_TEXT_SIZE - n);
        memcpy(text + n, " > ", 4);
        n += 3;
        (void)format_end(&socket->destination, socket->destination_port, text + n,
                         DIAG_SOCKET_TEXT_SIZE - n);
        return text;
}
