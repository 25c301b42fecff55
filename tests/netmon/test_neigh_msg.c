/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "neigh_msg.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "netaddr.h"
#include "rtnl_message.h"

static struct rtnl_message message;
static const uint8_t address[6] = {2, 0, 0x5e, 0x10, 0, 1};

static struct nlmsghdr *neigh(uint16_t state, const void *lladdr, size_t len) {
        struct ndmsg header = {.ndm_family = AF_INET, .ndm_ifindex = 3, .ndm_state = state};
        struct nlmsghdr *nlh = rtnl_message_begin(&message, RTM_NEWNEIGH, &header, sizeof(header));

        mnl_attr_put_u32(nlh, NDA_DST, 0x0100000a);
        if (lladdr)
                mnl_attr_put(nlh, NDA_LLADDR, len, lladdr);
        return nlh;
}

Test(neigh_msg, address_is_known_in_some_states) {
        static const struct {
                uint16_t state;
                bool known;
        } rows[] = {
                {NUD_REACHABLE, true}, {NUD_STALE, true},     {NUD_DELAY, true},
                {NUD_PROBE, true},     {NUD_PERMANENT, true}, {NUD_INCOMPLETE, false},
                {NUD_FAILED, false},   {NUD_NONE, false},     {NUD_NOARP, false},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct neigh_msg msg;

                cr_assert(eq(int,
                             neigh_msg_parse(neigh(rows[i].state, address, sizeof(address)), &msg),
                             0));
                cr_assert(eq(sz, msg.hardware_address_len, rows[i].known ? 6 : 0), "row %zu", i);
                cr_assert(eq(int, memcmp(msg.hardware_address, address, msg.hardware_address_len),
                             0));
        }
}

Test(neigh_msg, no_address) {
        static const uint8_t zeros[6];
        struct neigh_msg msg;

        cr_assert(eq(int, neigh_msg_parse(neigh(NUD_REACHABLE, NULL, 0), &msg), 0));
        cr_assert(eq(sz, msg.hardware_address_len, 0));
        cr_assert(eq(int, neigh_msg_parse(neigh(NUD_PERMANENT, zeros, sizeof(zeros)), &msg), 0));
        cr_assert(eq(sz, msg.hardware_address_len, 0));
}

Test(neigh_msg, malformed_is_refused_whole) {
        static const uint8_t much[LINK_HARDWARE_ADDRESS_MAX + 1] = {1};
        struct neigh_msg msg = {.hardware_address_len = 99};
        struct nlmsghdr *nlh = neigh(NUD_REACHABLE, much, sizeof(much));

        cr_assert(eq(int, neigh_msg_parse(nlh, &msg), -EBADMSG));
        nlh->nlmsg_len = MNL_NLMSG_HDRLEN + 4;
        cr_assert(eq(int, neigh_msg_parse(nlh, &msg), -EBADMSG));
        cr_assert(eq(sz, msg.hardware_address_len, 99));
}

Test(neigh_msg, question) {
        _Alignas(struct nlmsghdr) uint8_t buf[64] = {};
        const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
        const struct ndmsg *header = mnl_nlmsg_get_payload(nlh);
        struct netaddr six;

        cr_assert(netaddr_from_text("2001:db8::1", &six));
        cr_assert(eq(sz, neigh_msg_build_query(3, &six, 7, buf), nlh->nlmsg_len));
        cr_assert(le(sz, nlh->nlmsg_len, sizeof(buf)));
        cr_assert(eq(u16, nlh->nlmsg_type, RTM_GETNEIGH));
        cr_assert(eq(u32, nlh->nlmsg_seq, 7));
        cr_assert(eq(i32, header->ndm_ifindex, 3));
        cr_assert(eq(int, header->ndm_family, AF_INET6));
}
