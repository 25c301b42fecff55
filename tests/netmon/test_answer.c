/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "answer.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "fake_net.h"
#include "question.h"

static struct fake_net net;

static void setup(void) {
        fake_net_init(&net);
        fake_net_add_uplinks(&net);
}

static void teardown(void) {
        fake_net_deinit(&net);
}

TestSuite(answer, .init = setup, .fini = teardown);

static struct question question_of(const char *destination) {
        struct question question = {};
        const char *problem;

        cr_assert(eq(int, question_parse(destination, &question, &problem), 0));
        return question;
}

static struct answer ask_again(const char *destination, const struct answer *previous,
                               uint64_t now_usec) {
        struct question question = question_of(destination);
        struct answer answer;

        cr_assert(ge(int,
                     answer_ask(&question, &net.world.model, &net.world.kernel, previous, now_usec,
                                &answer),
                     0));
        return answer;
}

static struct answer ask(const char *destination) {
        return ask_again(destination, NULL, 1);
}

/* "eth0 v4, wwan0 v6: ..." for the selected path and the alternatives. */
static void expect(const char *destination, const char *expected) {
        struct answer answer = ask(destination);
        char text[256];
        size_t n;

        n = (size_t)snprintf(text, sizeof(text), "%s v%c:", answer.selected.interface,
                             answer.selected.family == AF_INET ? '4' : '6');
        for (size_t i = 0; i < answer.n_alternatives; i++)
                n += (size_t)snprintf(text + n, sizeof(text) - n, " %s v%c",
                                      answer.alternatives[i].interface,
                                      answer.alternatives[i].family == AF_INET ? '4' : '6');
        cr_assert(eq(str, text, (char *)expected));
}

Test(answer, address) {
        expect("192.0.2.1", "eth0 v4: wwan0 v4");
        expect("2001:db8:9::1", "eth0 v6: wwan0 v6");
        expect("default4", "eth0 v4: wwan0 v4");
        expect("default6", "eth0 v6: wwan0 v6");
}

Test(answer, user_counts) {
        struct question question = question_of("192.0.2.1");
        struct answer answer;

        (void)fake_net_add_route(&net, &(struct fake_route){"0.0.0.0", 0, 3, "10.2.0.1", "10.2.0.2",
                                                            .uid = 1000, .table = 77});
        question.uid = 1000;
        cr_assert(eq(int,
                     answer_ask(&question, &net.world.model, &net.world.kernel, NULL, 1, &answer),
                     0));
        cr_assert(eq(str, answer.selected.interface, "wwan0"));
        cr_assert(eq(u32, answer.selected.table, 77));
}

Test(answer, bound_to_an_interface) {
        struct question question = question_of("192.0.2.1");
        struct answer answer;

        (void)snprintf(question.interface, sizeof(question.interface), "wwan0");
        cr_assert(eq(int,
                     answer_ask(&question, &net.world.model, &net.world.kernel, NULL, 1, &answer),
                     0));
        cr_assert(eq(str, answer.selected.interface, "wwan0"));
        cr_assert(eq(int, answer.selected.why, PATH_USABLE));
        cr_assert(eq(sz, answer.n_alternatives, 0));
        net.rp_filter[3] = 1;
        cr_assert(eq(int,
                     answer_ask(&question, &net.world.model, &net.world.kernel, NULL, 1, &answer),
                     0));
        cr_assert(eq(int, answer.selected.why, PATH_RP_FILTER));
        (void)snprintf(question.interface, sizeof(question.interface), "eth7");
        cr_assert(eq(int,
                     answer_ask(&question, &net.world.model, &net.world.kernel, NULL, 1, &answer),
                     0));
        cr_assert(eq(u32, answer.selected.ifindex, 0));
        cr_assert(eq(int, answer.selected.why, PATH_NO_ROUTE));
        cr_assert(eq(u8, answer.selected.family, AF_INET));
}

Test(answer, to_itself_there_is_no_way_around) {
        (void)fake_net_add_route(&net, &(struct fake_route){"10.1.0.2", 32, 1, .source = "10.1.0.2",
                                                            .type = RTN_LOCAL});
        expect("10.1.0.2", "lo v4:");
}

Test(answer, default_takes_ipv4_unless_only_ipv6_works) {
        expect("default", "eth0 v4: wwan0 v4 wwan0 v6");
}

Test(answer, families_of_default) {
        /* Without a route of IPv4. */
        net.routes[0] = net.routes[1];
        net.routes[2] = net.routes[3];
        net.n_routes = 3;
        expect("default", "eth0 v6: wwan0 v6");
        /* IPv4 selects a dead link, IPv6 works elsewhere. */
        fake_net_clear_routes(&net);
        (void)fake_net_add_route(&net,
                                 &(struct fake_route){"0.0.0.0", 0, 2, "10.1.0.1", "10.1.0.2"});
        (void)fake_net_add_route(
                &net, &(struct fake_route){"::", 0, 3, "2001:db8:2::1", "2001:db8:2::2"});
        expect("default", "eth0 v4: wwan0 v6");
        fake_net_set_flags(&net, 2, IFF_UP, 2);
        expect("default", "wwan0 v6:");
        /* Neither works: what is selected. */
        fake_net_set_flags(&net, 3, IFF_UP, 2);
        expect("default", "eth0 v4:");
        net.routes[0] = net.routes[1];
        net.n_routes = 1;
        expect("default", "wwan0 v6:");
        fake_net_clear_routes(&net);
        expect("default", " v4:");
}

Test(answer, no_leak_into_the_other_family) {
        (void)fake_net_add_link(&net, 4, "wg0");
        fake_net_add_address(&net, 4, "10.9.0.2", 0);
        net.n_routes = 0;
        (void)fake_net_add_route(&net, &(struct fake_route){"0.0.0.0", 0, 4, .source = "10.9.0.2"});
        (void)fake_net_add_route(
                &net, &(struct fake_route){"0.0.0.0", 0, 2, "10.1.0.1", "10.1.0.2", .metric = 100});
        (void)fake_net_add_route(
                &net, &(struct fake_route){"::", 0, 3, "2001:db8:2::1", "2001:db8:2::2"});
        expect("default", "wg0 v4:");
        expect("default4", "wg0 v4:");
}

Test(answer, split_default) {
        struct answer answer;

        (void)fake_net_add_route(&net,
                                 &(struct fake_route){"128.0.0.0", 1, 3, "10.2.0.1", "10.2.0.2"});
        answer = ask("default4");
        cr_assert(eq(str, answer.selected.interface, "eth0"));
        cr_assert(answer.has_split);
        cr_assert(eq(str, answer.split.interface, "wwan0"));
        /* Both halves by the same way are no split, whatever the routes are called. */
        (void)fake_net_add_route(&net,
                                 &(struct fake_route){"0.0.0.0", 1, 3, "10.2.0.1", "10.2.0.2"});
        answer = ask("default4");
        cr_assert(eq(str, answer.selected.interface, "wwan0"));
        cr_assert(not(answer.has_split));
        /* A half that is missing. */
        fake_net_clear_routes(&net);
        (void)fake_net_add_route(&net,
                                 &(struct fake_route){"0.0.0.0", 1, 3, "10.2.0.1", "10.2.0.2"});
        answer = ask("default4");
        cr_assert(answer.has_split);
        cr_assert(eq(u32, answer.split.ifindex, 0));
        cr_assert(eq(int, answer.split.why, PATH_NO_ROUTE));
}

static struct fake_route *add_two_hops(void) {
        return fake_net_add_route(&net,
                                  &(struct fake_route){"0.0.0.0", 0, .metric = 10, .n_hops = 2,
                                                       .hops = {{2, "10.1.0.1", "10.1.0.2"},
                                                                {3, "10.2.0.1", "10.2.0.2"}}});
}

Test(answer, members_of_a_set) {
        struct fake_route *route = add_two_hops();
        struct answer first = ask("192.0.2.1"), second;

        cr_assert(eq(sz, first.n_nexthops, 2));
        cr_assert(eq(str, first.nexthop_names[1], "wwan0"));
        cr_assert(eq(str, first.selected.interface, "eth0"));
        cr_assert(eq(str, first.alternatives[0].interface, "wwan0"));
        /* The other answers now: no change while the first one works. */
        route->chosen_hop = 1;
        second = ask_again("192.0.2.1", &first, 2);
        cr_assert(answer_equal(&first, &second));
        cr_assert(eq(u64, second.selected.since_usec, 1));
        cr_assert(eq(str, ask("192.0.2.1").selected.interface, "wwan0"));
        /* The kept one has lost its carrier. */
        fake_net_set_flags(&net, 2, IFF_UP, 2);
        second = ask_again("192.0.2.1", &first, 3);
        cr_assert(eq(str, second.selected.interface, "wwan0"));
        cr_assert(eq(sz, second.n_alternatives, 0));
}

Test(answer, another_set_is_another_answer) {
        struct fake_route *route = add_two_hops();
        struct answer first = ask("192.0.2.1"), second;

        route->chosen_hop = 1;
        route->hops[0].gateway = "10.1.0.9";
        second = ask_again("192.0.2.1", &first, 2);
        cr_assert(not(answer_equal(&first, &second)));
        cr_assert(eq(str, second.selected.interface, "wwan0"));
}

/* Wherever in between the routes go: no half is from before it and the other from after it. */
Test(answer, halves_are_of_one_moment) {
        struct fake_net whole = net;

        for (unsigned n = 1; n < 40; n++) {
                struct answer answer;

                memcpy(net.routes, whole.routes, sizeof(net.routes));
                net.n_routes = whole.n_routes;
                net.n_lookups = 0;
                net.lost_after = n;
                answer = ask("default4");
                cr_assert(not(answer.has_split), "after %u questions", n);
        }
}

Test(answer, halves_by_members_of_one_set_are_no_split) {
        (void)add_two_hops();
        cr_assert(not(ask("default4").has_split));
}

Test(answer, what_goes_on_keeps_its_time) {
        struct answer first = ask_again("192.0.2.1", NULL, 10), second;

        second = ask_again("192.0.2.1", &first, 20);
        cr_assert(eq(u64, second.selected.since_usec, 10));
        cr_assert(eq(u64, second.alternatives[0].since_usec, 10));
        /* An alternative that becomes the path was there before. */
        net.routes[0].metric = 999;
        second = ask_again("192.0.2.1", &first, 30);
        cr_assert(eq(str, second.selected.interface, "wwan0"));
        cr_assert(eq(u64, second.selected.since_usec, 10));
        fake_net_set_flags(&net, 3, IFF_UP, 2);
        second = ask_again("192.0.2.1", &second, 40);
        cr_assert(eq(u64, second.selected.since_usec, 40));
}

Test(answer, kernel_that_cannot_be_asked) {
        struct question question = question_of("default");
        struct answer answer = {.n_alternatives = 7};

        net.error = -EAGAIN;
        cr_assert(eq(int,
                     answer_ask(&question, &net.world.model, &net.world.kernel, NULL, 1, &answer),
                     -EAGAIN));
        cr_assert(eq(sz, answer.n_alternatives, 7));
}

Test(answer, unknown_links_are_said) {
        struct question question = question_of("default");
        struct answer answer;

        fake_net_remove_link(&net, 3);
        net.routes[0].metric = 999;
        cr_assert(eq(int,
                     answer_ask(&question, &net.world.model, &net.world.kernel, NULL, 1, &answer),
                     1));
}

Test(answer, usable_by_the_path_or_around_it) {
        struct answer answer = {.selected = {.why = PATH_CARRIER}};

        cr_assert(not(answer_is_usable(&answer)));
        answer.n_alternatives = 1;
        cr_assert(answer_is_usable(&answer));
        answer = (struct answer){};
        cr_assert(answer_is_usable(&answer));
}
