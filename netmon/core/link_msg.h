/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* RTM_NEWLINK and RTM_DELLINK out of bytes. */

#include <linux/if.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tunnel_msg.h"

#define LINK_HARDWARE_ADDRESS_MAX 32 /* MAX_ADDR_LEN of the kernel */
#define LINK_KIND_SIZE 32
#define LINK_ALTNAMES_SIZE 1024

/* What each message says of a link anew. */
struct link_facts {
        uint32_t index;
        uint32_t flags; /* IFF_* */
        uint32_t mtu;
        uint32_t master; /* index of the bridge, bond, ... it is a port of; 0: none */
        uint32_t lower;  /* index of the link it stands on, in this namespace; 0: none */
        uint32_t carrier_changes;
        uint16_t arphrd; /* ARPHRD_* */
        uint8_t operstate;
        uint8_t tun_type; /* IFF_TUN or IFF_TAP for the kind "tun", else 0 */
        uint8_t hardware_address_len;
        uint8_t hardware_address[LINK_HARDWARE_ADDRESS_MAX];
        struct tunnel_end end; /* of the kernel's own tunnels */
        char name[IFNAMSIZ];
        char kind[LINK_KIND_SIZE];       /* "" for a device that is no software link */
        char slave_kind[LINK_KIND_SIZE]; /* kind of the master */
        char parent_bus[16];             /* "usb", "pci", ...; "" when unknown or none */
};

struct link_msg {
        struct link_facts facts;
        char altnames[LINK_ALTNAMES_SIZE]; /* each with its end; as many as fit */
        size_t altnames_len;
};

/* 0 and *ret filled, or -EBADMSG and *ret untouched. -ENOMSG for a message that speaks of something
 * else than the link itself: a bridge's view of a port, or a wireless event. */
int link_msg_parse(const struct nlmsghdr *nlh, struct link_msg *ret);

/* A request for one link, or with index 0 for a dump of all, without counters. `size` is that of
 * `buf`, at least 64. Returns its length. */
size_t link_msg_build_query(uint32_t index, uint32_t seq, void *buf, size_t size);
