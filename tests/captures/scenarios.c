/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenarios.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "die.h"
#include "netns.h"
#include "recording.h"
#include "replay.h"

#define HOUR_USEC UINT64_C(3600000000)

/* The uplinks are taps; wifi0 and cell0 by name, that is how a replay is configured. */
static int add_tap(const char *name, unsigned number) {
        int tap = tap_add(name);

        tap_set_carrier(tap, true);
        shell("ip link set %s address 02:00:00:00:00:%02u && ip link set %s addrgenmode none && "
              "ip link set %s up",
              name, number, name, name);
        return tap;
}

static int add_uplink(const char *name, unsigned number) {
        int tap = add_tap(name, number);

        shell("ip address add 10.%u.0.2/24 dev %s && "
              "ip address add 2001:db8:%u::2/64 dev %s nodad",
              number, name, number, name);
        shell("ip route add default via 10.%u.0.1 dev %s metric %u && "
              "ip -6 route add default via 2001:db8:%u::1 dev %s metric %u",
              number, name, 100 * number, number, name, 100 * number);
        return tap;
}

struct uplinks {
        int wifi;
        int cellular;
};

static struct uplinks add_uplinks(struct recording *recording) {
        struct uplinks uplinks = {add_uplink("wifi0", 1), add_uplink("cell0", 2)};

        recording_take(recording, "wifi0 and cell0, both with default routes of both families");
        return uplinks;
}

void scenario_add_uplinks(struct recording *recording) {
        (void)add_uplinks(recording);
}

static void carrier(struct recording *recording) {
        struct uplinks uplinks = add_uplinks(recording);

        /* The kernel holds news of a lost carrier back for a second after other such news. */
        (void)sleep(2);
        tap_set_carrier(uplinks.wifi, false);
        recording_take(recording, "wifi0 loses its carrier");
        tap_set_carrier(uplinks.wifi, true);
        recording_take(recording, "wifi0 has its carrier again");
        tap_set_carrier(uplinks.wifi, false);
        recording_take(recording, "wifi0 loses its carrier, which is not announced until asked");
        tap_set_carrier(uplinks.cellular, false);
        recording_take(recording, "cell0 loses its carrier too");
        tap_set_carrier(uplinks.cellular, true);
        recording_take(recording, "cell0 has its carrier again");
        tap_set_carrier(uplinks.wifi, true);
        recording_take(recording, "wifi0 has its carrier again");
}

static void admin(struct recording *recording) {
        (void)add_uplinks(recording);
        shell("ip link set wifi0 down");
        recording_take(recording, "wifi0 is switched off");
        shell("ip link set cell0 down");
        recording_take(recording, "cell0 is switched off");
        shell("ip link set cell0 up");
        recording_take(recording, "cell0 is switched on, its default routes do not come back");
        shell("ip route add default via 10.2.0.1 dev cell0 metric 200");
        recording_take(recording, "cell0 has its default route of IPv4 again");
}

static void address(struct recording *recording) {
        (void)add_uplinks(recording);
        shell("ip address add 10.1.0.3/24 dev wifi0");
        recording_take(recording, "wifi0 has a second address");
        shell("ip address del 10.1.0.3/24 dev wifi0");
        recording_take(recording, "and has not");
        shell("ip -6 address change 2001:db8:1::2/64 dev wifi0 valid_lft 1000 preferred_lft 900");
        recording_take(recording, "the address of IPv6 gets a lifetime");
        shell("ip -6 address change 2001:db8:1::2/64 dev wifi0 valid_lft 2000 preferred_lft 1900");
        recording_take(recording, "its lifetime is refreshed, nothing is to be told");
        shell("ip -6 address change 2001:db8:1::2/64 dev wifi0 valid_lft 2000 preferred_lft 0");
        recording_take(recording, "it is deprecated");
        shell("ip address del 10.1.0.2/24 dev wifi0");
        recording_take(recording, "wifi0 loses its last address of IPv4, and with it its routes");
        shell("ip address add 10.1.0.2/24 dev wifi0 && "
              "ip route add default via 10.1.0.1 dev wifi0 metric 100");
        recording_take(recording, "it comes back");
}

static void tentative(struct recording *recording) {
        (void)add_tap("wifi0", 1);
        recording_take(recording, "wifi0 without an address");
        shell("ip address add 2001:db8:1::2/64 dev wifi0 && "
              "ip -6 route add default via 2001:db8:1::1 dev wifi0 metric 100");
        recording_take(recording, "an address of IPv6 and a default route, the address tentative");
        recording_wait(recording, "the address is nobody else's");
}

static void duplicate(struct recording *recording) {
        int laptop = netns_current(), router = netns_add();

        shell("ip link add wifi0 type veth peer name eth0 netns /proc/%d/fd/%d", getpid(), router);
        netns_switch(router);
        shell("ip link set eth0 addrgenmode none up && "
              "ip address add 2001:db8:1::2/64 dev eth0 nodad");
        netns_switch(laptop);
        shell("ip link set wifi0 address 02:00:00:00:00:01 && ip link set wifi0 addrgenmode none "
              "&& "
              "ip link set wifi0 up");
        shell("ip -6 route add 2001:db8:1::/64 dev wifi0");
        recording_take(recording, "wifi0 without an address, in a network where 2001:db8:1::2 is");
        shell("ip address add 2001:db8:1::2/64 dev wifi0 && "
              "ip -6 route add default via 2001:db8:1::1 dev wifi0 metric 100");
        recording_take(recording, "the address of somebody else, and a default route");
        recording_wait(recording, "it is found out");
}

static void routes(struct recording *recording) {
        (void)add_uplinks(recording);
        shell("ip route add 203.0.113.0/24 via 10.2.0.1 dev cell0");
        recording_take(recording, "a route that concerns nobody");
        shell("ip route del default via 10.1.0.1 dev wifi0");
        recording_take(recording, "wifi0's default route of IPv4 is deleted by hand");
        shell("ip route add default via 10.1.0.1 dev wifi0 metric 100");
        recording_take(recording, "and put back");
        shell("ip route add default via 10.1.0.1 dev wifi0 metric 300 && "
              "ip route del default via 10.1.0.1 dev wifi0 metric 100");
        recording_take(recording, "its metric grows beyond that of cell0's");
        shell("ip route replace default via 10.2.0.7 dev cell0 metric 200");
        recording_take(recording, "cell0 has another gateway");
        shell("ip route add " REPLAY_WATCHED " via 10.1.0.9 dev wifi0");
        recording_take(recording, "the host that is watched gets a route of its own");
        shell("ip route append default via 10.1.0.1 dev wifi0 metric 200");
        recording_take(recording, "a second default route of cell0's metric");
}

static void forbidden(struct recording *recording) {
        (void)add_uplinks(recording);
        shell("ip rule add pref 10 prohibit");
        recording_take(recording, "a rule prohibits all of IPv4");
        shell("ip rule del pref 10");
        recording_take(recording, "and does not");
        shell("ip route add blackhole default metric 1");
        recording_take(recording, "a route swallows all of IPv4");
        shell("ip route del blackhole default metric 1");
        recording_take(recording, "and does not");
        shell("ip route add unreachable " REPLAY_WATCHED);
        recording_take(recording, "the host that is watched is unreachable");
        shell("ip -6 rule add pref 10 prohibit");
        recording_take(recording, "a rule prohibits all of IPv6");
}

static void nexthops(struct recording *recording) {
        struct uplinks uplinks = add_uplinks(recording);

        shell("ip route add default metric 10 nexthop via 10.1.0.1 dev wifi0 "
              "nexthop via 10.2.0.1 dev cell0");
        recording_take(recording, "a default route over both");
        tap_set_carrier(uplinks.wifi, false);
        recording_take(recording, "wifi0 loses its carrier");
        tap_set_carrier(uplinks.wifi, true);
        recording_take(recording, "and has it again");
        shell("ip route del default metric 10");
        recording_take(recording, "the route over both is gone");
}

static void gateway(struct recording *recording) {
        (void)add_uplinks(recording);
        shell("ip neigh replace 10.1.0.1 dev wifi0 lladdr 02:00:00:00:00:91 nud reachable");
        recording_take(recording, "the gateway of wifi0 answers");
        shell("ip neigh replace 10.1.0.1 dev wifi0 nud failed");
        recording_take(recording, "it does not answer any more");
        shell("ip neigh flush dev wifi0 nud failed");
        recording_take(recording, "the kernel forgets about it");
        shell("ip neigh replace 10.1.0.1 dev wifi0 lladdr 02:00:00:00:00:91 nud reachable");
        recording_take(recording, "it answers");
        shell("ip neigh replace 10.1.0.1 dev wifi0 lladdr 02:00:00:00:00:91 nud stale");
        recording_take(recording, "which is a while ago");
}

static void vpn(struct recording *recording) {
        struct uplinks uplinks = add_uplinks(recording);
        int tunnel = tun_add("vpn0");

        shell("ip link set vpn0 addrgenmode none && ip link set vpn0 up && ip address add "
              "10.9.0.2/24 dev vpn0");
        recording_take(recording, "a tunnel, vpn0, without routes");
        shell("ip route add default dev vpn0 table 51820 && "
              "ip rule add pref 101 not fwmark 51820 table 51820 && "
              "ip rule add pref 100 table main suppress_prefixlength 0");
        recording_take(recording, "routes and rules as wg-quick makes them");
        shell("ip route add default via 10.2.0.1 dev cell0 metric 50");
        recording_take(recording, "cell0 carries the tunnel");
        shell("ip route del default via 10.2.0.1 dev cell0 metric 50");
        recording_take(recording, "wifi0 does again");
        tap_set_carrier(uplinks.wifi, false);
        recording_take(recording, "wifi0 loses its carrier beneath the tunnel");
        shell("ip route del default via 10.1.0.1 dev wifi0");
        recording_take(recording, "its default route goes, cell0 carries the tunnel");
        tap_set_carrier(tunnel, false);
        recording_take(recording, "the tunnel itself loses its carrier");
        shell("ip link set vpn0 down");
        recording_take(recording, "the tunnel is switched off");
        (void)close(tunnel);
        recording_take(recording, "the tunnel is gone");
}

static void bridge(struct recording *recording) {
        int port = add_tap("port0", 1);

        shell("ip link add br0 address 02:00:00:00:00:01 type bridge && "
              "ip link set port0 master br0");
        shell("ip link set br0 addrgenmode none && ip link set br0 up && ip address add "
              "10.1.0.2/24 dev br0 && "
              "ip route add default via 10.1.0.1 dev br0");
        (void)sleep(2);
        recording_take(recording, "a bridge, br0, with one port");
        tap_set_carrier(port, false);
        recording_take(recording, "the port loses its carrier");
        tap_set_carrier(port, true);
        recording_take(recording, "and has it again");
        shell("ip link add other type veth");
        tap_set_carrier(port, false);
        recording_take(recording, "it loses it right after other news of links");
}

static void links(struct recording *recording) {
        struct uplinks uplinks = add_uplinks(recording);

        shell("ip link set wifi0 down && ip link set wifi0 name wlan7 up && "
              "ip route add default via 10.1.0.1 dev wlan7 metric 100");
        recording_take(recording, "wifi0 gets the name wlan7");
        shell("ip link property add dev wlan7 altname uplink");
        recording_take(recording, "and another beside it");
        shell("ip link set wlan7 mtu 1400");
        recording_take(recording, "and a smaller MTU");
        (void)close(uplinks.wifi);
        recording_take(recording, "wlan7 is unplugged");
        (void)add_uplink("wifi1", 3);
        recording_take(recording, "wifi1 is plugged in");
}

/* Sends a router advertisement with options as bytes, from the other end of the cable. */
static void advertise(int router, int laptop, uint16_t lifetime_sec, const void *options,
                      size_t len) {
        struct sockaddr_in6 to = {.sin6_family = AF_INET6};
        uint8_t packet[512] = {
                134, 0, 0, 0, 64, 0, (uint8_t)(lifetime_sec >> 8), (uint8_t)lifetime_sec};
        int fd, hops = 255;

        netns_switch(router);
        fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
        (void)inet_pton(AF_INET6, "ff02::1", &to.sin6_addr);
        to.sin6_scope_id = if_nametoindex("eth0");
        memcpy(packet + 16, options, len);
        if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) < 0 ||
            sendto(fd, packet, 16 + len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
                die("router advertisement: %s", strerror(errno));
        (void)close(fd);
        netns_switch(laptop);
}

/* The prefix 2001:db8:7::/64 for 100 s, a captive portal, and a NAT64 prefix for 600 s. */
static const uint8_t options[] =
        "\x03\x04\x40\xc0\0\0\0\x64\0\0\0\x64\0\0\0\0\x20\x01\x0d\xb8\0\x07"
        "\0\0\0\0\0\0\0\0\0\0"
        "\x25\x03https://p.example/\0\0\0\0"
        "\x26\x02\x02\x58\0\x64\xff\x9b\0\0\0\0\0\0\0";
#define PREFIX_LEN 32

static void advertisement(struct recording *recording) {
        int laptop = netns_current(), router = netns_add();

        shell("ip link add wifi0 type veth peer name eth0 netns /proc/%d/fd/%d", getpid(), router);
        netns_switch(router);
        shell("ip link set eth0 addrgenmode none up && ip address add fe80::1/64 dev eth0 nodad");
        netns_switch(laptop);
        netns_sysctl("ipv6/conf/wifi0/accept_ra", "2");
        netns_sysctl("ipv6/conf/wifi0/accept_dad", "0");
        shell("ip link set wifi0 address 02:00:00:00:00:01 up");
        (void)sleep(1);
        recording_take(recording, "wifi0 with nothing but a link-local address");
        for (unsigned i = 0; i < 2; i++) {
                advertise(router, laptop, 100, options, sizeof(options));
                recording_take(recording,
                               i == 0 ? "a router advertises a prefix, a portal and NAT64"
                                      : "and again, nothing is to be told");
        }
        netns_switch(router);
        shell("ip link set eth0 down");
        netns_switch(laptop);
        recording_take(recording, "the router goes");
        netns_switch(router);
        shell("ip link set eth0 up && ip address add fe80::1/64 dev eth0 nodad");
        netns_switch(laptop);
        recording_take(recording, "and comes back, of which the laptop knows nothing yet");
        for (unsigned i = 0; i < 2; i++) {
                advertise(router, laptop, 100, options, PREFIX_LEN);
                recording_take(recording, i == 0 ? "it advertises only the prefix" : "and again");
        }
        advertise(router, laptop, 0, options, PREFIX_LEN);
        recording_take(recording, "it is no router any more");
}

static void resume(struct recording *recording) {
        struct uplinks uplinks = add_uplinks(recording);

        recording_sleep(recording, "an hour of sleep, and nothing has changed", HOUR_USEC);
        tap_set_carrier(uplinks.wifi, false);
        recording_sleep(recording, "a night of sleep, and wifi0 has no carrier", 8 * HOUR_USEC);
        tap_set_carrier(uplinks.wifi, true);
        recording_take(recording, "wifi0 has its carrier again");
}

static void storm(struct recording *recording) {
        (void)add_uplinks(recording);
        for (unsigned i = 0; i < 40; i++)
                shell("ip route add 203.0.113.%u via 10.2.0.1 dev cell0", i);
        recording_take(recording, "forty routes that concern nobody");
        shell("ip route flush root 203.0.113.0/24 && ip route del default dev wifi0 && "
              "for i in $(seq 20); do ip route add 198.51.100.$i/32 via 10.2.0.1 dev cell0; done; "
              "ip route flush root 198.51.100.0/24");
        recording_take(recording, "many routes come and go, and wifi0's default route among them");
}

static void settings(struct recording *recording) {
        (void)add_uplinks(recording);
        netns_sysctl("ipv4/conf/cell0/rp_filter", "1");
        recording_take(recording, "cell0 has a strict filter: it is no alternative any more");
        netns_sysctl("ipv4/conf/cell0/rp_filter", "2");
        recording_take(recording, "and a loose one");
        netns_sysctl("ipv4/conf/all/rp_filter", "1");
        recording_take(recording, "the strict one for all does not count beside it");
        netns_sysctl("ipv4/conf/cell0/rp_filter", "0");
        recording_take(recording, "but does where there is none");
}

static void containers(struct recording *recording) {
        (void)add_uplinks(recording);
        shell("ip link add docker0 address 02:00:00:00:00:77 type bridge && "
              "ip link set docker0 addrgenmode none && "
              "ip address add 172.17.0.1/16 dev docker0 && ip link set docker0 up");
        recording_take(recording, "a bridge for containers");
        for (unsigned i = 0; i < 2; i++)
                shell("ip link add host%u address 02:00:00:00:00:8%u type veth "
                      "peer name guest%u address 02:00:00:00:00:9%u && "
                      "ip link set host%u addrgenmode none && "
                      "ip link set guest%u addrgenmode none && "
                      "ip link set host%u master docker0 && ip link set host%u up && "
                      "ip link set guest%u up",
                      i, i, i, i, i, i, i, i, i);
        recording_take(recording, "two of them start, which is nobody's business");
        shell("ip link del host0 && ip link del host1");
        recording_take(recording, "and end");
}

/* The same index, in one go. */
static void reuse(struct recording *recording) {
        static const char add[] =
                "ip link add %s index 9 address 02:00:00:00:00:%02u type veth peer name other && "
                "ip link set %s addrgenmode none && ip link set other addrgenmode none && "
                "ip link set other up && ip link set %s up && "
                "ip address add 10.%u.0.2/24 dev %s && "
                "ip route add default via 10.%u.0.1 dev %s";

        shell(add, "wifi0", 1, "wifi0", "wifi0", 1, "wifi0", 1, "wifi0");
        recording_take(recording, "wifi0 is the interface 9");
        shell("ip link del wifi0");
        shell(add, "cell0", 2, "cell0", "cell0", 2, "cell0", 2, "cell0");
        recording_take(recording, "it is gone, and cell0 has its index");
}

static void objects(struct recording *recording) {
        (void)add_uplinks(recording);
        shell("ip nexthop add id 5 via 10.1.0.1 dev wifi0 && "
              "ip route add default nhid 5 metric 10");
        recording_take(recording, "a default route by a next hop that stands on its own");
        shell("ip nexthop replace id 5 via 10.2.0.1 dev cell0");
        recording_take(recording, "the next hop is by cell0 now");
        shell("ip nexthop del id 5");
        recording_take(recording, "it is deleted, and the route with it, of which nothing is said");
}

static void linkdown(struct recording *recording) {
        struct uplinks uplinks;

        netns_sysctl("ipv4/conf/all/ignore_routes_with_linkdown", "1");
        netns_sysctl("ipv6/conf/all/ignore_routes_with_linkdown", "1");
        uplinks = add_uplinks(recording);
        tap_set_carrier(uplinks.wifi, false);
        recording_take(recording, "wifi0 loses its carrier, and the kernel leaves it at once");
        tap_set_carrier(uplinks.wifi, true);
        recording_take(recording, "and has it again");
}

const struct scenario scenarios[] = {
        {"address", address},
        {"admin", admin},
        {"advertisement", advertisement},
        {"bridge", bridge},
        {"carrier", carrier},
        {"containers", containers},
        {"duplicate", duplicate},
        {"forbidden", forbidden},
        {"gateway", gateway},
        {"linkdown", linkdown},
        {"links", links},
        {"nexthops", nexthops},
        {"objects", objects},
        {"resume", resume},
        {"reuse", reuse},
        {"rfkill", scenario_rfkill},
        {"routes", routes},
        {"settings", settings},
        {"storm", storm},
        {"tentative", tentative},
        {"vpn", vpn},
        {"wifi", scenario_wifi},
};
const size_t n_scenarios = sizeof(scenarios) / sizeof(scenarios[0]);
