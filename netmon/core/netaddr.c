/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netaddr.h"

#include <arpa/inet.h>
#include <string.h>

size_t netaddr_len(const struct netaddr *address) {
        switch (address->family) {
        case AF_INET:
                return 4;
        case AF_INET6:
                return 16;
        default:
                return 0;
        }
}

bool netaddr_from_bytes(uint8_t family, const void *data, size_t len, struct netaddr *ret) {
        struct netaddr address = {.family = family};

        if (len == 0 || len != netaddr_len(&address))
                return false;
        memcpy(address.bytes, data, len);
        *ret = address;
        return true;
}

bool netaddr_from_text(const char *text, struct netaddr *ret) {
        struct in6_addr v6;
        struct in_addr v4;

        if (inet_pton(AF_INET, text, &v4) == 1)
                return netaddr_from_bytes(AF_INET, &v4, sizeof(v4), ret);
        if (inet_pton(AF_INET6, text, &v6) != 1)
                return false;
        if (IN6_IS_ADDR_V4MAPPED(&v6))
                return netaddr_from_bytes(AF_INET, v6.s6_addr + 12, 4, ret);
        return netaddr_from_bytes(AF_INET6, &v6, sizeof(v6), ret);
}

const char *netaddr_format(const struct netaddr *address, char *text) {
        if (!inet_ntop(address->family, address->bytes, text, NETADDR_TEXT_SIZE))
                text[0] = '\0';
        return text;
}

int netaddr_compare(const struct netaddr *a, const struct netaddr *b) {
        if (a->family != b->family)
                return a->family < b->family ? -1 : 1;
        return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool netaddr_is_multicast(const struct netaddr *address) {
        switch (address->family) {
        case AF_INET:
                return (address->bytes[0] & 0xf0) == 0xe0;
        case AF_INET6:
                return address->bytes[0] == 0xff;
        default:
                return false;
        }
}

bool netaddr_is_unspecified(const struct netaddr *address) {
        static const uint8_t zero[16];

        return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

enum netaddr_scope netaddr_scope(const struct netaddr *address) {
        static const uint8_t loopback[16] = {[15] = 1};
        const uint8_t *b = address->bytes;

        if (address->family == AF_INET) {
                if (b[0] == 127)
                        return NETADDR_HOST;
                return b[0] == 169 && b[1] == 254 ? NETADDR_LINK : NETADDR_GLOBAL;
        }
        if (memcmp(b, loopback, sizeof(loopback)) == 0)
                return NETADDR_HOST;
        if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
                return NETADDR_LINK;
        return b[0] == 0xfe && (b[1] & 0xc0) == 0xc0 ? NETADDR_SITE : NETADDR_GLOBAL;
}
