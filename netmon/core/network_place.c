/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network_place.h"

#include <string.h>

/* An address given to one machine says nothing of the network beyond this. */
#define PREFIX6_MAX 64

void network_place_set_gateway(struct network_place *place, const struct netaddr *gateway,
                               uint32_t carrier_changes) {
        if (netaddr_equal(&place->gateway, gateway) && place->carrier_changes == carrier_changes)
                return;
        place->gateway = *gateway;
        place->gateway_address_len = 0;
        place->carrier_changes = carrier_changes;
        place->is_asked = false;
}

void network_place_set_prefix(struct network_place *place, const struct netaddr *address,
                              uint8_t prefix_len) {
        if (address->family == AF_INET6 && prefix_len > PREFIX6_MAX)
                prefix_len = PREFIX6_MAX;
        place->prefix = *address;
        place->prefix_len = prefix_len;
        for (size_t i = 0; i < netaddr_len(address); i++) {
                size_t bits = i * 8 < prefix_len ? prefix_len - i * 8 : 0;

                if (bits < 8)
                        place->prefix.bytes[i] &= (uint8_t)(0xff00 >> bits);
        }
}

static size_t put(uint8_t *ret, size_t at, const void *data, uint8_t len) {
        ret[at++] = len;
        memcpy(ret + at, data, len);
        return at + len;
}

size_t network_place_write(const struct network_place *place, enum link_type type,
                           uint8_t ret[static NETWORK_PLACE_MAX]) {
        const char *word = link_type_to_string(type);
        size_t at = 0;

        if (place->prefix.family == 0 || (place->ssid_len == 0 && place->gateway_address_len == 0))
                return 0;
        at = put(ret, at, word, (uint8_t)strlen(word));
        at = put(ret, at, place->ssid, place->ssid_len);
        /* An access point has many neighbours, and one name. */
        at = put(ret, at, place->gateway_address,
                 place->ssid_len == 0 ? place->gateway_address_len : 0);
        at = put(ret, at, place->prefix.bytes, (uint8_t)netaddr_len(&place->prefix));
        ret[at++] = place->prefix_len;
        return at;
}
