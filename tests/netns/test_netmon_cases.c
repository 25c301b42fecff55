/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* netmon on a real kernel: what routes and stacked links can do to a path. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus_text.h"
#include "cleanup.h"
#include "moment.h"
#include "names.h"
#include "netmon_world.h"
#include "netns.h"

static struct netmon_world world;

static void setup(void) {
        netmon_world_start(&world, NETMON_AS_NOBODY, NULL);
        netmon_world_add_wifi(&world);
        netmon_world_add_cellular(&world);
}

static void teardown(void) {
        netmon_world_stop(&world);
}

TestSuite(cases, .init = setup, .fini = teardown, .timeout = 60);

static void expect(const char *text, const char *part) {
        cr_assert(strstr(text, part), "%s is not in %s", part, text);
}

/* The path contains the one, the alternatives the other; "": there are none. */
static void expect_path(const char *destination, const char *path, const char *alternatives) {
        struct netmon_answer answer = netmon_ask(&world, destination);

        expect(answer.path, path);
        if (alternatives[0] == '\0')
                cr_assert_str_eq(answer.alternatives, "[]");
        else
                expect(answer.alternatives, alternatives);
        netmon_answer_free(&answer);
}

/* Reasons and `new` of the next PathChanged. */
static void expect_change(const char *reason, const char *part) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = netmon_next(&world, "PathChanged");
        CLEANUP(freep) char *reasons = NULL, *new = NULL;

        (void)sd_bus_message_skip(m, "t");
        reasons = bus_text(m);
        (void)sd_bus_message_skip(m, "a{sv}");
        new = bus_text(m);
        expect(reasons, reason);
        expect(new, part);
}

Test(cases, default_route_deleted_by_hand) {
        shell("ip route del default via 10.1.0.1 dev wifi0");
        expect_change("[route]", "primary4={destination=default4 family=ipv4 interface=cell0");
        expect_path("default4", "interface=cell0", "");
        shell("ip route del default via 10.2.0.1 dev cell0");
        expect_change("[route]", "primary4={}");
        expect_path("default4", "why=no-route", "");
        expect_path("default", "family=ipv6 interface=wifi0", "family=ipv6 interface=cell0");
}

Test(cases, metric_changes) {
        /* The route is there under both metrics for a moment, and no "offline" is told. */
        shell("ip route add default via 10.1.0.1 dev wifi0 metric 300 && "
              "ip route del default via 10.1.0.1 dev wifi0 metric 100");
        netmon_wait_for(&world, "default4", "interface=cell0");
        netmon_settle(&world);
        expect_path("default4", "interface=cell0", "metric=300");
        shell("ip route replace default via 10.2.0.1 dev cell0 metric 400");
        netmon_settle(&world);
        expect_path("default4", "metric=200", "interface=wifi0");
}

Test(cases, link_switched_off_with_ipv4_alone) {
        shell("ip -6 address flush dev wifi0 && ip -6 address flush dev cell0");
        shell("ip -6 route flush table main");
        netmon_wait_for(&world, "default6", "why=no-route");
        netmon_settle(&world);
        /* Not one route is announced to be gone. */
        shell("ip link set wifi0 down");
        netmon_wait_for(&world, "default4", "interface=cell0");
        netmon_settle(&world);
        shell("ip link set cell0 down");
        expect_change("admin", "state=offline");
        expect_path("default", "why=no-route", "");
}

Test(cases, two_defaults_of_one_metric) {
        shell("ip route append default via 10.2.0.1 dev cell0 metric 100");
        netmon_settle(&world);
        expect_path("default4", "interface=wifi0", "interface=cell0");
        tap_set_carrier(world.wifi, false);
        sd_bus_message_unref(netmon_next(&world, "PathChanged"));
        netmon_settle(&world);
        /* The kernel may go on with the second, or stay with the first. */
        struct netmon_answer answer = netmon_ask(&world, "default4");
        if (strstr(answer.path, "interface=wifi0")) {
                expect(answer.path, "why=carrier");
                expect(answer.alternatives, "interface=cell0");
        } else {
                expect(answer.path, "interface=cell0");
                expect(answer.path, "usable=true");
        }
        netmon_answer_free(&answer);
}

Test(cases, member_of_a_set_loses_its_carrier) {
        shell("ip route add default metric 10 nexthop via 10.1.0.1 dev wifi0 "
              "nexthop via 10.2.0.1 dev cell0");
        netmon_wait_for(&world, "default4", "nexthops=[");
        netmon_settle(&world);
        tap_set_carrier(world.wifi, false);
        sd_bus_message_unref(netmon_next(&world, "PathChanged"));
        netmon_settle(&world);
        struct netmon_answer answer = netmon_ask(&world, "default4");
        cr_assert(strstr(answer.path, "usable=true") || strstr(answer.alternatives, "usable=true"),
                  "%s %s", answer.path, answer.alternatives);
        cr_assert(!strstr(answer.alternatives, "interface=wifi0"), "%s", answer.alternatives);
        netmon_answer_free(&answer);
}

Test(cases, routes_of_dead_links_are_ignored) {
        netns_sysctl("ipv4/conf/all/ignore_routes_with_linkdown", "1");
        netns_sysctl("ipv6/conf/all/ignore_routes_with_linkdown", "1");
        netmon_settle(&world);
        tap_set_carrier(world.wifi, false);
        /* Here the kernel itself moves. */
        netmon_wait_for(&world, "default4", "interface=cell0");
        netmon_wait_for(&world, "default6", "interface=cell0");
        expect_path("default4", "usable=true", "");
        netns_sysctl("ipv4/conf/all/ignore_routes_with_linkdown", "0");
        netmon_wait_for(&world, "default4", "interface=wifi0");
        expect_path("default4", "why=carrier", "interface=cell0");
}

Test(cases, prohibit_by_a_rule_offers_nothing) {
        shell("ip rule add prohibit pref 10");
        netmon_wait_for(&world, "default4", "why=prohibited");
        netmon_settle(&world);
        expect_path("default4", "why=prohibited", "");
        expect_path("198.51.100.7", "why=prohibited", "");
}

Test(cases, prohibit_by_a_rule_of_ipv6_offers_nothing) {
        shell("ip -6 rule add prohibit pref 10");
        netmon_wait_for(&world, "default6", "why=prohibited");
        netmon_settle(&world);
        expect_path("default6", "why=prohibited", "");
        expect_path("2001:db8:99::7", "why=prohibited", "");
        expect_path("default4", "interface=wifi0", "interface=cell0");
        shell("ip -6 rule del prohibit pref 10");
        netmon_wait_for(&world, "default6", "interface=wifi0");
        expect_path("default6", "usable=true", "interface=cell0");
}

/* Two routes of one metric are one over both. */
Test(cases, two_defaults_of_one_metric_in_ipv6) {
        shell("ip -6 route append default via 2001:db8:2::1 dev cell0 metric 100");
        netmon_wait_for(&world, "default6", "nexthops=[");
        netmon_settle(&world);
        tap_set_carrier(world.wifi, false);
        sd_bus_message_unref(netmon_next(&world, "PathChanged"));
        netmon_settle(&world);
        struct netmon_answer answer = netmon_ask(&world, "default6");
        cr_assert(strstr(answer.path, "usable=true") || strstr(answer.alternatives, "usable=true"),
                  "%s %s", answer.path, answer.alternatives);
        cr_assert(!strstr(answer.alternatives, "interface=wifi0"), "%s", answer.alternatives);
        netmon_answer_free(&answer);
        shell("ip -6 route del default via 2001:db8:2::1 dev cell0 metric 100");
        netmon_wait_for(&world, "default6", "why=carrier");
        netmon_settle(&world);
        expect_path("default6", "interface=wifi0", "interface=cell0");
}

Test(cases, rule_by_source_leads_an_alternative_of_ipv6) {
        shell("ip -6 route del default dev cell0");
        netmon_settle(&world);
        expect_path("default6", "interface=wifi0", "");
        shell("ip -6 route add default via 2001:db8:2::1 dev cell0 table 88 && "
              "ip -6 rule add from 2001:db8:2::2 lookup 88");
        netmon_settle(&world);
        expect_path("default6", "interface=wifi0", "interface=cell0");
}

Test(cases, rules_of_a_tunnel_in_ipv6) {
        int tunnel = tun_add("vpn0");

        shell("ip link set vpn0 addrgenmode none && ip link set vpn0 up");
        shell("ip address add 2001:db8:9::2/64 dev vpn0 nodad && "
              "ip -6 route add default dev vpn0 table 51820 && "
              "ip -6 rule add pref 101 not fwmark 51820 table 51820 && "
              "ip -6 rule add pref 100 table main suppress_prefixlength 0");
        netmon_wait_for(&world, "default6", "interface=vpn0");
        netmon_settle(&world);
        expect_path("2001:db8:99::7", "underlay={destination=default4 family=ipv4 interface=wifi0",
                    "");
        /* What carries it may be of IPv6 alone. */
        shell("ip -4 route flush table main");
        netmon_wait_for(&world, "default6",
                        "underlay={destination=default6 family=ipv6 interface=wifi0");
        tap_set_carrier(tunnel, false);
        netmon_wait_for(&world, "default6", "why=carrier");
        expect_path("default6", "interface=vpn0", "");
        (void)close(tunnel);
        netmon_wait_for(&world, "default6", "interface=wifi0");
}

/* Cuts the tap beneath a stack of links whose top, `name`, is the default path, while the kernel
 * holds such news back. */
static void expect_told_soon(const char *name, int tap) {
        char selected[64];

        shell("ip link set %s addrgenmode none up", name);
        shell("ip address add 10.3.0.2/24 dev %s", name);
        shell("ip route add default via 10.3.0.1 dev %s metric 10", name);
        (void)snprintf(selected, sizeof(selected), "interface=%s", name);
        netmon_wait_for(&world, "default4", selected);
        netmon_wait_for(&world, "default4", "usable=true");
        netmon_settle(&world);
        for (unsigned i = 0; i < 3; i++) {
                uint64_t began_usec, took_usec;

                shell("ip link add other%u type veth && ip link set other%u up", i, i);
                netmon_settle(&world);
                began_usec = moment_boottime_usec();
                tap_set_carrier(tap, false);
                sd_bus_message_unref(netmon_next(&world, "PathChanged"));
                took_usec = moment_boottime_usec() - began_usec;
                /* 50 ms on a bare link, and the machine may be busy; held back it takes 600. */
                cr_assert_lt(took_usec, 300000, "%s: told after %lu us", name,
                             (unsigned long)took_usec);
                expect_path("default4", "usable=false", "interface=wifi0");
                tap_set_carrier(tap, true);
                netmon_wait_for(&world, "default4", "usable=true");
                netmon_settle(&world);
        }
}

static int add_port(void) {
        int tap = tap_add("port0");

        tap_set_carrier(tap, true);
        shell("ip link set port0 addrgenmode none up");
        return tap;
}

/* One that the kernel lacks is skipped. */
static void add_or_skip(const char *arguments) {
        char command[256];

        (void)snprintf(command, sizeof(command), "ip link add %s 2>/dev/null", arguments);
        if (system(command) == 0)
                return;
        teardown(); /* skipping ends the test here */
        cr_skip_test("this kernel has none");
}

Test(cases, carrier_beneath_a_bridge) {
        int tap = add_port();

        add_or_skip("br0 type bridge");
        shell("ip link set port0 master br0");
        expect_told_soon("br0", tap);
        (void)close(tap);
}

Test(cases, carrier_beneath_a_macvlan) {
        int tap = add_port();

        add_or_skip("link port0 name mac0 type macvlan");
        expect_told_soon("mac0", tap);
        (void)close(tap);
}

Test(cases, carrier_beneath_a_vlan) {
        int tap = add_port();

        add_or_skip("link port0 name vlan5 type vlan id 5");
        expect_told_soon("vlan5", tap);
        (void)close(tap);
}

Test(cases, carrier_beneath_a_macvlan_on_a_bridge) {
        int tap = add_port();

        add_or_skip("br0 type bridge");
        shell("ip link set port0 master br0 && ip link set br0 addrgenmode none up");
        add_or_skip("link br0 name mac0 type macvlan");
        expect_told_soon("mac0", tap);
        (void)close(tap);
}

Test(cases, carrier_beneath_a_bond) {
        int tap = add_port();

        add_or_skip("bond0 type bond mode active-backup miimon 20");
        shell("ip link set port0 down && ip link set port0 master bond0");
        expect_told_soon("bond0", tap);
        (void)close(tap);
}
