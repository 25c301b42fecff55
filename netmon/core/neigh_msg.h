/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the kernel knows of a neighbour (RTM_NEWNEIGH): the hardware address behind an address. */

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#include "link_msg.h"

struct netaddr;

struct neigh_msg {
        uint16_t state;               /* NUD_* */
        uint8_t hardware_address_len; /* 0: not known, or not any more */
        uint8_t hardware_address[LINK_HARDWARE_ADDRESS_MAX];
};

/* 0 and *ret filled, or -EBADMSG and *ret untouched. */
int neigh_msg_parse(const struct nlmsghdr *nlh, struct neigh_msg *ret);

/* Asks for one neighbour; `buf` has at least 64 bytes. Returns the length. */
size_t neigh_msg_build_query(uint32_t ifindex, const struct netaddr *address, uint32_t seq,
                             void *buf);
