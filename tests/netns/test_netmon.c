/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* netmon on a real kernel: what it says of links, addresses and paths. */

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "bus_text.h"
#include "cleanup.h"
#include "moment.h"
#include "names.h"
#include "netmon_world.h"
#include "netns.h"

static struct netmon_world world;

static void setup(void) {
        netmon_world_start(&world, NETMON_AS_ROOT, NULL);
}

static void setup_two_uplinks(void) {
        setup();
        netmon_world_add_wifi(&world);
        netmon_world_add_cellular(&world);
}

static void teardown(void) {
        netmon_world_stop(&world);
}

TestSuite(uplinks, .init = setup_two_uplinks, .fini = teardown, .timeout = 60);

static void expect(const char *text, const char *part) {
        cr_assert(strstr(text, part), "%s is not in %s", part, text);
}

static void expect_not(const char *text, const char *part) {
        cr_assert(!strstr(text, part), "%s is in %s", part, text);
}

/* The next PathChanged: what it says of before and after. */
struct change {
        char *serial;
        char *reasons;
        char *old;
        char *new;
};

static struct change next_change(void) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = netmon_next(&world, "PathChanged");

        return (struct change){
                .serial = bus_text(m),
                .reasons = bus_text(m),
                .old = bus_text(m),
                .new = bus_text(m),
        };
}

static void change_free(struct change *change) {
        free(change->serial);
        free(change->reasons);
        free(change->old);
        free(change->new);
}

static void expect_path(const char *destination, const char *path, const char *alternatives) {
        struct netmon_answer answer = netmon_ask(&world, destination);

        expect(answer.path, path);
        if (alternatives[0] == '\0')
                cr_assert_str_eq(answer.alternatives, "[]");
        else
                expect(answer.alternatives, alternatives);
        netmon_answer_free(&answer);
}

Test(uplinks, carrier_cut_offers_the_alternative) {
        struct netmon_answer answer;
        struct change change;

        tap_set_carrier(world.wifi, false);
        change = next_change();
        expect(change.reasons, "[carrier]");
        expect(change.old, "primary4={destination=default4 family=ipv4 interface=wifi0");
        expect(change.new, "usable=false since_usec=");
        expect(change.new, "why=carrier");
        expect(change.new, "alternatives4=[{destination=default4 family=ipv4 interface=cell0");
        expect(change.new, "alternatives6=[{destination=default6 family=ipv6 interface=cell0");
        expect(change.new, "state=routed");
        change_free(&change);

        answer = netmon_ask(&world, "198.51.100.7");
        expect(answer.path, "interface=wifi0");
        expect(answer.path, "usable=false");
        expect(answer.path, "why=carrier");
        expect(answer.alternatives, "interface=cell0");
        expect(answer.alternatives, "source=10.2.0.2 gateway=10.2.0.1");
        netmon_answer_free(&answer);
}

Test(uplinks, carrier_that_comes_back_is_told) {
        struct change change;

        tap_set_carrier(world.wifi, false);
        change = next_change();
        change_free(&change);
        tap_set_carrier(world.wifi, true);
        change = next_change();
        expect(change.reasons, "[carrier]");
        expect_not(change.new, "why=carrier");
        change_free(&change);
        expect_path("default", "interface=wifi0", "interface=cell0");
}

Test(uplinks, address_removed_moves_the_path) {
        struct change change;

        shell("ip address del 10.1.0.2/24 dev wifi0");
        netmon_wait_for(&world, "default4", "interface=cell0");
        netmon_settle(&world);
        expect_path("default6", "interface=wifi0", "interface=cell0");

        /* The route of IPv6 stays, and takes another address of the machine. */
        shell("ip address del 2001:db8:1::2/64 dev wifi0");
        change = next_change();
        expect(change.reasons, "address");
        change_free(&change);
        expect_path("default6", "source=2001:db8:2::2", "interface=cell0");
}

Test(uplinks, default_route_replaced) {
        struct change change;

        shell("ip route replace default via 10.1.0.9 dev wifi0 metric 100");
        change = next_change();
        expect(change.reasons, "[route gateway]");
        expect(change.new, "gateway=10.1.0.9");
        change_free(&change);

        shell("ip route add default via 10.2.0.1 dev cell0 metric 50");
        change = next_change();
        expect(change.reasons, "[route]");
        expect(change.new, "primary4={destination=default4 family=ipv4 interface=cell0");
        expect(change.new, "metric=50");
        expect(change.new, "metered=yes");
        change_free(&change);
        expect_path("default4", "interface=cell0", "interface=wifi0");
}

Test(uplinks, link_deleted) {
        struct change change;
        char *interfaces;

        (void)close(world.wifi);
        world.wifi = -1;
        change = next_change();
        expect(change.reasons, "admin");
        change_free(&change);
        netmon_wait_for(&world, "default", "interface=cell0");
        interfaces = netmon_snapshot(&world, NETMON_ALL_INTERFACES);
        expect_not(interfaces, "{Name=wifi0 ");
        free(interfaces);
}

Test(uplinks, link_switched_off) {
        struct change change;

        shell("ip link set wifi0 down");
        change = next_change();
        expect(change.reasons, "[admin");
        change_free(&change);
        /* IPv4 routes went without a word. */
        netmon_wait_for(&world, "default4", "interface=cell0");
        netmon_wait_for(&world, "default6", "interface=cell0");
}

Test(uplinks, split_default_shows_both_halves) {
        struct netmon_answer answer;

        shell("ip route add 128.0.0.0/1 via 10.2.0.1 dev cell0");
        netmon_wait_for(&world, "default4", "split={");
        answer = netmon_ask(&world, "default4");
        expect(answer.path, "{destination=default4 family=ipv4 interface=wifi0");
        expect(answer.path, "split={destination=default4 family=ipv4 interface=cell0");
        netmon_answer_free(&answer);
        expect_path("203.0.113.1", "interface=cell0", "interface=wifi0");

        shell("ip route add 0.0.0.0/1 via 10.2.0.1 dev cell0");
        netmon_wait_for(&world, "default4", "interface=cell0");
        answer = netmon_ask(&world, "default4");
        expect_not(answer.path, "split=");
        netmon_answer_free(&answer);
}

Test(uplinks, next_hops_of_one_route) {
        struct netmon_answer answer;

        shell("ip route add default metric 10 nexthop via 10.1.0.1 dev wifi0 "
              "nexthop via 10.2.0.1 dev cell0 weight 3");
        netmon_wait_for(&world, "default4", "nexthops=[");
        answer = netmon_ask(&world, "default4");
        expect(answer.path, "{interface=wifi0 ifindex=");
        expect(answer.path, "gateway=10.1.0.1 weight=1}");
        expect(answer.path, "gateway=10.2.0.1 weight=3}");
        expect_not(answer.path, "split=");
        cr_assert(strstr(answer.alternatives, "interface=wifi0") ||
                  strstr(answer.alternatives, "interface=cell0"));
        netmon_answer_free(&answer);
}

Test(uplinks, rules_by_user_and_mark) {
        struct netmon_answer answer;

        shell("ip route add default via 10.2.0.1 dev cell0 table 77");
        shell("ip rule add uidrange 4321-4321 lookup 77");
        shell("ip rule add fwmark 5 lookup 77");
        answer = netmon_ask_with(&world, "198.51.100.7", "uid", "u", 4321);
        expect(answer.path, "interface=cell0");
        expect(answer.path, "table=77");
        netmon_answer_free(&answer);
        answer = netmon_ask_with(&world, "198.51.100.7", "mark", "u", 5);
        expect(answer.path, "interface=cell0");
        netmon_answer_free(&answer);
        expect_path("198.51.100.7", "interface=wifi0", "interface=cell0");
}

Test(uplinks, rule_is_a_reason) {
        struct change change;

        shell("ip route add default via 10.2.0.1 dev cell0 table 77");
        netmon_settle(&world);
        shell("ip rule add from all lookup 77 pref 100");
        change = next_change();
        expect(change.reasons, "rule");
        expect(change.new, "primary4={destination=default4 family=ipv4 interface=cell0");
        change_free(&change);
}

Test(uplinks, rule_by_source_leads_an_alternative) {
        shell("ip route del default via 10.2.0.1 dev cell0 metric 200");
        netmon_wait_for(&world, "default4", "interface=wifi0");
        expect_path("default4", "interface=wifi0", "");
        shell("ip route add default via 10.2.0.1 dev cell0 table 88");
        shell("ip rule add from 10.2.0.2 lookup 88");
        netmon_settle(&world);
        expect_path("default4", "interface=wifi0", "interface=cell0");
}

Test(uplinks, kill_switch_offers_nothing) {
        static const struct {
                const char *type;
                const char *why;
        } rows[] = {
                {"blackhole", "why=blackhole"},
                {"prohibit", "why=prohibited"},
                {"unreachable", "why=unreachable"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                shell("ip route add %s default metric 1", rows[i].type);
                shell("ip -6 route add %s default metric 1", rows[i].type);
                netmon_wait_for(&world, "default4", rows[i].why);
                netmon_wait_for(&world, "default6", rows[i].why);
                expect_path("default4", "interface= ", "");
                expect_path("default6", "interface= ", "");
                expect_path("default", "usable=false", "");
                expect_path("198.51.100.7", rows[i].why, "");
                shell("ip route del %s default metric 1", rows[i].type);
                shell("ip -6 route del %s default metric 1", rows[i].type);
                netmon_wait_for(&world, "default4", "interface=wifi0");
                netmon_wait_for(&world, "default6", "interface=wifi0");
        }
}

Test(uplinks, tunnel_offers_no_way_around) {
        shell("ip tuntap add vpn0 mode tun && ip link set vpn0 up");
        shell("ip address add 10.9.0.2/24 dev vpn0");
        shell("ip route add 0.0.0.0/1 dev vpn0 && ip route add 128.0.0.0/1 dev vpn0");
        netmon_wait_for(&world, "default4", "interface=vpn0");
        /* Nobody serves this tunnel: it has no carrier, and still nothing else is offered. */
        expect_path("default4", "type=vpn", "");
        expect_path("198.51.100.7", "type=vpn", "");
        /* The default path is IPv6 then, which goes no way through the tunnel. */
        expect_path("default", "interface=wifi0", "interface=cell0");
}

Test(uplinks, strict_rp_filter_drops_the_alternative) {
        netns_sysctl("ipv4/conf/cell0/rp_filter", "1");
        netmon_settle(&world);
        expect_path("default4", "interface=wifi0", "");
        expect_path("default6", "interface=wifi0", "interface=cell0");
        struct netmon_answer answer =
                netmon_ask_with(&world, "default4", "interface", "s", "cell0");
        expect(answer.path, "usable=false");
        expect(answer.path, "why=rp-filter");
        netmon_answer_free(&answer);
        netns_sysctl("ipv4/conf/cell0/rp_filter", "2");
        netmon_settle(&world);
        expect_path("default4", "interface=wifi0", "interface=cell0");
}
