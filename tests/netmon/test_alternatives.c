/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "alternatives.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "fake_net.h"
#include "lookup.h"

static struct fake_net net;

static void setup(void) {
        fake_net_init(&net);
        fake_net_add_uplinks(&net);
}

static void teardown(void) {
        fake_net_deinit(&net);
}

TestSuite(alternatives, .init = setup, .fini = teardown);

static struct answer find_for(const char *destination) {
        struct lookup lookup = {.model = &net.world.model, .kernel = &net.world.kernel};
        struct route_query query = {};
        struct answer answer = {};
        struct route_reply match;

        cr_assert(netaddr_from_text(destination, &query.destination));
        cr_assert(eq(int, lookup_path(&lookup, &query, &answer.selected, &match), 0));
        cr_assert(eq(int, alternatives_find(&lookup, &query, &answer), 0));
        return answer;
}

/* The interfaces of the alternatives, "eth0 wwan0". */
static void expect(const char *destination, const char *expected) {
        struct answer answer = find_for(destination);
        char text[256] = "";

        for (size_t i = 0; i < answer.n_alternatives; i++) {
                if (i > 0)
                        strcat(text, " ");
                strcat(text, answer.alternatives[i].interface);
                cr_assert(eq(int, answer.alternatives[i].why, PATH_USABLE));
        }
        cr_assert(eq(str, text, (char *)expected));
}

/* A third uplink. */
static void add_uplink(uint32_t index, const char *name, uint32_t metric) {
        char gateway[32], source[32];

        (void)snprintf(gateway, sizeof(gateway), "10.%u.0.1", index);
        (void)snprintf(source, sizeof(source), "10.%u.0.2", index);
        (void)fake_net_add_link(&net, index, name);
        fake_net_add_address(&net, index, source, 0);
        (void)fake_net_add_route(&net, &(struct fake_route){"0.0.0.0", 0, index, strdup(gateway),
                                                            strdup(source), .metric = metric});
}

Test(alternatives, other_uplinks) {
        expect("192.0.2.1", "wwan0");
        expect("2001:db8:9::1", "wwan0");
}

Test(alternatives, link_must_work) {
        fake_net_set_flags(&net, 3, IFF_UP, 2);
        expect("192.0.2.1", "");
}

Test(alternatives, no_port) {
        model_find(&net.world.model, 3)->facts.master = 9;
        expect("192.0.2.1", "");
}

Test(alternatives, needs_an_address_of_the_family) {
        fake_net_remove_address(&net, 3, "10.2.0.2");
        fake_net_add_address(&net, 3, "169.254.0.2", 0);
        expect("192.0.2.1", "");
        expect("2001:db8:9::1", "wwan0");
}

Test(alternatives, needs_a_route) {
        net.n_routes = 2;
        expect("192.0.2.1", "");
        (void)fake_net_add_route(&net, &(struct fake_route){"192.0.2.0", 24, 3, "10.2.0.1",
                                                            "10.2.0.2", .metric = 5000});
        fake_net_add_address(&net, 2, "192.0.2.77", 0);
        (void)fake_net_add_route(&net,
                                 &(struct fake_route){"192.0.2.0", 24, 2, .source = "192.0.2.77"});
        expect("192.0.2.1", "wwan0");
}

Test(alternatives, route_by_a_rule_for_the_source) {
        net.n_routes = 2;
        (void)fake_net_add_route(&net, &(struct fake_route){"0.0.0.0", 0, 3, "10.2.0.1", "10.2.0.2",
                                                            .from = "10.2.0.2", .table = 88});
        expect("192.0.2.1", "wwan0");
        cr_assert(eq(u32, find_for("192.0.2.1").alternatives[0].table, 88));
}

/* Asked with the modem's source, the kernel leads through eth0. */
Test(alternatives, ipv6_route_of_another_interface_is_none) {
        net.n_routes = 3;
        expect("2001:db8:9::1", "");
}

/* Both links are in one subnet. */
Test(alternatives, shared_subnet_needs_a_way_on) {
        fake_net_add_address(&net, 2, "192.168.1.2", 0);
        fake_net_add_address(&net, 3, "192.168.1.3", 0);
        (void)fake_net_add_route(
                &net, &(struct fake_route){"192.168.1.0", 24, 2, .source = "192.168.1.2"});
        (void)fake_net_add_route(
                &net,
                &(struct fake_route){"192.168.1.0", 24, 3, .source = "192.168.1.3", .metric = 600});
        expect("192.168.1.9", "wwan0");
        net.routes[2].oif = 2; /* the modem's default route is gone */
        expect("192.168.1.9", "");
}

Test(alternatives, strict_rp_filter) {
        net.rp_filter[3] = 1;
        expect("192.0.2.1", "");
        expect("2001:db8:9::1", "wwan0");
}

Test(alternatives, order) {
        add_uplink(4, "wlan0", 600);
        expect("192.0.2.1", "wlan0 wwan0"); /* unmetered before metric */
        add_uplink(5, "eth5", 600);
        expect("192.0.2.1", "eth5 wlan0 wwan0"); /* type */
        add_uplink(6, "wlan6", 500);
        expect("192.0.2.1", "wlan6 eth5 wlan0 wwan0"); /* metric before type */
        add_uplink(7, "wlan7", 600);
        expect("192.0.2.1", "wlan6 eth5 wlan0 wlan7 wwan0"); /* index */
}

Test(alternatives, eight_at_most_the_best) {
        for (uint32_t i = 0; i < 9; i++) {
                char name[16];

                (void)snprintf(name, sizeof(name), "eth%u", 20 + i);
                add_uplink(20 + i, name, 900 - i);
        }
        cr_assert(eq(sz, find_for("192.0.2.1").n_alternatives, ANSWER_ALTERNATIVES_MAX));
        cr_assert(eq(str, find_for("192.0.2.1").alternatives[0].interface, "eth28"));
        cr_assert(eq(str, find_for("192.0.2.1").alternatives[7].interface, "eth21"));
}

Test(alternatives, many_candidates_are_asked_by_type) {
        for (uint32_t i = 0; i < 20; i++) {
                char name[16];

                (void)snprintf(name, sizeof(name), "br%u", 20 + i);
                add_uplink(20 + i, name, 10000);
        }
        add_uplink(90, "eth9", 20000);
        cr_assert(eq(str, find_for("192.0.2.1").alternatives[0].interface, "br20"));
        net.n_lookups = 0;
        (void)find_for("192.0.2.1");
        cr_assert(le(u32, net.n_lookups, 2 + 2 * 16));
}

Test(alternatives, only_tunnels_around_a_tunnel) {
        (void)fake_net_add_link(&net, 4, "wg0");
        fake_net_add_address(&net, 4, "10.9.0.2", 0);
        (void)fake_net_add_route(&net, &(struct fake_route){"0.0.0.0", 1, 4, .source = "10.9.0.2"});
        expect("99.0.2.1", "");
        (void)fake_net_add_link(&net, 5, "wg1");
        fake_net_add_address(&net, 5, "10.8.0.2", 0);
        (void)fake_net_add_route(
                &net, &(struct fake_route){"0.0.0.0", 0, 5, .source = "10.8.0.2", .metric = 900});
        expect("99.0.2.1", "wg1");
        fake_net_set_flags(&net, 4, IFF_UP, 2);
        expect("99.0.2.1", "wg1");
}

Test(alternatives, only_tunnels_around_a_kill_switch) {
        static const uint8_t types[] = {RTN_BLACKHOLE, RTN_PROHIBIT, RTN_UNREACHABLE};

        for (size_t i = 0; i < 3; i++) {
                struct fake_route *route = fake_net_add_route(
                        &net, &(struct fake_route){"192.0.2.0", 24, .type = types[i]});

                expect("192.0.2.1", "");
                /* Even where a more special rule would lead around it. */
                (void)fake_net_add_route(&net,
                                         &(struct fake_route){"0.0.0.0", 0, 3, "10.2.0.1",
                                                              "10.2.0.2", .from = "10.2.0.2"});
                expect("192.0.2.1", "");
                net.n_routes = (size_t)(route - net.routes);
        }
}

Test(alternatives, kernel_that_cannot_be_asked) {
        struct lookup lookup = {.model = &net.world.model, .kernel = &net.world.kernel};
        struct route_query query = {};
        struct answer answer = {.selected = {.family = AF_INET, .ifindex = 2}};

        cr_assert(netaddr_from_text("192.0.2.1", &query.destination));
        net.error = -EAGAIN;
        cr_assert(eq(int, alternatives_find(&lookup, &query, &answer), -EAGAIN));
}
