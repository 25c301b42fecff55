/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "route.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"

#define ANY_PORT 9

int route_bind(int fd, const char *interface) {
        if (interface[0] == '\0')
                return 0;
        if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) <
            0)
                return -errno;
        return 0;
}

int route_probe(const struct address *address, const char *interface) {
        struct sockaddr_storage to;
        socklen_t len = address_to_sockaddr(address, ANY_PORT, &to);
        CLEANUP(close_fdp) int fd = socket(address->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        int r;

        if (fd < 0)
                return -errno;
        r = route_bind(fd, interface);
        if (r < 0)
                return r;
        return connect(fd, (struct sockaddr *)&to, len) < 0 ? -errno : 0;
}
