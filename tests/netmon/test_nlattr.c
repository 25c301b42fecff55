/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nlattr.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

/* A datagram of 64 bytes; the messages in it say how long they are. */
static _Alignas(struct nlmsghdr) uint8_t datagram[64];

static void put_length(size_t at, uint32_t len) {
        memcpy(datagram + at, &len, sizeof(len));
}

Test(nlattr, messages_one_after_the_other) {
        const void *data = datagram;
        size_t left = 64;

        put_length(0, 21);
        put_length(24, 16);
        put_length(40, 24);
        cr_assert(eq(ptr, (void *)nlmsg_take(&data, &left), datagram));
        cr_assert(eq(ptr, (void *)nlmsg_take(&data, &left), datagram + 24));
        cr_assert(eq(ptr, (void *)nlmsg_take(&data, &left), datagram + 40));
        cr_assert(eq(ptr, (void *)nlmsg_take(&data, &left), NULL));
        cr_assert(eq(sz, left, 0));
}

Test(nlattr, last_message_needs_no_padding) {
        const void *data = datagram;
        size_t left = 21;

        put_length(0, 21);
        cr_assert(eq(ptr, (void *)nlmsg_take(&data, &left), datagram));
        cr_assert(eq(sz, left, 0));
}

Test(nlattr, lengths_that_lie_end_the_datagram) {
        static const uint32_t lengths[] = {0, 1, 15, 65, 0x7fffffff, 0x80000000, 0xffffffff};

        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
                const void *data = datagram;
                size_t left = 64;

                put_length(0, lengths[i]);
                cr_assert(eq(ptr, (void *)nlmsg_take(&data, &left), NULL), "%u", lengths[i]);
        }
}

Test(nlattr, header_must_be_whole) {
        const struct nlmsghdr *nlh = (const struct nlmsghdr *)datagram;

        put_length(0, 16 + 12);
        cr_assert(eq(ptr, (void *)nlmsg_header(nlh, 12), datagram + 16));
        cr_assert(eq(ptr, (void *)nlmsg_header(nlh, 13), NULL));
}

static const enum mnl_attr_data_type types[4] = {
        [1] = MNL_TYPE_U32,
        [2] = MNL_TYPE_NUL_STRING,
        [3] = MNL_TYPE_NESTED,
};

static struct nlmsghdr *begin(void) {
        return mnl_nlmsg_put_header(datagram);
}

Test(nlattr, table) {
        const struct nlattr *tb[4];
        struct nlmsghdr *nlh = begin();
        char text[8];

        mnl_attr_put_u32(nlh, 1, 77);
        mnl_attr_put_strz(nlh, 2, "eth0");
        mnl_attr_put_u8(nlh, 9, 1); /* of a newer kernel */
        cr_assert(eq(int, nlattr_parse_message(nlh, 0, types, 4, tb), 0));
        cr_assert(eq(u32, nlattr_u32(tb[1], 5), 77));
        cr_assert(eq(int, nlattr_string(tb[2], text, sizeof(text)), 0));
        cr_assert(eq(str, text, "eth0"));
        cr_assert(eq(int, nlattr_string(tb[2], text, 4), -EBADMSG));
        cr_assert(eq(ptr, (void *)tb[3], NULL));
        cr_assert(eq(int, nlattr_parse_nested(tb[3], types, 4, tb), 0));
        cr_assert(eq(u32, nlattr_u32(tb[1], 5), 5));
        cr_assert(eq(int, nlattr_string(tb[2], text, sizeof(text)), 0));
        cr_assert(eq(str, text, ""));
}

Test(nlattr, value_shorter_than_its_type_is_refused) {
        const struct nlattr *tb[4];
        struct nlmsghdr *nlh = begin();

        mnl_attr_put_u16(nlh, 1, 77);
        cr_assert(eq(int, nlattr_parse_message(nlh, 0, types, 4, tb), -EBADMSG));
        nlh = begin();
        mnl_attr_put_str(nlh, 2, "eth0"); /* without its end */
        cr_assert(eq(int, nlattr_parse_message(nlh, 0, types, 4, tb), -EBADMSG));
}

/* The attribute's length passes the message's by less than the padding. */
Test(nlattr, attribute_past_the_message_is_not_seen) {
        const struct nlattr *tb[4];
        struct nlmsghdr *nlh = begin();

        mnl_attr_put_u32(nlh, 1, 77);
        nlh->nlmsg_len -= 1;
        cr_assert(eq(int, nlattr_parse_message(nlh, 0, types, 4, tb), 0));
        cr_assert(eq(ptr, (void *)tb[1], NULL));
}

Test(nlattr, message_shorter_than_its_header_has_no_attributes) {
        const struct nlattr *tb[4];
        struct nlmsghdr *nlh = begin();

        cr_assert(eq(int, nlattr_parse_message(nlh, 16, types, 4, tb), 0));
        cr_assert(eq(ptr, (void *)tb[1], NULL));
}
