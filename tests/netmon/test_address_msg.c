/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "address_msg.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "rtnl_message.h"

static struct rtnl_message message;

static void expect_address(const struct netaddr *address, const char *text) {
        char own[NETADDR_TEXT_SIZE];

        cr_assert(eq(str, (char *)netaddr_format(address, own), (char *)text));
}

Test(address_msg, ipv6) {
        struct nlmsghdr *nlh = rtnl_message_address(&message, 4, "2001:db8::1", 64,
                                                    IFA_F_TENTATIVE | IFA_F_NOPREFIXROUTE);
        struct address_msg msg;

        cr_assert(eq(int, address_msg_parse(nlh, &msg), 0));
        cr_assert(eq(u32, msg.index, 4));
        expect_address(&msg.address.local, "2001:db8::1");
        expect_address(&msg.address.peer, "2001:db8::1");
        cr_assert(eq(u8, msg.address.prefix_len, 64));
        cr_assert(eq(u32, msg.address.flags, IFA_F_TENTATIVE));
}

Test(address_msg, flags_that_are_told_to_nobody_are_dropped) {
        static const struct {
                const char *address;
                uint32_t kept;
        } rows[] = {{"2001:db8::1", IFA_F_TEMPORARY | IFA_F_DEPRECATED | IFA_F_PERMANENT},
                    {"10.0.0.7", IFA_F_DEPRECATED | IFA_F_PERMANENT}};

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct nlmsghdr *nlh =
                        rtnl_message_address(&message, 4, rows[i].address, 24,
                                             IFA_F_TEMPORARY | IFA_F_DEPRECATED | IFA_F_PERMANENT |
                                                     IFA_F_NODAD | IFA_F_MANAGETEMPADDR);
                struct address_msg msg;

                cr_assert(eq(int, address_msg_parse(nlh, &msg), 0));
                cr_assert(eq(u32, msg.address.flags, rows[i].kept));
        }
}

Test(address_msg, point_to_point_has_its_own_address_in_local) {
        struct nlmsghdr *nlh = rtnl_message_address(&message, 4, "10.64.64.64", 32, 0);
        struct address_msg msg;

        rtnl_message_put_address(nlh, IFA_LOCAL, "10.0.0.7");
        cr_assert(eq(int, address_msg_parse(nlh, &msg), 0));
        expect_address(&msg.address.local, "10.0.0.7");
        expect_address(&msg.address.peer, "10.64.64.64");
}

Test(address_msg, flags_of_an_old_kernel_are_in_the_header) {
        struct ifaddrmsg header = {
                .ifa_family = AF_INET,
                .ifa_flags = IFA_F_PERMANENT,
                .ifa_scope = RT_SCOPE_LINK,
                .ifa_index = 4,
        };
        struct nlmsghdr *nlh = rtnl_message_begin(&message, RTM_NEWADDR, &header, sizeof(header));
        struct address_msg msg;

        rtnl_message_put_address(nlh, IFA_LOCAL, "10.0.0.7");
        cr_assert(eq(int, address_msg_parse(nlh, &msg), 0));
        cr_assert(eq(u32, msg.address.flags, IFA_F_PERMANENT));
        cr_assert(eq(u8, msg.address.scope, RT_SCOPE_LINK));
        expect_address(&msg.address.peer, "10.0.0.7");
}

Test(address_msg, malformed_is_refused_whole) {
        struct ifaddrmsg header = {.ifa_family = AF_INET, .ifa_index = 4};
        struct address_msg msg = {.index = 99};
        struct nlmsghdr *nlh;

        nlh = rtnl_message_begin(&message, RTM_NEWADDR, &header, sizeof(header));
        cr_assert(eq(int, address_msg_parse(nlh, &msg), -EBADMSG)); /* no address */
        rtnl_message_put_address(nlh, IFA_LOCAL, "2001:db8::1");
        cr_assert(eq(int, address_msg_parse(nlh, &msg), -EBADMSG)); /* of another family */
        nlh = rtnl_message_address(&message, 0, "10.0.0.7", 24, 0);
        cr_assert(eq(int, address_msg_parse(nlh, &msg), -EBADMSG));
        nlh = rtnl_message_address(&message, 4, "10.0.0.7", 24, 0);
        nlh->nlmsg_len = MNL_NLMSG_HDRLEN + sizeof(header) - 1;
        cr_assert(eq(int, address_msg_parse(nlh, &msg), -EBADMSG));
        header.ifa_family = AF_DECnet;
        nlh = rtnl_message_begin(&message, RTM_NEWADDR, &header, sizeof(header));
        cr_assert(eq(int, address_msg_parse(nlh, &msg), -ENOMSG));
        cr_assert(eq(u32, msg.index, 99));
}

Test(address_msg, dump) {
        _Alignas(struct nlmsghdr) uint8_t buf[64] = {};
        const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;

        cr_assert(eq(sz, address_msg_build_dump(3, buf), nlh->nlmsg_len));
        cr_assert(eq(u16, nlh->nlmsg_type, RTM_GETADDR));
        cr_assert(eq(u16, nlh->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP));
        cr_assert(eq(u32, nlh->nlmsg_seq, 3));
}
