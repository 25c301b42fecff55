/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* RTM_NEWRULE out of bytes: what policy rules say of marks. */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rule_msg {
        uint32_t mark;
        uint32_t mask; /* 0: the rule asks for no mark */
        uint32_t table;
        bool inverted; /* for packets that it does not describe */
        bool to_table; /* it leads to the table; other rules jump, or end the lookup */
};

/* 0 and *ret filled, or -EBADMSG and *ret untouched. */
int rule_msg_parse(const struct nlmsghdr *nlh, struct rule_msg *ret);

/* A request for a dump of the rules of both families; `buf` has at least 64 bytes. Returns its
 * length. */
size_t rule_msg_build_dump(uint32_t seq, void *buf);
