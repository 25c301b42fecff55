/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The floor for netmon: a bare reader of rtnetlink that sends one D-Bus signal for each message,
 * and does nothing else. Argument: the bus address. */

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>

#include "die.h"
#include "netmon_floor.h"

static int open_rtnl(void) {
        static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE};
        struct sockaddr_nl address = {.nl_family = AF_NETLINK};
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), size = 8 * 1024 * 1024;

        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                die("rtnetlink cannot be opened");
        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
                (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
        for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
                if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
                               sizeof(groups[i])) < 0)
                        die("rtnetlink group %d cannot be joined", groups[i]);
        return fd;
}

static sd_bus *open_bus(const char *address) {
        const char *name;
        sd_bus *bus = NULL;

        if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, address) < 0 ||
            sd_bus_set_bus_client(bus, true) < 0 || sd_bus_start(bus) < 0 ||
            sd_bus_get_unique_name(bus, &name) < 0 ||
            sd_bus_request_name(bus, FLOOR_BUS_NAME, 0) < 0)
                die("%s cannot be reached", address);
        return bus;
}

int main(int argc, char **argv) {
        _Alignas(struct nlmsghdr) uint8_t buffer[32768];
        uint64_t n_messages = 0;
        int fd = open_rtnl();
        sd_bus *bus = open_bus(argv[1]);

        for (;;) {
                const struct nlmsghdr *nlh = (const struct nlmsghdr *)buffer;
                ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

                if (n < 0 && errno != ENOBUFS && errno != EINTR)
                        die("rtnetlink cannot be read");
                if (n <= 0)
                        continue;
                n_messages++;
                if (sd_bus_emit_signal(bus, FLOOR_PATH, FLOOR_INTERFACE, "Event", "tu", n_messages,
                                       (uint32_t)nlh->nlmsg_type) < 0)
                        die("a signal cannot be sent");
        }
}
