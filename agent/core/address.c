/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

int address_parse(const char *text, struct address *ret) {
        struct address address = {.family = AF_INET};

        if (inet_pton(AF_INET, text, &address.in4) != 1) {
                address.family = AF_INET6;
                if (inet_pton(AF_INET6, text, &address.in6) != 1)
                        return -EINVAL;
        }
        *ret = address;
        return 0;
}

void address_format(const struct address *address, char ret[ADDRESS_TEXT_SIZE]) {
        (void)inet_ntop(address->family, &address->in6, ret, ADDRESS_TEXT_SIZE);
}

bool address_equal(const struct address *a, const struct address *b) {
        if (a->family != b->family)
                return false;
        if (a->family == AF_INET)
                return a->in4.s_addr == b->in4.s_addr;
        return memcmp(&a->in6, &b->in6, sizeof(a->in6)) == 0;
}

socklen_t address_to_sockaddr(const struct address *address, uint16_t port,
                              struct sockaddr_storage *ret) {
        memset(ret, 0, sizeof(*ret));
        ret->ss_family = (sa_family_t)address->family;
        if (address->family == AF_INET) {
                struct sockaddr_in *in4 = (struct sockaddr_in *)ret;

                in4->sin_addr = address->in4;
                in4->sin_port = htons(port);
                return sizeof(*in4);
        }

        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

        in6->sin6_addr = address->in6;
        in6->sin6_port = htons(port);
        return sizeof(*in6);
}

void address_from_sockaddr(const struct sockaddr_storage *sockaddr, struct address *ret) {
        *ret = (struct address){.family = sockaddr->ss_family};
        if (ret->family == AF_INET)
                ret->in4 = ((const struct sockaddr_in *)sockaddr)->sin_addr;
        else
                ret->in6 = ((const struct sockaddr_in6 *)sockaddr)->sin6_addr;
}

static bool ipv4_is_special(uint32_t a) {
        return (a >> 24) == 0 || (a >> 24) == 127 || (a >> 16) == 0xa9fe || (a >> 28) >= 0xe;
}

static uint32_t ipv4_at(const uint8_t *bytes) {
        return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
               bytes[3];
}

bool address_is_special(const struct address *address) {
        /* RFC 6052 section 2.1, RFC 4291 sections 2.5.5.1 and 2.5.5.2 */
        static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
        static const uint8_t compatible[12] = {0};
        static const uint8_t metadata[16] = {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54};
        const uint8_t *b = address->in6.s6_addr;

        if (address->family == AF_INET)
                return ipv4_is_special(ntohl(address->in4.s_addr));
        if (memcmp(b, nat64, 12) == 0 || memcmp(b, mapped, 12) == 0)
                return ipv4_is_special(ipv4_at(b + 12));
        if (memcmp(b, compatible, 12) == 0) /* with :: and ::1 */
                return true;
        if (b[0] == 0x20 && b[1] == 0x02) /* 6to4, RFC 3056 */
                return ipv4_is_special(ipv4_at(b + 2));
        return b[0] == 0xff || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ||
               memcmp(b, metadata, 16) == 0;
}
