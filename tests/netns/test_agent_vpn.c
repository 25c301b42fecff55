/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The agent behind a tunnel: when the tunnel is gone and something forbids to go around it, not one
 * packet leaves by a physical link.
 *
 * The tunnel is a tun device, vpn0, on either side; a thread carries its packets, so that none of
 * them is on a physical link either. Rules and marks are those of wg-quick. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_world.h"
#include "cleanup.h"
#include "die.h"
#include "moment.h"
#include "netns.h"

#define PACKET_MAX 2048

static struct agent_world world;
static int tunnel[2]; /* the laptop's end, the server's */
static int listener = -1;
static atomic_bool is_swallowing; /* the tunnel; as when its other end sends to where we were */

static void *carry(void *unused) {
        struct pollfd fds[2] = {{tunnel[0], POLLIN, 0}, {tunnel[1], POLLIN, 0}};
        uint8_t packet[PACKET_MAX];

        /* It ends with the process. */
        while (poll(fds, 2, -1) >= 0 || errno == EINTR)
                for (unsigned i = 0; i < 2; i++) {
                        ssize_t n = read(tunnel[i], packet, sizeof(packet));

                        /* An end that is down takes nothing, which is a loss like any other. */
                        if (n > 0 && !is_swallowing)
                                (void)!write(tunnel[1 - i], packet, (size_t)n);
                }
        return NULL;
}

static void set_up_tunnel(void) {
        shell("ip link set vpn0 up && ip address replace 10.9.0.2/24 dev vpn0 && "
              "ip address replace 2001:db8:9::2/64 dev vpn0 nodad && "
              "ip route replace default dev vpn0 table 51820 && "
              "ip -6 route replace default dev vpn0 table 51820");
}

static void add_tunnel(void) {
        pthread_t thread;

        tunnel[0] = tun_add("vpn0");
        shell("ip link set vpn0 addrgenmode none");
        set_up_tunnel();
        netns_switch(world.server_side);
        tunnel[1] = tun_add("vpn0");
        netns_switch(world.laptop);
        world_server_shell(&world, "ip link set vpn0 addrgenmode none up && "
                                   "ip address add 10.9.0.1/24 dev vpn0 && "
                                   "ip address add 2001:db8:9::1/64 dev vpn0 nodad");
        for (unsigned family = 4; family <= 6; family += 2)
                shell("ip -%u rule add pref 100 table main suppress_prefixlength 0 && "
                      "ip -%u rule add pref 101 not fwmark 51820 table 51820",
                      family, family);
        if (pthread_create(&thread, NULL, carry, NULL) != 0)
                die("no thread for the tunnel");
}

/* Beneath the tunnel's own rule: what does not go into it goes nowhere. */
static void add_kill_switch(void) {
        for (unsigned family = 4; family <= 6; family += 2)
                shell("ip -%u rule add pref 102 not fwmark 51820 prohibit", family);
}

static void start(void) {
        world_start_network(&world);
        add_tunnel();
        netns_replace_file("/etc/resolv.conf", "nameserver 203.0.113.1\n");
        netns_replace_file("/etc/hosts", "127.0.0.1 localhost\n");
        listener = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
        if (listener < 0)
                die("cannot listen to the links: %s", strerror(errno));
        world_start_netmon(&world, NULL);
        world_start_agent(&world);
        world_connect_app(&world);
}

static void teardown(void) {
        world_stop(&world);
        (void)close(listener);
}

static void start_with_kill_switch(void) {
        start();
        add_kill_switch();
}

TestSuite(vpn, .init = start, .fini = teardown, .timeout = 60);
TestSuite(kill_switch, .init = start_with_kill_switch, .fini = teardown, .timeout = 60);

/* How many packets of TCP or UDP were on a physical link since the last call; the rest is the
 * kernel's own, which looks for neighbours and routers. */
static unsigned count_packets(void) {
        unsigned n_packets = 0;

        for (;;) {
                struct sockaddr_ll link = {};
                socklen_t len = sizeof(link);
                uint8_t packet[64] = {};
                char name[IF_NAMESIZE];
                uint8_t protocol;

                if (recvfrom(listener, packet, sizeof(packet), 0, (struct sockaddr *)&link, &len) <
                    0)
                        return n_packets;
                if (!if_indextoname((unsigned)link.sll_ifindex, name) ||
                    (strcmp(name, "w0") != 0 && strcmp(name, "c0") != 0))
                        continue;
                protocol = packet[0] >> 4 == 4 ? packet[9] : packet[6];
                if ((ntohs(link.sll_protocol) == ETH_P_IP ||
                     ntohs(link.sll_protocol) == ETH_P_IPV6) &&
                    (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP))
                        n_packets++;
        }
}

static void cut_carrier(void) {
        tap_set_carrier(tunnel[0], false);
}

static void heal_carrier(void) {
        tap_set_carrier(tunnel[0], true);
}

static void switch_off(void) {
        shell("ip link set vpn0 down");
}

static void flush_routes(void) {
        shell("ip route flush table 51820 && ip -6 route flush table 51820");
}

/* As when the tunnel's process ends. */
static void delete (void) {
        shell("ip link del vpn0");
}

static void create(void) {
        int fd = tun_add("vpn0");

        /* In the place of the old one, for the thread. */
        if (dup3(fd, tunnel[0], O_CLOEXEC) < 0)
                die("dup3: %s", strerror(errno));
        (void)close(fd);
        shell("ip link set vpn0 addrgenmode none");
        set_up_tunnel();
}

static void forbid(void) {
        shell("ip rule add pref 10 prohibit && ip -6 rule add pref 10 prohibit");
}

static void allow(void) {
        shell("ip rule del pref 10 && ip -6 rule del pref 10");
}

/* Whatever is asked of them now, they find no way out: every call that a minute allows. */
static void try_hard(const char *four, const char *six, const char *named) {
        client_do(&world.app, four, "Reconnect", "");
        client_do(&world.app, six, "Reconnect", "");
        client_do(&world.app, named, "Reconnect", "");
        client_do(&world.app, NULL, "Reconnect", "");
        world_pass(&world, 500000);
}

/* The tunnel goes and comes back. One channel by IPv4, one by IPv6, and one by a name that nobody
 * knows. */
static void expect_nothing_goes_around(void (*cut)(void), void (*heal)(void)) {
        CLEANUP(freep) char *four = world_open_connected(&world, "four", WORLD_ECHO);
        CLEANUP(freep) char *six = world_open_connected(&world, "six", WORLD_ECHO6);
        CLEANUP(freep)
        char *named = client_open(&world.app, "named", "ws://quay.test:8080/echo", 0);

        (void)world_expect_open(&world, "10.9.0.2");
        (void)world_expect_open(&world, "2001:db8:9::2");
        client_wait(&world.app, named, "Error", "(org.wherry.Error.Resolve");
        cr_assert_eq(count_packets(), 0, "something went around the tunnel before");

        cut();
        client_wait(&world.app, four, "State", "waiting");
        client_wait(&world.app, six, "State", "waiting");
        client_send_many(&world.app, four, "m", 0, 3);
        try_hard(four, six, named);
        cr_assert_eq(recorder_count(&world.server, "open"), 2);
        cr_assert_eq(count_packets(), 0, "a packet went around the tunnel");

        heal();
        client_wait(&world.app, four, "State", "connected");
        client_wait(&world.app, six, "State", "connected");
        world_send_and_wait(&world, four, "m", 3, 1);
        (void)world_expect_in_order(&world, "m", 4, 4);
        world_wait_interface(&world, four, "vpn0");
        world_wait_interface(&world, six, "vpn0");
        cr_assert_eq(count_packets(), 0, "a packet went around the tunnel");
}

/* Here the tunnel's route stays and catches all. */
Test(vpn, carrier_lost) {
        expect_nothing_goes_around(cut_carrier, heal_carrier);
}

Test(vpn, all_forbidden) {
        expect_nothing_goes_around(forbid, allow);
}

/* Here a rule beneath it does. */
Test(kill_switch, carrier_lost) {
        expect_nothing_goes_around(cut_carrier, heal_carrier);
}

Test(kill_switch, tunnel_switched_off) {
        expect_nothing_goes_around(switch_off, set_up_tunnel);
}

Test(kill_switch, tunnel_routes_gone) {
        expect_nothing_goes_around(flush_routes, set_up_tunnel);
}

Test(kill_switch, tunnel_deleted) {
        expect_nothing_goes_around(delete, create);
}

/* Without such a rule the kernel itself selects a physical link when the tunnel's routes are gone,
 * and the agent follows it: the machine's owner has not asked for anything else. */
Test(vpn, kernel_is_followed_without_kill_switch) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);

        (void)world_expect_open(&world, "10.9.0.2");
        switch_off();
        (void)world_expect_open(&world, "10.1.0.2");
        world_wait_interface(&world, path, "w0");
        cr_assert_gt(count_packets(), 0);
        set_up_tunnel();
        (void)world_expect_open(&world, "10.9.0.2");
        world_wait_interface(&world, path, "vpn0");
        world_send_and_wait(&world, path, "m", 0, 1);
}

/* The tunnel is the same, and its other end may or may not follow it. */
Test(vpn, connection_is_asked_when_the_tunnel_is_carried_otherwise) {
        CLEANUP(freep) char *path = world_open_connected(&world, "a", WORLD_ECHO);

        (void)world_expect_open(&world, "10.9.0.2");
        shell("ip route del default dev w0");
        world_pass(&world, 2500000); /* longer than an answer is waited for */
        world_expect_connections(&world, path, 1);
        is_swallowing = true;
        shell("ip route add default via 10.1.0.1 dev w0 metric 100");
        client_wait(&world.app, path, "State", "connecting");
        is_swallowing = false;
        (void)world_expect_open(&world, "10.9.0.2");
        world_send_and_wait(&world, path, "m", 0, 1);
}
