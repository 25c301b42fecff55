/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* netmon on a real kernel: tunnels, and what carries them. */

#include <criterion/criterion.h>
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
static int tunnel = -1;

/* A laptop with two uplinks, and a tunnel that somebody serves. */
static void setup(void) {
        netmon_world_start(&world, NETMON_AS_NOBODY, NULL);
        netmon_world_add_wifi(&world);
        netmon_world_add_cellular(&world);
        tunnel = tun_add("vpn0");
        shell("ip link set vpn0 addrgenmode none && ip link set vpn0 up");
        shell("ip address add 10.9.0.2/24 dev vpn0");
        netmon_settle(&world);
}

static void teardown(void) {
        netmon_world_stop(&world);
        (void)close(tunnel);
}

TestSuite(vpn, .init = setup, .fini = teardown, .timeout = 60);

/* As wg-quick does it. */
static void add_rules(void) {
        shell("ip route add default dev vpn0 table 51820");
        shell("ip rule add not fwmark 51820 table 51820");
        shell("ip rule add table main suppress_prefixlength 0");
        netmon_wait_for(&world, "default4", "interface=vpn0");
        netmon_settle(&world);
}

/* As OpenVPN does it. */
static void add_halves(void) {
        shell("ip route add 0.0.0.0/1 dev vpn0 && ip route add 128.0.0.0/1 dev vpn0");
        netmon_wait_for(&world, "default4", "interface=vpn0");
        netmon_settle(&world);
}

static void expect(const char *text, const char *part) {
        cr_assert(strstr(text, part), "%s is not in %s", part, text);
}

/* The path leads into the tunnel, which `underlay` carries, and there is no way around it. */
static void expect_carried(const char *destination, const char *underlay) {
        struct netmon_answer answer = netmon_ask(&world, destination);
        char *at = strstr(answer.path, "underlay={");

        expect(answer.path, "interface=vpn0");
        if (underlay) {
                cr_assert(at, "no underlay in %s", answer.path);
                expect(at, underlay);
        } else {
                cr_assert(!at, "an underlay in %s", answer.path);
        }
        cr_assert_str_eq(answer.alternatives, "[]");
        netmon_answer_free(&answer);
}

struct change {
        char *reasons;
        char *path;
        char *alternatives;
};

/* The next news of a watch. */
static struct change next_change(void) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = netmon_next(&world, "Changed");
        struct change change = {};

        (void)sd_bus_message_skip(m, "t");
        change.reasons = bus_text(m);
        (void)sd_bus_message_skip(m, "tt");
        change.path = bus_text(m);
        change.alternatives = bus_text(m);
        return change;
}

static void change_free(struct change *change) {
        free(change->reasons);
        free(change->path);
        free(change->alternatives);
}

Test(vpn, marks_give_the_underlay_away) {
        add_rules();
        expect_carried("198.51.100.7", "{destination=default4 family=ipv4 interface=wifi0");
        expect_carried("default4", "interface=wifi0");
        /* A marked packet goes beside the tunnel. */
        struct netmon_answer answer = netmon_ask_with(&world, "198.51.100.7", "mark", "u", 51820);
        expect(answer.path, "interface=wifi0");
        netmon_answer_free(&answer);
}

Test(vpn, swap_beneath_an_unchanged_tunnel_is_told) {
        struct change change;
        char *watch;

        add_rules();
        watch = netmon_watch(&world, "198.51.100.7");
        shell("ip route add default via 10.2.0.1 dev cell0 metric 50");
        change = next_change();
        expect(change.reasons, "[route vpn]");
        expect(change.path, "interface=vpn0");
        expect(change.path, "usable=true");
        expect(strstr(change.path, "underlay={"), "interface=cell0");
        /* It costs now what cellular costs. */
        expect(change.path, "type=vpn source=10.9.0.2 gateway= table=51820 metric=0 mtu=1500 "
                            "metered=yes");
        change_free(&change);
        shell("ip route del default via 10.2.0.1 dev cell0 metric 50");
        change = next_change();
        expect(change.reasons, "[route vpn]");
        expect(strstr(change.path, "underlay={"), "interface=wifi0");
        change_free(&change);
        free(watch);
}

Test(vpn, carrier_lost_beneath_the_tunnel) {
        struct change change;
        char *watch;

        add_rules();
        watch = netmon_watch(&world, "198.51.100.7");
        tap_set_carrier(world.wifi, false);
        change = next_change();
        expect(change.reasons, "[carrier vpn]");
        expect(change.path, "{destination=198.51.100.7 family=ipv4 interface=vpn0");
        expect(change.path, "usable=false");
        expect(change.path, "why=underlay");
        expect(change.path, "why=carrier"); /* the underlay's own */
        cr_assert_str_eq(change.alternatives, "[]");
        change_free(&change);
        shell("ip route del default via 10.1.0.1 dev wifi0");
        change = next_change();
        expect(change.reasons, "vpn");
        expect(change.path, "usable=true");
        expect(strstr(change.path, "underlay={"), "interface=cell0");
        cr_assert_str_eq(change.alternatives, "[]");
        change_free(&change);
        free(watch);
}

Test(vpn, rules_are_read_anew_when_they_change) {
        shell("ip route add default dev vpn0 table 51820");
        shell("ip route add default via 10.2.0.1 dev cell0 table 77");
        shell("ip rule add fwmark 77 table 77 pref 100");
        shell("ip rule add not fwmark 51820 table 51820 pref 200");
        netmon_wait_for(&world, "default4", "interface=vpn0");
        expect_carried("default4", "interface=wifi0");
        /* The tunnel's packets get the other mark. */
        shell("ip rule add not fwmark 77 table 51820 pref 150");
        shell("ip rule del not fwmark 51820 table 51820 pref 200");
        netmon_settle(&world);
        expect_carried("default4", "interface=cell0");
}

Test(vpn, mark_that_leads_to_the_main_table) {
        shell("ip route add default dev vpn0 table 52");
        shell("ip rule add fwmark 0x80000/0xff0000 table main pref 5210");
        shell("ip rule add table 52 pref 5270");
        netmon_wait_for(&world, "default4", "interface=vpn0");
        expect_carried("default4", "interface=wifi0");
}

Test(vpn, split_default_is_carried_by_the_route_it_beats) {
        add_halves();
        expect_carried("default4", "interface=wifi0");
        expect_carried("198.51.100.7", "interface=wifi0");
        shell("ip route add default via 10.1.0.1 dev wifi0 metric 300");
        shell("ip route del default via 10.1.0.1 dev wifi0 metric 100");
        netmon_wait_for(&world, "default4",
                        "underlay={destination=default4 family=ipv4 "
                        "interface=cell0");
}

Test(vpn, plain_tunnel_is_carried_by_the_next_best_default) {
        shell("ip route add default dev vpn0 metric 5");
        netmon_wait_for(&world, "default4", "interface=vpn0");
        expect_carried("default4", "interface=wifi0");
        tap_set_carrier(world.wifi, false);
        netmon_wait_for(&world, "default4", "why=underlay");
        shell("ip link set wifi0 down");
        netmon_wait_for(&world, "default4", "usable=true");
        expect_carried("default4", "interface=cell0");
}

Test(vpn, nothing_carries_the_tunnel_any_more) {
        struct netmon_answer answer;

        add_rules();
        shell("ip link set wifi0 down && ip link set cell0 down");
        netmon_wait_for(&world, "default4", "why=underlay");
        netmon_settle(&world);
        answer = netmon_ask(&world, "default4");
        expect(answer.path, "interface=vpn0");
        expect(answer.path, "usable=false");
        cr_assert_str_eq(answer.alternatives, "[]");
        netmon_answer_free(&answer);
}

Test(vpn, tunnel_of_the_kernel_tells_its_other_end) {
        struct netmon_answer answer;

        if (system("ip link add ipip0 type ipip remote 203.0.113.9 2>/dev/null") != 0) {
                teardown(); /* skipping ends the test here */
                cr_skip_test("this kernel has no ipip");
        }
        shell("ip link set ipip0 up && ip address add 10.8.0.2/24 dev ipip0");
        shell("ip route add 203.0.113.9 via 10.2.0.1 dev cell0");
        shell("ip route add 192.0.2.0/24 dev ipip0");
        netmon_settle(&world);
        answer = netmon_ask(&world, "192.0.2.1");
        expect(answer.path, "interface=ipip0");
        expect(answer.path, "underlay={destination=203.0.113.9 family=ipv4 interface=cell0");
        expect(answer.path, "usable=true");
        cr_assert_str_eq(answer.alternatives, "[]");
        netmon_answer_free(&answer);
        tap_set_carrier(world.cellular, false);
        netmon_settle(&world);
        netmon_wait_for(&world, "192.0.2.1", "why=underlay");
}

Test(vpn, carrier_beneath_is_told_as_fast_as_on_a_bare_link) {
        add_rules();
        for (unsigned i = 0; i < 3; i++) {
                struct change change;
                char *watch = netmon_watch(&world, "198.51.100.7");
                uint64_t cut_usec, told_usec;

                /* A message of any link makes the kernel hold back losses for a second. */
                shell("ip link add other%u type veth && ip link set other%u up", i, i);
                netmon_settle(&world);
                cut_usec = moment_boottime_usec();
                tap_set_carrier(world.wifi, false);
                change = next_change();
                told_usec = moment_boottime_usec() - cut_usec;
                expect(change.path, "why=underlay");
                cr_assert_lt(told_usec, 300000, "told after %lu us", (unsigned long)told_usec);
                change_free(&change);
                tap_set_carrier(world.wifi, true);
                netmon_settle(&world);
                free(watch);
        }
}

Test(vpn, kill_switch_offers_nothing_when_the_tunnel_goes) {
        static const char *const rows[] = {"prohibit", "blackhole", "unreachable"};

        add_rules();
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct netmon_answer answer;

                shell("ip rule add not fwmark 51820 %s pref 32700", rows[i]);
                shell("ip route del default dev vpn0 table 51820");
                netmon_wait_for(&world, "default4", "interface= ");
                answer = netmon_ask(&world, "198.51.100.7");
                expect(answer.path, "usable=false");
                cr_assert_str_eq(answer.alternatives, "[]", "%s: %s", rows[i], answer.alternatives);
                netmon_answer_free(&answer);
                shell("ip route add default dev vpn0 table 51820");
                shell("ip rule del not fwmark 51820 %s pref 32700", rows[i]);
                netmon_wait_for(&world, "default4", "interface=vpn0");
        }
}
