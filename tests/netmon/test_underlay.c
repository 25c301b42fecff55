/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "underlay.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "answer.h"
#include "beneath.h"
#include "fake_net.h"
#include "lookup.h"
#include "question.h"
#include "reasons.h"

#define MARK 51820

static struct fake_net net;

static void setup(void) {
        fake_net_init(&net);
        fake_net_add_uplinks(&net);
        (void)fake_net_add_link(&net, 9, "wg0");
        fake_net_add_address(&net, 9, "10.9.0.2", 0);
}

static void teardown(void) {
        fake_net_deinit(&net);
}

TestSuite(underlay, .init = setup, .fini = teardown);

/* As wg-quick does it: all but marked packets go to a table of the tunnel's. */
static void add_rules(void) {
        (void)fake_net_add_route(&net, &(struct fake_route){"0.0.0.0", 0, 9, .source = "10.9.0.2",
                                                            .table = MARK, .not_mark = MARK});
        net.marks.entries[net.marks.n++] =
                (struct mark){.mark = MARK, .table = MARK, .inverted = true};
}

/* As OpenVPN does it: two halves beat the default route. */
static void add_halves(void) {
        (void)fake_net_add_route(&net, &(struct fake_route){"0.0.0.0", 1, 9, .source = "10.9.0.2"});
        (void)fake_net_add_route(&net,
                                 &(struct fake_route){"128.0.0.0", 1, 9, .source = "10.9.0.2"});
}

static struct answer ask_again(const char *destination, const struct answer *previous,
                               uint64_t now_usec) {
        struct question question = {};
        struct answer answer;
        const char *problem;

        cr_assert(eq(int, question_parse(destination, &question, &problem), 0));
        cr_assert(eq(int,
                     answer_ask(&question, &net.world.model, &net.world.kernel, previous, now_usec,
                                &answer),
                     0));
        return answer;
}

static struct answer ask(void) {
        return ask_again("default4", NULL, 1);
}

/* The tunnel is selected, carried by `interface`; NULL: that is not known. */
static void expect(const struct answer *answer, const char *interface, enum path_why why) {
        const struct underlay *underlay = underlays_find(&answer->underlays, 9);

        cr_assert(eq(u32, answer->selected.ifindex, 9));
        cr_assert(eq(sz, answer->n_alternatives, 0));
        cr_assert(eq(int, answer->selected.why, why != PATH_USABLE ? PATH_UNDERLAY : PATH_USABLE));
        if (!interface) {
                cr_assert(underlay == NULL);
                return;
        }
        cr_assert(underlay != NULL);
        cr_assert(eq(str, (char *)underlay->path.interface, (char *)interface));
        cr_assert(eq(int, underlay->path.why, why));
}

static void set_carrier(uint32_t index, bool carrier) {
        fake_net_set_flags(&net, index, carrier ? IFF_UP | IFF_LOWER_UP : IFF_UP, carrier ? 6 : 2);
}

Test(underlay, by_the_mark_of_a_rule) {
        struct answer answer;

        add_rules();
        answer = ask();
        expect(&answer, "eth0", PATH_USABLE);
        set_carrier(2, false);
        answer = ask();
        expect(&answer, "eth0", PATH_CARRIER);
        net.routes[0].metric = 999; /* somebody moves the route */
        answer = ask();
        expect(&answer, "wwan0", PATH_USABLE);
}

Test(underlay, marks_of_others_do_not_count) {
        add_halves();
        (void)fake_net_add_route(&net, &(struct fake_route){"0.0.0.0", 0, 3, "10.2.0.1", "10.2.0.2",
                                                            .table = 77, .uid = 77});
        struct answer answer = ask();
        expect(&answer, "eth0", PATH_USABLE);
}

Test(underlay, by_the_best_route_that_is_no_tunnel) {
        struct answer answer;

        add_halves();
        answer = ask();
        expect(&answer, "eth0", PATH_USABLE);
        set_carrier(2, false);
        answer = ask();
        expect(&answer, "eth0", PATH_CARRIER);
        net.routes[2].metric = 50;
        answer = ask();
        expect(&answer, "wwan0", PATH_USABLE);
}

Test(underlay, by_the_other_end_that_the_kernel_tells) {
        struct link *tunnel = model_find(&net.world.model, 9);
        struct answer answer;

        add_halves();
        (void)netaddr_from_text("198.51.100.9", &tunnel->facts.end.remote);
        (void)fake_net_add_route(
                &net, &(struct fake_route){"198.51.100.9", 32, 3, "10.2.0.1", "10.2.0.2"});
        answer = ask();
        expect(&answer, "wwan0", PATH_USABLE);
        cr_assert(netaddr_equal(&underlays_find(&answer.underlays, 9)->endpoint,
                                &tunnel->facts.end.remote));
        /* Its own packets led into itself carry nothing, and end. */
        net.n_routes--;
        answer = ask();
        expect(&answer, NULL, PATH_USABLE);
}

Test(underlay, tunnel_in_a_tunnel_is_carried_by_what_carries_the_outer_one) {
        struct link *inner = fake_net_add_link(&net, 10, "wg1");
        struct answer answer;

        add_rules();
        fake_net_add_address(&net, 10, "10.10.0.2", 0);
        (void)netaddr_from_text("198.51.100.9", &inner->facts.end.remote);
        (void)fake_net_add_route(&net,
                                 &(struct fake_route){"192.0.2.0", 24, 10, .source = "10.10.0.2",
                                                      .from = NULL, .not_mark = MARK});
        answer = ask_again("192.0.2.1", NULL, 1);
        cr_assert(eq(u32, answer.selected.ifindex, 10));
        cr_assert(eq(str, (char *)underlays_find(&answer.underlays, 10)->path.interface, "eth0"));
        set_carrier(2, false);
        answer = ask_again("192.0.2.1", NULL, 1);
        cr_assert(eq(int, answer.selected.why, PATH_UNDERLAY));
}

Test(underlay, only_ipv6_carries) {
        struct answer answer;

        add_halves();
        net.routes[0] = net.routes[1];
        net.routes[2] = net.routes[3];
        answer = ask();
        expect(&answer, "eth0", PATH_USABLE);
        cr_assert(eq(int, underlays_find(&answer.underlays, 9)->path.family, AF_INET6));
}

Test(underlay, nothing_is_left) {
        struct answer answer;

        net.n_routes = 0;
        add_halves();
        answer = ask(); /* the other end may be a neighbour */
        expect(&answer, NULL, PATH_USABLE);
        set_carrier(2, false);
        set_carrier(3, false);
        answer = ask();
        expect(&answer, "", PATH_NO_ROUTE);
        fake_net_remove_link(&net, 2);
        fake_net_remove_link(&net, 3);
        answer = ask(); /* a namespace that holds nothing but a tunnel */
        expect(&answer, NULL, PATH_USABLE);
}

Test(underlay, cost_is_that_of_what_carries_it) {
        struct answer answer;

        add_rules();
        net.routes[0].metric = 999;
        answer = ask();
        cr_assert(eq(int, answer.selected.metered, METERED_YES));
        net.routes[0].metric = 1;
        answer = ask();
        cr_assert(eq(int, answer.selected.metered, METERED_NO));
}

Test(underlay, change_under_the_same_tunnel_has_its_reason) {
        struct answer was, now;

        add_rules();
        was = ask_again("default4", NULL, 10);
        now = ask_again("default4", &was, 20);
        cr_assert(answer_equal(&was, &now));
        cr_assert(eq(u64, underlays_find(&now.underlays, 9)->path.since_usec, 10));
        net.routes[0].metric = 999;
        now = ask_again("default4", &was, 30);
        cr_assert(not(answer_equal(&was, &now)));
        cr_assert(eq(u64, now.selected.since_usec, 10));
        cr_assert(eq(u64, underlays_find(&now.underlays, 9)->path.since_usec, 30));
        world_forget_reasons(&net.world);
        cr_assert(eq(u32, reasons_of(&was, &now, &net.world.model, REASON_ROUTE),
                     REASON_ROUTE | REASON_VPN));
}

Test(underlay, warning_is_that_of_what_carries_it) {
        struct link *link = model_find(&net.world.model, 2);
        struct answer was, now;

        add_rules();
        was = ask_again("default4", NULL, 10);
        world_forget_reasons(&net.world);
        link->wifi.losing = LOSING_BEACONS;
        now = ask_again("default4", &was, 20);
        cr_assert(eq(int, now.selected.losing, LOSING_BEACONS));
        cr_assert(eq(int, underlays_find(&now.underlays, 9)->path.losing, LOSING_BEACONS));
        cr_assert(eq(u32, reasons_of(&was, &now, &net.world.model, 0), REASON_LOSING));
        /* The tunnel's own comes first. */
        was = now;
        model_find(&net.world.model, 9)->wifi.losing = LOSING_PACKETS;
        now = ask_again("default4", &was, 30);
        cr_assert(eq(int, now.selected.losing, LOSING_PACKETS));
        was = now;
        link->wifi.losing = LOSING_NOT;
        now = ask_again("default4", &was, 40);
        cr_assert(eq(u32, reasons_of(&was, &now, &net.world.model, 0), REASON_LOSING));
        link->wifi.losing = LOSING_BEACONS;
        set_carrier(2, false);
        now = ask_again("default4", &was, 50);
        cr_assert(eq(int, now.selected.why, PATH_UNDERLAY));
        cr_assert(eq(int, now.selected.losing, LOSING_NOT));
}

Test(underlay, tunnel_that_is_not_carried_is_no_alternative) {
        struct answer answer;

        add_rules();
        (void)fake_net_add_link(&net, 10, "wg1");
        fake_net_add_address(&net, 10, "10.10.0.2", 0);
        (void)fake_net_add_route(
                &net, &(struct fake_route){"0.0.0.0", 0, 10, .source = "10.10.0.2", .metric = 500});
        answer = ask();
        cr_assert(eq(sz, answer.n_alternatives, 1));
        cr_assert(eq(u32, answer.alternatives[0].ifindex, 10));
        cr_assert(underlays_find(&answer.underlays, 10) != NULL);
        set_carrier(2, false);
        answer = ask();
        cr_assert(eq(sz, answer.n_alternatives, 0));
}

Test(underlay, carriers_beneath_are_asked_for_first) {
        struct beneath beneath = {};

        add_rules();
        cr_assert(eq(int, world_ask(&net.world, 0, 1), 0));
        world_collect_links(&net.world, &beneath);
        cr_assert(eq(u32, beneath.indices[0], 2));
        cr_assert(model_find(&net.world.model, 2)->in_path);
}

Test(underlay, kernel_that_cannot_be_asked) {
        struct lookup lookup = {.model = &net.world.model, .kernel = &net.world.kernel};
        struct path path = {.ifindex = 9, .type = LINK_TYPE_VPN};

        net.error = -EAGAIN;
        cr_assert(eq(int, underlay_judge(&lookup, &path), -EAGAIN));
}

/* Of many questions that lead into one tunnel. */
Test(underlay, is_looked_for_once_in_one_state) {
        struct underlay_cache cache = {};
        struct answer first, second;
        unsigned once;

        add_halves();
        net.routes[2].lifetime_usec = 500000;
        net.world.model.underlays = &cache;
        net.n_lookups = 0;
        first = ask();
        once = net.n_lookups;
        second = ask();
        net.world.model.underlays = NULL;
        cr_assert(lt(u32, net.n_lookups, 2 * once));
        cr_assert(answer_equal(&first, &second));
        cr_assert(ne(u64, first.ends_usec, 0));
        cr_assert(eq(u64, first.ends_usec, second.ends_usec));
        expect(&second, "eth0", PATH_USABLE);
}
