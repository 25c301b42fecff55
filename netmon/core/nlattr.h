/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Netlink messages and attributes out of bytes that may lie about their lengths.
 *
 * libmnl 1.0.4 takes a message length for an int and rounds the end of the attributes up past the
 * message; both are checked here before it sees them. */

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

/* Takes one message off the front of *data. NULL at the end, and when what is left is no whole
 * message. */
const struct nlmsghdr *nlmsg_take(const void **data, size_t *left);

/* The fixed header of the message's family; NULL when the message is too short for it. */
const void *nlmsg_header(const struct nlmsghdr *nlh, size_t size);

/* Attributes of one level by number. `types` and `ret` have `n` entries; an attribute whose type
 * is MNL_TYPE_UNSPEC (0) in `types` is not checked, those above `n` are skipped. -EBADMSG when an
 * attribute is shorter than its type. */
int nlattr_parse(const void *payload, size_t len, const enum mnl_attr_data_type *types, size_t n,
                 const struct nlattr **ret);
/* The same for the attributes behind a fixed header of `header_size` bytes. */
int nlattr_parse_message(const struct nlmsghdr *nlh, size_t header_size,
                         const enum mnl_attr_data_type *types, size_t n, const struct nlattr **ret);
/* The same for the attributes inside another; with NULL as `nest` all are absent. */
int nlattr_parse_nested(const struct nlattr *nest, const enum mnl_attr_data_type *types, size_t n,
                        const struct nlattr **ret);

/* Values of an attribute that may be absent. */
uint32_t nlattr_u32(const struct nlattr *attr, uint32_t absent);
uint8_t nlattr_u8(const struct nlattr *attr, uint8_t absent);
/* Copies a string that fits `size` with its end; leaves "" when absent. -EBADMSG when too long. To
 * the kernel a name is any bytes: those that are no UTF-8 are told as "?". */
int nlattr_string(const struct nlattr *attr, char *ret, size_t size);
