/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tunnel_msg.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/rtnetlink.h>

#include "nlattr.h"
#include "rtnl_message.h"

static struct rtnl_message message;

/* IFLA_INFO_DATA with the other end and a mark. */
static const struct nlattr *data_of(uint16_t remote, const char *address, uint16_t mark) {
        struct nlmsghdr *nlh = rtnl_message_link(&message, 7, 0, "tunnel");
        struct nlattr *data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);

        if (address)
                rtnl_message_put_address(nlh, remote, address);
        if (mark != 0)
                mnl_attr_put_u32(nlh, mark, 99);
        mnl_attr_nest_end(nlh, data);
        return data;
}

Test(tunnel_msg, each_kind_has_its_own_numbers) {
        static const struct {
                const char *kind;
                uint16_t remote;
                const char *address;
                uint16_t mark;
        } rows[] = {
                {"ipip", IFLA_IPTUN_REMOTE, "192.0.2.1", IFLA_IPTUN_FWMARK},
                {"sit", IFLA_IPTUN_REMOTE, "192.0.2.1", IFLA_IPTUN_FWMARK},
                {"ip6tnl", IFLA_IPTUN_REMOTE, "2001:db8::1", IFLA_IPTUN_FWMARK},
                {"gre", IFLA_GRE_REMOTE, "192.0.2.1", IFLA_GRE_FWMARK},
                {"gretap", IFLA_GRE_REMOTE, "192.0.2.1", IFLA_GRE_FWMARK},
                {"ip6gre", IFLA_GRE_REMOTE, "2001:db8::1", IFLA_GRE_FWMARK},
                {"ip6gretap", IFLA_GRE_REMOTE, "2001:db8::1", IFLA_GRE_FWMARK},
                {"erspan", IFLA_GRE_REMOTE, "192.0.2.1", IFLA_GRE_FWMARK},
                {"ip6erspan", IFLA_GRE_REMOTE, "2001:db8::1", IFLA_GRE_FWMARK},
                {"vti", IFLA_VTI_REMOTE, "192.0.2.1", IFLA_VTI_FWMARK},
                {"vti6", IFLA_VTI_REMOTE, "2001:db8::1", IFLA_VTI_FWMARK},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct tunnel_end end = {};
                char text[NETADDR_TEXT_SIZE];

                cr_assert(eq(int,
                             tunnel_msg_parse(
                                     rows[i].kind,
                                     data_of(rows[i].remote, rows[i].address, rows[i].mark), &end),
                             0));
                cr_assert(eq(str, (char *)netaddr_format(&end.remote, text),
                             (char *)rows[i].address));
                cr_assert(eq(u32, end.mark, 99));
        }
}

Test(tunnel_msg, no_one_end) {
        struct tunnel_end end = {.mark = 1};

        cr_assert(eq(int, tunnel_msg_parse("ipip", data_of(IFLA_IPTUN_REMOTE, "0.0.0.0", 0), &end),
                     0));
        cr_assert(eq(int, end.remote.family, 0));
        cr_assert(eq(u32, end.mark, 0));
        end.mark = 1;
        cr_assert(eq(int, tunnel_msg_parse("gre", NULL, &end), 0));
        cr_assert(eq(u32, end.mark, 0));
        end.mark = 1;
        cr_assert(
                eq(int,
                   tunnel_msg_parse("wireguard", data_of(IFLA_IPTUN_REMOTE, "192.0.2.1", 0), &end),
                   0));
        cr_assert(eq(int, end.remote.family, 0));
        cr_assert(eq(u32, end.mark, 0));
}

Test(tunnel_msg, malformed_is_refused) {
        struct nlmsghdr *nlh = rtnl_message_link(&message, 7, 0, "tunnel");
        struct nlattr *data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
        struct tunnel_end end = {.mark = 77};

        mnl_attr_put_u16(nlh, IFLA_GRE_REMOTE, 1);
        mnl_attr_nest_end(nlh, data);
        cr_assert(eq(int, tunnel_msg_parse("gre", data, &end), -EBADMSG));
        nlh = rtnl_message_link(&message, 7, 0, "tunnel");
        data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
        mnl_attr_put_u16(nlh, IFLA_VTI_FWMARK, 1);
        mnl_attr_nest_end(nlh, data);
        cr_assert(eq(int, tunnel_msg_parse("vti", data, &end), -EBADMSG));
        cr_assert(eq(u32, end.mark, 77));
}
