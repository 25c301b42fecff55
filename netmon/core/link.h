/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One of the kernel's links with its addresses, and what else is known of it.
 *
 * Every change sets a bit of the link; who has published it clears the bits. */

#include <linux/if_addr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "address_msg.h"
#include "advert.h"
#include "hint.h"
#include "link_msg.h"
#include "link_type.h"
#include "network_place.h"
#include "wifi.h"

struct settings;

/* What differs since it was last published. */
enum link_change {
        LINK_CHANGE_ADDED = 1 << 0,
        LINK_CHANGE_NAME = 1 << 1,
        LINK_CHANGE_ALTNAMES = 1 << 2,
        LINK_CHANGE_TYPE = 1 << 3,
        LINK_CHANGE_UP = 1 << 4,
        LINK_CHANGE_CARRIER = 1 << 5,
        LINK_CHANGE_OPERSTATE = 1 << 6,
        LINK_CHANGE_USABLE = 1 << 7,
        LINK_CHANGE_CARRIER_CHANGES = 1 << 8,
        LINK_CHANGE_ADDRESSES = 1 << 9,
        LINK_CHANGE_MTU = 1 << 10,
        LINK_CHANGE_HARDWARE_ADDRESS = 1 << 11,
        LINK_CHANGE_METERED = 1 << 12,
        LINK_CHANGE_PLACE = 1 << 13, /* master, lower link, other end of a tunnel */
        LINK_CHANGE_BEARER =
                1 << 14, /* a modem's connection, operator, technology or registration */
        LINK_CHANGE_ROAMING = 1 << 15,
        LINK_CHANGE_SIGNAL_QUALITY = 1 << 16,
        LINK_CHANGE_NETWORK_ID = 1 << 17,
        LINK_CHANGE_SIGNAL = 1 << 18,
        LINK_CHANGE_FREQUENCY = 1 << 19,
        LINK_CHANGE_ROAM = 1 << 20,   /* to another access point of its network */
        LINK_CHANGE_LOSING = 1 << 21, /* it is about to be lost, or no more */
        LINK_CHANGE_ADVERT = 1 << 22,
};

enum metered_source {
        METERED_SOURCE_NONE,
        METERED_SOURCE_CONFIG,
        METERED_SOURCE_TYPE,
        METERED_SOURCE_NETWORK_MANAGER,
};

/* A signal's quality is told when it differs by so much from what was told last. */
#define SIGNAL_QUALITY_STEP 5

struct link {
        uint64_t id; /* never used again, unlike the index */
        struct link_facts facts;
        char *altnames; /* each with its end, altnames_len bytes in all */
        size_t altnames_len;
        struct link_device device;
        struct hint hint;
        struct network_place place;
        struct wifi wifi;
        char network_id[NETWORK_ID_SIZE]; /* "" until all of the place is known */
        enum link_type type;
        enum metered metered;
        enum metered_source metered_source;
        bool usable;               /* up, with carrier, operational: packets can leave */
        uint64_t since_usec;       /* when `usable` became what it is */
        struct address *addresses; /* IPv4 first, then those that reach farther */
        size_t n_addresses;
        bool is_named; /* in the configuration */
        struct advert advert;
        bool in_path;     /* of an answer that is published or watched */
        unsigned changed; /* enum link_change, not yet published */
        unsigned recent;  /* the same, not yet forgotten as the reason of a path's change */
};

void link_free(struct link *link);

/* Sets the bits in which it differs now; returns them. */
unsigned link_note(struct link *link, unsigned changed);

/* What a message or a dump says of it, and what follows from it. These only return the bits in
 * which it differs then, or -ENOMEM. */
unsigned link_set_facts(struct link *link, const struct link_facts *facts, uint64_t now_usec);
int link_set_altnames(struct link *link, const char *altnames, size_t len);
/* Type and metered follow from kernel, sysfs, what services say and, before all, the configuration:
 * to be called when any of them is another. */
unsigned link_classify(struct link *link, const struct settings *settings,
                       const struct hint_source *hints);

/* Takes the alternative names and addresses out of `fresh`, which is the same link. */
unsigned link_take_over(struct link *link, struct link *fresh);

/* These set the bits themselves. 0 when it differs in nothing, the bit, or -ENOMEM. */
int link_put_address(struct link *link, const struct address *address);
/* True when it had the address. */
bool link_take_address(struct link *link, const struct address *address);
/* True when it is another one. */
bool link_set_network_id(struct link *link, const char *id);

/* Whether they are one link: another may have got the index of one that is gone. */
bool link_is_same(const struct link *was, const struct link *now);
/* The link has this name or alternative name. */
bool link_has_name(const struct link *link, const char *name);

static inline bool link_is_roaming(const struct link *link) {
        return link->hint.registration == REGISTRATION_ROAMING;
}

static inline bool link_is_up(const struct link *link) {
        return link->facts.flags & IFF_UP;
}

static inline bool link_has_carrier(const struct link *link) {
        return link->facts.flags & IFF_LOWER_UP;
}

/* A port of a bridge, bond or team: packets go out through its master. A VRF only sorts links. */
static inline bool link_is_port(const struct link *link) {
        return link->facts.master != 0 && strcmp(link->facts.slave_kind, "vrf") != 0;
}

/* The address on this link; NULL when it has it not. */
const struct address *link_find_address(const struct link *link, const struct netaddr *address);

static inline bool address_is_duplicate(const struct address *address) {
        return address->flags & IFA_F_DADFAILED;
}

static inline bool address_is_tentative(const struct address *address) {
        return (address->flags & IFA_F_TENTATIVE) && !(address->flags & IFA_F_OPTIMISTIC);
}

/* How far it reaches: by its bits, or less when whoever set it said so. */
enum netaddr_scope address_scope(const struct address *address);
/* Usable as the source of a packet that leaves the link. */
bool address_is_routable(const struct address *address);
