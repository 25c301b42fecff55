/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which network an interface is on, from what tells where a person is: kept to ourselves. Others
 * get an id made of it with the machine's own secret. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link_msg.h"
#include "link_type.h"
#include "netaddr.h"

#define NETWORK_SSID_MAX 32
#define NETWORK_ID_SIZE 33 /* of text, with its end */
#define NETWORK_PLACE_MAX 128

struct network_place {
        uint8_t ssid_len; /* 0: no WiFi, or not known; then the gateway tells the network */
        uint8_t ssid[NETWORK_SSID_MAX];
        struct netaddr gateway;
        uint8_t gateway_address_len; /* of its hardware; 0: not known */
        uint8_t gateway_address[LINK_HARDWARE_ADDRESS_MAX];
        struct netaddr prefix; /* the network's, the rest is 0 */
        uint8_t prefix_len;
        uint32_t carrier_changes; /* of the link when all this was so: a cable may be moved */
        bool is_asked;            /* for the gateway's address, and nothing has happened since */
};

/* The gateway that the link has now. Forgets what was known of another one, or through another
 * cable. */
void network_place_set_gateway(struct network_place *place, const struct netaddr *gateway,
                               uint32_t carrier_changes);
/* The network that an own address is in. */
void network_place_set_prefix(struct network_place *place, const struct netaddr *address,
                              uint8_t prefix_len);

/* What the id is made of, the same on every visit; 0 when not all is known. */
size_t network_place_write(const struct network_place *place, enum link_type type,
                           uint8_t ret[static NETWORK_PLACE_MAX]);
