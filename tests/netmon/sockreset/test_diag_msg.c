/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "diag_msg.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>

static _Alignas(struct nlmsghdr) uint8_t buf[DIAG_MSG_SIZE];

static struct netaddr address_of(const char *text) {
        struct netaddr address = {};

        cr_assert(netaddr_from_text(text, &address), "%s", text);
        return address;
}

/* A socket as the kernel tells of it. */
static struct inet_diag_msg *begin(uint8_t family, uint8_t state, const char *source,
                                   const char *destination) {
        struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
        struct inet_diag_msg *msg = mnl_nlmsg_put_extra_header(nlh, sizeof(*msg));

        nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
        msg->idiag_family = family;
        msg->idiag_state = state;
        msg->idiag_inode = 4711;
        msg->idiag_uid = 1000;
        msg->id.idiag_sport = htons(40000);
        msg->id.idiag_dport = htons(22);
        msg->id.idiag_cookie[0] = 77;
        cr_assert(eq(int, inet_pton(family, source, msg->id.idiag_src), 1));
        cr_assert(eq(int, inet_pton(family, destination, msg->id.idiag_dst), 1));
        return msg;
}

static struct diag_socket parse(uint8_t protocol) {
        struct diag_socket socket;

        cr_assert(eq(int, diag_msg_parse((const struct nlmsghdr *)buf, protocol, &socket), 0));
        return socket;
}

Test(diag_msg, sockets) {
        static const struct {
                uint8_t family;
                uint8_t protocol;
                const char *source;
                const char *destination;
                const char *text;
        } rows[] = {
                {AF_INET, IPPROTO_TCP, "192.0.2.1", "198.51.100.1",
                 "tcp 192.0.2.1:40000 > 198.51.100.1:22"},
                {AF_INET6, IPPROTO_TCP, "::ffff:192.0.2.1", "::ffff:198.51.100.1",
                 "tcp 192.0.2.1:40000 > 198.51.100.1:22"},
                {AF_INET6, IPPROTO_UDP, "2001:db8::1", "2001:db8::2",
                 "udp [2001:db8::1]:40000 > [2001:db8::2]:22"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char text[DIAG_SOCKET_TEXT_SIZE];
                struct diag_socket socket;

                (void)begin(rows[i].family, TCP_ESTABLISHED, rows[i].source, rows[i].destination);
                socket = parse(rows[i].protocol);
                cr_assert(eq(str, (char *)diag_socket_format(&socket, text), (char *)rows[i].text));
                cr_assert(socket.is_connected);
                cr_assert(eq(u32, socket.uid, 1000));
        }
}

Test(diag_msg, only_connections_that_a_process_holds) {
        static const uint8_t connected[] = {TCP_ESTABLISHED, TCP_SYN_SENT,   TCP_FIN_WAIT1,
                                            TCP_FIN_WAIT2,   TCP_CLOSE_WAIT, TCP_LAST_ACK,
                                            TCP_CLOSING};

        for (unsigned state = 0; state < 256; state++) {
                bool expected = memchr(connected, (int)state, sizeof(connected)) != NULL;

                (void)begin(AF_INET, (uint8_t)state, "192.0.2.1", "198.51.100.1");
                cr_assert(eq(int, parse(IPPROTO_TCP).is_connected, expected), "state %u", state);
        }
        begin(AF_INET, TCP_ESTABLISHED, "192.0.2.1", "198.51.100.1")->idiag_inode = 0;
        cr_assert(not(parse(IPPROTO_TCP).is_connected));
}

Test(diag_msg, malformed_is_refused_whole) {
        struct nlmsghdr *nlh = (struct nlmsghdr *)buf;
        struct diag_socket socket = {.uid = 99};

        begin(AF_INET, TCP_ESTABLISHED, "192.0.2.1", "198.51.100.1")->idiag_family = AF_UNIX;
        cr_assert(eq(int, diag_msg_parse(nlh, IPPROTO_TCP, &socket), -EBADMSG));
        (void)begin(AF_INET, TCP_ESTABLISHED, "192.0.2.1", "198.51.100.1");
        nlh->nlmsg_len--;
        cr_assert(eq(int, diag_msg_parse(nlh, IPPROTO_TCP, &socket), -EBADMSG));
        cr_assert(eq(u32, socket.uid, 99));
}

Test(diag_msg, whose_it_is) {
        static const struct {
                const char *source;
                uint32_t bound;
                const char *address;
                uint32_t ifindex;
                bool expected;
        } rows[] = {
                {"2001:db8::1", 0, "2001:db8::1", 0, true},
                {"2001:db8::1", 7, "2001:db8::1", 0, true},
                {"2001:db8::1", 0, "2001:db8::2", 0, false},
                {"::ffff:192.0.2.1", 0, "192.0.2.1", 0, true},
                {"fe80::1", 2, "fe80::1", 2, true},
                {"fe80::1", 3, "fe80::1", 2, false},
                {"::1", 0, "::1", 0, false},
                {"::ffff:127.0.0.1", 0, "127.0.0.1", 0, false},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct own_address address = {address_of(rows[i].address), rows[i].ifindex};
                struct diag_socket socket;

                begin(AF_INET6, TCP_ESTABLISHED, rows[i].source, "2001:db8::9")->id.idiag_if =
                        rows[i].bound;
                socket = parse(IPPROTO_TCP);
                cr_assert(eq(int, diag_socket_is_from(&socket, &address), rows[i].expected),
                          "%s of %s", rows[i].source, rows[i].address);
        }
}

Test(diag_msg, end_names_the_very_socket) {
        const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
        const struct inet_diag_req_v2 *request = mnl_nlmsg_get_payload(nlh);
        struct inet_diag_sockid id;
        struct diag_socket socket;

        id = begin(AF_INET6, TCP_ESTABLISHED, "::ffff:192.0.2.1", "::ffff:198.51.100.1")->id;
        socket = parse(IPPROTO_TCP);
        cr_assert(eq(sz, diag_msg_build_destroy(&socket, 5, buf), nlh->nlmsg_len));
        cr_assert(eq(u16, nlh->nlmsg_type, SOCK_DESTROY));
        cr_assert(eq(u16, nlh->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK));
        cr_assert(eq(u8, request->sdiag_family, AF_INET6));
        cr_assert(eq(u8, request->sdiag_protocol, IPPROTO_TCP));
        cr_assert(eq(int, memcmp(&request->id, &id, sizeof(id)), 0));
}

Test(diag_msg, search_is_for_one_address) {
        const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
        const struct nlattr *program;
        const struct inet_diag_bc_op *op;
        struct netaddr source = address_of("192.0.2.1");
        const uint8_t *bytes;

        cr_assert(eq(sz, diag_msg_build_dump(AF_INET6, IPPROTO_UDP, &source, 5, buf),
                     nlh->nlmsg_len));
        cr_assert(eq(u16, nlh->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP));
        program = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct inet_diag_req_v2));
        cr_assert(eq(u16, mnl_attr_get_type(program), INET_DIAG_REQ_BYTECODE));
        op = mnl_attr_get_payload(program);
        bytes = mnl_attr_get_payload(program);
        cr_assert(eq(u8, op->code, INET_DIAG_BC_S_COND));
        cr_assert(eq(u8, op->yes, mnl_attr_get_payload_len(program)));
        cr_assert(eq(int, memcmp(bytes + op->yes - 4, source.bytes, 4), 0));
}
