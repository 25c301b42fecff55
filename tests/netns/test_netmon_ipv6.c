/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* netmon on a real kernel: what is special to IPv6. The machine has one uplink, wifi0; its router
 * is the other end of a cable, eth0 in another namespace. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bus_text.h"
#include "cleanup.h"
#include "die.h"
#include "moment.h"
#include "names.h"
#include "netmon_world.h"
#include "netns.h"

static struct netmon_world world;
static int laptop = -1, router = -1; /* namespaces */

static void setup(void) {
        netmon_world_start(&world, NETMON_AS_NOBODY, NULL);
        laptop = netns_current();
        router = netns_add();
        shell("ip link add wifi0 type veth peer name eth0 netns /proc/%d/fd/%d", getpid(), router);
        netns_switch(router);
        shell("ip link set eth0 addrgenmode none up && ip address add fe80::1/64 dev eth0 nodad");
        netns_switch(laptop);
        netns_sysctl("ipv6/conf/wifi0/accept_dad", "0");
        netns_sysctl("ipv6/conf/wifi0/accept_ra", "2");
        shell("ip link set wifi0 up");
        netmon_wait_for(&world, "fe80::1%wifi0", "usable=true");
        netmon_settle(&world);
}

static void teardown(void) {
        netmon_world_stop(&world);
        (void)close(laptop);
        (void)close(router);
}

TestSuite(ipv6, .init = setup, .fini = teardown, .timeout = 60);

static void expect(const char *text, const char *part) {
        cr_assert(strstr(text, part), "%s is not in %s", part, text);
}

/* Sends a router advertisement with options as bytes. */
static void advertise(uint16_t lifetime_sec, const void *options, size_t len) {
        struct sockaddr_in6 to = {.sin6_family = AF_INET6};
        uint8_t packet[512] = {134, 0, 0, 0, 64, 0, lifetime_sec >> 8, (uint8_t)lifetime_sec};
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

/* Waits until an interface's properties have `text`. */
static char *wait_for_property(const char *text) {
        uint64_t deadline_usec = moment_boottime_usec() + NETMON_WAIT_USEC;

        for (;;) {
                char *interfaces = netmon_snapshot(&world, NETMON_ALL_INTERFACES);
                sd_bus_message *m;

                if (strstr(interfaces, text))
                        return interfaces;
                m = bus_signals_next(world.signals, NULL, deadline_usec);
                if (!m)
                        die("%s is not in %s", text, interfaces);
                sd_bus_message_unref(m);
                free(interfaces);
        }
}

static void expect_property(const char *text) {
        free(wait_for_property(text));
}

/* 2001:db8:7::/64, on link and to make addresses in, for 100 s. */
static const uint8_t prefix_option[32] = {3,   4, 64, 0xc0, 0, 0,    0,    100,  0,    0, 0,
                                          100, 0, 0,  0,    0, 0x20, 0x01, 0x0d, 0xb8, 0, 7};
static const char portal_option[] = "\x25\x03https://p.example/\0\0\0";

Test(ipv6, advertisement_brings_a_route_and_its_end_takes_it) {
        char *watch;
        sd_bus_message *m;
        char *reasons;

        advertise(100, prefix_option, sizeof(prefix_option));
        netmon_wait_for(&world, "default6", "gateway=fe80::1");
        netmon_wait_for(&world, "default", "usable=true");
        netmon_settle(&world);
        /* Renewed, nothing is told of it. */
        watch = netmon_watch(&world, "default6");
        advertise(100, prefix_option, sizeof(prefix_option));
        cr_assert_eq(bus_signals_count(world.signals, NULL, moment_boottime_usec() + 50000), 0);
        advertise(0, prefix_option, sizeof(prefix_option));
        m = netmon_next(&world, "Changed");
        (void)sd_bus_message_skip(m, "t");
        reasons = bus_text(m);
        expect(reasons, "route");
        free(reasons);
        sd_bus_message_unref(m);
        netmon_wait_for(&world, "default6", "why=no-route");
        free(watch);
}

/* Until then nothing is told, and then it is, though the kernel says so only when it collects what
 * has expired, every 30 s. */
static void expect_end_of_watch(uint64_t not_before_usec, uint64_t latest_usec) {
        sd_bus_message *m = netmon_next(&world, "Changed");
        CLEANUP(freep) char *reasons = (sd_bus_message_skip(m, "t"), bus_text(m));
        uint64_t now_usec = moment_boottime_usec();

        sd_bus_message_unref(m);
        cr_assert_str_eq(reasons, "[route]");
        cr_assert_geq(now_usec, not_before_usec);
        cr_assert_lt(now_usec, latest_usec, "%" PRIu64 " us late", now_usec - latest_usec);
}

Test(ipv6, route_that_expires) {
        CLEANUP(freep) char *watch = NULL;
        uint64_t began_usec;

        advertise(1, prefix_option, sizeof(prefix_option));
        netmon_wait_for(&world, "default6", "gateway=fe80::1");
        netmon_settle(&world);
        watch = netmon_watch(&world, "default6");
        /* Renewed, it goes on, and nobody hears of it. */
        began_usec = moment_boottime_usec();
        advertise(2, prefix_option, sizeof(prefix_option));
        expect_end_of_watch(began_usec + 2 * USEC_PER_SEC, began_usec + 3 * USEC_PER_SEC);
        netmon_wait_for(&world, "default6", "why=no-route");
}

/* A router that goes says so with the last advertisement. */
Test(ipv6, route_that_expires_sooner_than_it_was_to) {
        CLEANUP(freep) char *watch = NULL;
        uint64_t began_usec;

        advertise(1000, prefix_option, sizeof(prefix_option));
        netmon_wait_for(&world, "default6", "gateway=fe80::1");
        netmon_wait_for(&world, "default6", "usable=true");
        netmon_settle(&world);
        watch = netmon_watch(&world, "default6");
        began_usec = moment_boottime_usec();
        advertise(1, prefix_option, sizeof(prefix_option));
        expect_end_of_watch(began_usec + USEC_PER_SEC, began_usec + 2 * USEC_PER_SEC);
}

/* Of a route that was there before anybody asked for it. */
Test(ipv6, route_that_expires_under_a_watch) {
        CLEANUP(freep) char *watch = NULL;
        uint64_t began_usec;

        shell("ip -6 address add 2001:db8:7::2/64 dev wifi0 nodad");
        began_usec = moment_boottime_usec();
        shell("ip -6 route add 2001:db8:9::/64 via fe80::1 dev wifi0 expires 2");
        netmon_settle(&world);
        watch = netmon_watch(&world, "2001:db8:9::9");
        expect_end_of_watch(began_usec + 2 * USEC_PER_SEC, began_usec + 3 * USEC_PER_SEC);
        netmon_wait_for(&world, "2001:db8:9::9", "why=no-route");
}

Test(ipv6, network_without_ipv4_is_routed) {
        char *state;
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        advertise(100, prefix_option, sizeof(prefix_option));
        netmon_wait_for(&world, "default", "family=ipv6 interface=wifi0");
        netmon_wait_for(&world, "default", "usable=true");
        netmon_wait_for(&world, "default4", "why=no-route");
        netmon_settle(&world);
        if (sd_bus_get_property(world.bus, NETMON_BUS_NAME, NETMON_PATH, NETMON_INTERFACE, "State",
                                NULL, &reply, "s") < 0)
                die("State cannot be read");
        state = bus_text(reply);
        cr_assert_str_eq(state, "routed");
        free(state);
}

Test(ipv6, captive_portal_and_nat64_prefix) {
        static const uint8_t pref64[16] = {38, 2, 0, 8 * 8, 0, 0x64, 0xff, 0x9b};
        static const uint8_t no_pref64[16] = {38, 2, 0, 0, 0, 0x64, 0xff, 0x9b};
        uint8_t both[40];

        memcpy(both, portal_option, 24);
        memcpy(both + 24, pref64, 16);
        advertise(100, both, sizeof(both));
        expect_property("CaptivePortal=https://p.example/");
        expect_property("Nat64Prefix=64:ff9b::/96");
        netmon_settle(&world);
        advertise(100, both, sizeof(both));
        cr_assert_eq(bus_signals_count(world.signals, NULL, moment_boottime_usec() + 50000), 0);
        advertise(100, no_pref64, sizeof(no_pref64));
        expect_property("CaptivePortal=https://p.example/ Nat64Prefix= ");
        /* Who leaves the network leaves its portal. */
        netns_switch(router);
        shell("ip link set eth0 down");
        netns_switch(laptop);
        expect_property("Name=wifi0 ");
        free(wait_for_property("Carrier=false"));
        char *interfaces = netmon_snapshot(&world, NETMON_ALL_INTERFACES);
        cr_assert(!strstr(interfaces, "p.example"), "%s", interfaces);
        free(interfaces);
}

Test(ipv6, prefix_that_expires) {
        static const uint8_t pref64[16] = {38, 2, 0, 8, 0, 0x64, 0xff, 0x9b}; /* 8 s */

        advertise(100, pref64, sizeof(pref64));
        expect_property("Nat64Prefix=64:ff9b::/96");
        netmon_settle(&world);
        /* Longer than one usually waits here. */
        sd_bus_message_unref(bus_signals_next(world.signals, "PropertiesChanged",
                                              moment_boottime_usec() + 10000000));
        expect_property("Nat64Prefix= ");
}

Test(ipv6, options_that_are_nonsense) {
        static const uint8_t rows[][16] = {
                {37, 1, 'a', ' ', 'b'},
                {37, 2, 0xff, 0xfe},
                {38, 1, 0, 64},
                {38, 2, 0, 64 | 7},
                {25, 1},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                advertise(0, rows[i], 8 * (size_t)rows[i][1]);
        advertise(0, portal_option, 24);
        free(wait_for_property("CaptivePortal=https://p.example/ Nat64Prefix= "));
}

Test(ipv6, tentative_address) {
        netns_sysctl("ipv6/conf/wifi0/accept_dad", "1");
        shell("ip address add 2001:db8:7::5/64 dev wifi0");
        shell("ip -6 route add default via fe80::1 dev wifi0");
        netmon_wait_for(&world, "default6", "why=tentative");
        netmon_wait_for(&world, "default6", "source=2001:db8:7::5");
        netmon_wait_for(&world, "default6", "usable=true");
}

Test(ipv6, duplicate_address) {
        netns_sysctl("ipv6/conf/wifi0/accept_dad", "1");
        netns_switch(router);
        shell("ip address add 2001:db8:7::5/64 dev eth0 nodad");
        netns_switch(laptop);
        shell("ip address add 2001:db8:7::5/64 dev wifi0");
        shell("ip -6 route add default via fe80::1 dev wifi0");
        free(wait_for_property("dadfailed"));
        netmon_wait_for(&world, "default6", "why=no-source");
}

Test(ipv6, deprecated_and_temporary_addresses) {
        struct netmon_answer answer;

        shell("ip address add 2001:db8:7::5/64 dev wifi0 nodad preferred_lft 0");
        /* Of another metric than that of the router's own word, or the kernel takes none of it. */
        shell("ip -6 route add default via fe80::1 dev wifi0 metric 2000");
        free(wait_for_property("(2001:db8:7::5 64 global [deprecated])"));
        /* Not nice, but it works. */
        netmon_wait_for(&world, "default6", "source=2001:db8:7::5");
        netmon_wait_for(&world, "default6", "usable=true");
        netns_sysctl("ipv6/conf/wifi0/use_tempaddr", "2");
        advertise(100, prefix_option, sizeof(prefix_option));
        free(wait_for_property("temporary"));
        netmon_settle(&world);
        answer = netmon_ask(&world, "default6");
        expect(answer.path, "source=2001:db8:7:");
        expect(answer.path, "usable=true");
        cr_assert(!strstr(answer.path, "source=2001:db8:7::5 "), "%s", answer.path);
        netmon_answer_free(&answer);
}

Test(ipv6, refreshed_lifetime_is_no_change) {
        shell("ip address add 2001:db8:7::5/64 dev wifi0 nodad valid_lft 1000 preferred_lft 900");
        free(wait_for_property("(2001:db8:7::5 64 global [dynamic])"));
        netmon_settle(&world);
        for (unsigned i = 0; i < 5; i++)
                shell("ip address change 2001:db8:7::5/64 dev wifi0 valid_lft %u preferred_lft %u",
                      2000 + i, 1900 + i);
        cr_assert_eq(bus_signals_count(world.signals, NULL, moment_boottime_usec() + 50000), 0);
}
