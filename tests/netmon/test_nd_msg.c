/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nd_msg.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "nlattr.h"
#include "rtnl_message.h"

static struct rtnl_message message;

/* A message with one option of `len` bytes, and who sent it. */
static struct nlmsghdr *message_of(const void *option, size_t len, const char *router) {
        struct nduseroptmsg header = {
                .nduseropt_family = AF_INET6,
                .nduseropt_opts_len = (uint16_t)len,
                .nduseropt_ifindex = 7,
                .nduseropt_icmp_type = 134,
        };
        struct nlmsghdr *nlh =
                rtnl_message_begin(&message, RTM_NEWNDUSEROPT, &header, sizeof(header));

        memcpy(mnl_nlmsg_put_extra_header(nlh, len), option, len);
        if (router)
                rtnl_message_put_address(nlh, NDUSEROPT_SRCADDR, router);
        return nlh;
}

Test(nd_msg, captive_portal) {
        static const char option[] = "\x25\x03https://a.example/\0\0\0";
        struct nd_msg msg;
        char text[NETADDR_TEXT_SIZE];

        cr_assert(eq(int, nd_msg_parse(message_of(option, 24, "fe80::1"), &msg), 0));
        cr_assert(eq(u32, msg.index, 7));
        cr_assert(eq(int, msg.option, ND_CAPTIVE_PORTAL));
        cr_assert(eq(str, msg.portal, "https://a.example/"));
        cr_assert(eq(str, (char *)netaddr_format(&msg.router, text), "fe80::1"));
}

Test(nd_msg, network_without_a_portal_says_so) {
        uint8_t option[48] = {37, 6};
        struct nd_msg msg;

        memcpy(option + 2, "urn:ietf:params:capport:unrestricted", 36);
        cr_assert(eq(int, nd_msg_parse(message_of(option, sizeof(option), NULL), &msg), 0));
        cr_assert(eq(str, msg.portal, ""));
        cr_assert(eq(int, msg.router.family, 0));
}

Test(nd_msg, pref64) {
        static const struct {
                uint8_t code;
                uint8_t len;
                const char *prefix;
        } rows[] = {
                {0, 96, "64:ff9b:1:2:3:4::"}, {1, 64, "64:ff9b:1:2::"}, {2, 56, "64:ff9b:1::"},
                {3, 48, "64:ff9b:1::"},       {4, 40, "64:ff9b::"},     {5, 32, "64:ff9b::"},
        };
        struct nd_msg msg;

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                uint8_t option[16] = {
                        38, 2, 0x02, 0x58 | rows[i].code, 0, 0x64, 0xff, 0x9b, 0, 1, 0, 2, 0,
                        3,  0, 4};
                char text[NETADDR_TEXT_SIZE];

                cr_assert(eq(int, nd_msg_parse(message_of(option, 16, NULL), &msg), 0));
                cr_assert(eq(int, msg.option, ND_PREF64));
                cr_assert(eq(u8, msg.prefix_len, rows[i].len));
                cr_assert(eq(u32, msg.prefix_lifetime_sec, 600));
                cr_assert(
                        eq(str, (char *)netaddr_format(&msg.prefix, text), (char *)rows[i].prefix));
        }
}

Test(nd_msg, other_options_are_none_of_ours) {
        static const uint8_t rdnss[24] = {25, 3};
        struct nd_msg msg = {.index = 99};
        struct nlmsghdr *nlh = message_of(rdnss, sizeof(rdnss), NULL);

        cr_assert(eq(int, nd_msg_parse(nlh, &msg), -ENOMSG));
        ((struct nduseroptmsg *)mnl_nlmsg_get_payload(nlh))->nduseropt_icmp_type = 137;
        cr_assert(eq(int, nd_msg_parse(nlh, &msg), -ENOMSG));
        cr_assert(eq(u32, msg.index, 99));
}

Test(nd_msg, malformed_is_refused_whole) {
        static const struct {
                uint8_t option[16];
                size_t len;
        } rows[] = {
                {{37}, 1},
                {{37, 0}, 8},                /* no length */
                {{37, 3}, 16},               /* longer than it is */
                {{37, 1}, 8},                /* nothing in it */
                {{37, 1, 'a', ' ', 'b'}, 8}, /* no URI */
                {{37, 1, 'a', 0, 'b'}, 8},
                {{37, 1, 0xc3, 0xa4}, 8},
                {{38, 1, 2, 0x58}, 8},
                {{38, 2, 2, 0x58 | 6}, 16}, /* a length that is not defined */
        };
        struct nd_msg msg = {.index = 99};
        struct nlmsghdr *nlh;

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                cr_assert(eq(int, nd_msg_parse(message_of(rows[i].option, rows[i].len, NULL), &msg),
                             -EBADMSG),
                          "row %zu", i);
        nlh = message_of(rows[8].option, 16, NULL);
        nlh->nlmsg_len -= 4;
        cr_assert(eq(int, nd_msg_parse(nlh, &msg), -EBADMSG));
        nlh->nlmsg_len = MNL_NLMSG_HDRLEN + 4;
        cr_assert(eq(int, nd_msg_parse(nlh, &msg), -EBADMSG));
        cr_assert(eq(u32, msg.index, 99));
}
