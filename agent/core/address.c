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
