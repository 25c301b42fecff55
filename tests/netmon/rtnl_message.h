/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages as the kernel would send them, for tests. */

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

/* A buffer to build one message in. */
struct rtnl_message {
        _Alignas(struct nlmsghdr) uint8_t bytes[8192];
};

/* Begins a message with its family's header of `size` bytes, copied from `header`. */
struct nlmsghdr *rtnl_message_begin(struct rtnl_message *message, uint16_t type, const void *header,
                                    size_t size);

/* RTM_NEWLINK of an Ethernet-like link; attributes can be added. */
struct nlmsghdr *rtnl_message_link(struct rtnl_message *message, uint32_t index, uint32_t flags,
                                   const char *name);
/* IFLA_LINKINFO with a kind, and a master's kind unless NULL. */
void rtnl_message_put_kind(struct nlmsghdr *nlh, const char *kind, const char *slave_kind);

/* RTM_NEWADDR of "192.0.2.1" or "2001:db8::1". */
struct nlmsghdr *rtnl_message_address(struct rtnl_message *message, uint32_t index,
                                      const char *address, uint8_t prefix_len, uint32_t flags);
/* Adds an attribute that is an address. */
void rtnl_message_put_address(struct nlmsghdr *nlh, uint16_t type, const char *address);
