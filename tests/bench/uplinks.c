/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uplinks.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "die.h"
#include "netns.h"

const char *uplink_name(enum uplink link) {
        switch (link) {
        case UPLINK_W0:
                return "w0";
        case UPLINK_C0:
                return "c0";
        case UPLINK_S0:
                return "s0";
        }
        return "";
}

static void add(struct uplinks *u, enum uplink link) {
        const char *name = uplink_name(link);
        unsigned net = link - UPLINK_W0 + 1;

        shell("ip link add %s index %d type veth peer name %s index %d netns /proc/%d/fd/%d", name,
              link, name, link, getpid(), u->server_side);
        netns_switch(u->server_side);
        /* A link-local address would come a second later, in the middle of something else. */
        shell("ip link set %s addrgenmode none up && ip address add 10.%u.0.1/24 dev %s", name, net,
              name);
        netns_switch(u->laptop);
        shell("ip link set %s addrgenmode none up && ip address add 10.%u.0.2/24 dev %s", name, net,
              name);
}

void uplinks_start(struct uplinks *u) {
        netns_enter();
        /* The kernel's reverse path filter would drop what comes over the second uplink. */
        netns_sysctl("ipv4/conf/all/rp_filter", "2");
        u->laptop = netns_current();
        u->server_side = netns_add();
        add(u, UPLINK_W0);
        add(u, UPLINK_C0);
        add(u, UPLINK_S0);
        shell("ip route add default via 10.1.0.1 dev w0 metric 100 && "
              "ip route add default via 10.2.0.1 dev c0 metric 700");
        netns_switch(u->server_side);
        shell("ip address add " UPLINKS_SERVER "/32 dev lo");
        u->control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        netns_switch(u->laptop);
        if (u->control < 0)
                die("socket: %s", strerror(errno));
}

void uplinks_stop(struct uplinks *u) {
        (void)close(u->control);
        (void)close(u->server_side);
        (void)close(u->laptop);
}

void uplinks_set_carrier(struct uplinks *u, enum uplink link, bool carrier) {
        struct ifreq request = {0};

        (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", uplink_name(link));
        if (ioctl(u->control, SIOCGIFFLAGS, &request) < 0)
                die("%s: %s", request.ifr_name, strerror(errno));
        request.ifr_flags =
                (short)(carrier ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
        if (ioctl(u->control, SIOCSIFFLAGS, &request) < 0)
                die("%s: %s", request.ifr_name, strerror(errno));
}
