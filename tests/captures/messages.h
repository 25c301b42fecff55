/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Netlink messages one after the other, as they go into a capture: without what tells one reader
 * from another. */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGES_MAX 65536

struct messages {
        _Alignas(struct nlmsghdr) uint8_t data[MESSAGES_MAX];
        size_t len;
};

/* A message of rtnetlink, without what nobody reads; a link without its kind, too, if it is to look
 * like a card. */
void messages_append_short(struct messages *messages, const struct nlmsghdr *nlh, bool hides_kinds);
/* All messages in `data` as they are, but for ends and errors. */
void messages_append_all(struct messages *messages, const void *data, size_t len);
