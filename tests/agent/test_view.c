/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "view.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static struct interfaces interfaces;
static struct paths answer, other;
static struct view_input input;
static struct policy_view view;
static const struct path *best;

static void add_interface(int ifindex, const char *address) {
        struct interface *interface = interfaces_put(&interfaces, ifindex);

        interface->usable = true;
        interface->addresses = calloc(1, sizeof(*interface->addresses));
        interface->n_addresses = 1;
        (void)strcpy(interface->addresses[0], address);
}

static struct path path_over(int ifindex, const char *gateway) {
        struct path path = {.ifindex = ifindex, .usable = true};

        (void)strcpy(path.gateway, gateway);
        (void)strcpy(path.type, "ethernet");
        return path;
}

/* Interface 1 is selected, interface 2 the alternative, a link stands over 1. */
static void setup(void) {
        interfaces = (struct interfaces){.known = true};
        add_interface(1, "192.0.2.1");
        add_interface(2, "198.51.100.1");
        answer = (struct paths){.known = true,
                                .selected = path_over(1, "192.0.2.254"),
                                .alternatives = {path_over(2, "198.51.100.254")},
                                .n_alternatives = 1};
        other = (struct paths){0};
        input = (struct view_input){
                .answers = {&answer, &other},
                .n_answers = 1,
                .interfaces = &interfaces,
                .link = {.exists = true, .ifindex = 1, .source = "192.0.2.1"},
        };
}

static void teardown(void) {
        interfaces_clear(&interfaces);
}

TestSuite(view, .init = setup, .fini = teardown);

static void build(void) {
        view_build(&input, &view, &best);
}

Test(view, selected_path_is_best_and_the_link_fine) {
        build();
        cr_assert(view.known && view.usable);
        cr_assert(eq(int, view.best.ifindex, 1));
        cr_assert(eq(str, view.best.gateway, "192.0.2.254"));
        cr_assert(eq(ptr, (void *)best, &answer.selected));
        cr_assert(eq(int, view.link_path.ifindex, 1));
        cr_assert(eq(int, (int)view.link_fate, POLICY_FATE_FINE));
        cr_assert(eq(int, (int)view.attempt_fate, POLICY_FATE_FINE));
}

Test(view, what_carries_a_tunnel_is_told) {
        answer.selected.underlay_ifindex = 7;
        (void)strcpy(answer.selected.underlay_gateway, "203.0.113.1");
        build();
        cr_assert(eq(int, view.best.underlay_ifindex, 7));
        cr_assert(eq(int, view.link_path.underlay_ifindex, 7));
        cr_assert(eq(str, view.link_path.underlay_gateway, "203.0.113.1"));
}

Test(view, no_answer_is_unknown) {
        answer.known = false;
        build();
        cr_assert(not(view.known));
        cr_assert(zero(ptr, (void *)best));
}

Test(view, carrier_lost_with_the_route_in_place_makes_the_alternative_best) {
        answer.selected.usable = false;
        interfaces_find(&interfaces, 1)->usable = false;
        build();
        cr_assert(view.usable);
        cr_assert(eq(int, view.best.ifindex, 2));
        cr_assert(eq(int, (int)view.link_fate, POLICY_FATE_SILENT));
}

Test(view, news_of_the_interface_comes_before_that_of_the_path) {
        interfaces_find(&interfaces, 1)->usable = false;
        build();
        cr_assert(eq(int, view.best.ifindex, 2));
        cr_assert(eq(int, (int)view.link_fate, POLICY_FATE_SILENT));
        answer.n_alternatives = 0;
        build();
        cr_assert(view.known && !view.usable);
}

Test(view, address_gone_is_gone) {
        (void)strcpy(interfaces_find(&interfaces, 1)->addresses[0], "192.0.2.77");
        build();
        cr_assert(eq(int, (int)view.link_fate, POLICY_FATE_GONE));
}

Test(view, interface_gone_is_gone) {
        interfaces_remove(&interfaces, 1);
        answer.selected = answer.alternatives[0];
        answer.n_alternatives = 0;
        input.link.source = NULL;
        build();
        cr_assert(eq(int, (int)view.link_fate, POLICY_FATE_GONE));
        cr_assert(eq(int, view.best.ifindex, 2));
}

Test(view, address_moved_to_another_interface_keeps_nothing_wrong) {
        input.link.ifindex = 0; /* made without netmon */
        build();
        cr_assert(eq(int, view.link_path.ifindex, 1));
        cr_assert(eq(int, (int)view.link_fate, POLICY_FATE_FINE));
}

Test(view, route_gone_from_the_links_interface_is_silence) {
        answer.selected = answer.alternatives[0];
        answer.n_alternatives = 0;
        build();
        cr_assert(eq(int, (int)view.link_fate, POLICY_FATE_SILENT));
}

Test(view, better_path_leaves_the_link_fine) {
        answer.alternatives[0] = answer.selected;
        answer.selected = path_over(2, "198.51.100.254");
        build();
        cr_assert(eq(int, view.best.ifindex, 2));
        cr_assert(eq(int, view.link_path.ifindex, 1));
        cr_assert(eq(int, (int)view.link_fate, POLICY_FATE_FINE));
}

Test(view, any_of_several_next_hops_is_the_links_own_path) {
        answer.selected = path_over(2, "");
        answer.selected.nexthops[0] = 1;
        answer.selected.nexthops[1] = 2;
        answer.selected.n_nexthops = 2;
        answer.n_alternatives = 0;
        build();
        cr_assert(eq(int, view.best.ifindex, 1));
        cr_assert(eq(int, view.link_path.ifindex, 1));
        cr_assert(eq(int, (int)view.link_fate, POLICY_FATE_FINE));
        cr_assert(not(path_wants_binding(&answer.selected)));
}

Test(view, metered_paths_can_be_refused) {
        (void)strcpy(answer.alternatives[0].metered, "yes");
        answer.selected.usable = false;
        input.refuse_metered = true;
        build();
        cr_assert(not(view.usable));
        input.refuse_metered = false;
        build();
        cr_assert(view.usable);
}

Test(view, second_family_serves_when_the_first_does_not) {
        other = (struct paths){.known = true, .selected = path_over(2, "fe80::1")};
        input.n_answers = 2;
        build();
        cr_assert(eq(int, view.best.ifindex, 1));
        answer.selected.usable = false;
        answer.n_alternatives = 0;
        build();
        cr_assert(eq(int, view.best.ifindex, 2));
        cr_assert(eq(ptr, (void *)best, &other.selected));
}

Test(view, link_path_is_that_of_its_interface) {
        cr_assert(eq(ptr, (void *)view_link_path(&input), &answer.selected));
        input.link.ifindex = 2;
        input.link.source = "198.51.100.1";
        cr_assert(eq(ptr, (void *)view_link_path(&input), &answer.alternatives[0]));
        answer.alternatives[0].usable = false;
        cr_assert(zero(ptr, (void *)view_link_path(&input)));
        input.link.exists = false;
        cr_assert(zero(ptr, (void *)view_link_path(&input)));
}

/* The link stands over IPv4, and the server's IPv6 address is preferred. */
static void prefer_ipv6(void) {
        (void)strcpy(answer.selected.family, "ipv4");
        (void)strcpy(answer.alternatives[0].family, "ipv4");
        other = (struct paths){.known = true, .selected = path_over(1, "2001:db8::1")};
        (void)strcpy(other.selected.family, "ipv6");
        input.answers[0] = &other;
        input.answers[1] = &answer;
        input.n_answers = 2;
}

Test(view, link_path_is_of_its_own_family) {
        prefer_ipv6();
        build();
        cr_assert(eq(str, view.link_path.gateway, "192.0.2.254"));
        cr_assert(not(view.link_path.ipv6));
        cr_assert(view.best.ipv6);
        cr_assert(eq(ptr, (void *)view_link_path(&input), &answer.selected));
        cr_assert(eq(int, (int)view.link_fate, POLICY_FATE_FINE));
}

Test(view, link_is_silent_when_its_family_is) {
        prefer_ipv6();
        answer.selected.usable = false;
        build();
        cr_assert(eq(int, (int)view.link_fate, POLICY_FATE_SILENT));
        cr_assert(eq(str, view.best.gateway, "2001:db8::1"));
        /* Nobody was asked about its family. */
        input.n_answers = 1;
        build();
        cr_assert(eq(int, (int)view.link_fate, POLICY_FATE_FINE));
}

Test(view, loopback_needs_no_interface_object) {
        answer.selected = path_over(99, "");
        (void)strcpy(answer.selected.type, "loopback");
        input.link = (struct view_use){.exists = true, .ifindex = 99, .source = "127.0.0.1"};
        build();
        cr_assert(view.usable);
        cr_assert(eq(int, (int)view.link_fate, POLICY_FATE_FINE));
        cr_assert(not(path_wants_binding(&answer.selected)));
        cr_assert(path_wants_binding(&answer.alternatives[0]));
}

Test(view, attempt_has_a_fate_of_its_own) {
        input.link.exists = false;
        input.attempt = (struct view_use){.exists = true, .ifindex = 2};
        interfaces_find(&interfaces, 2)->usable = false;
        build();
        cr_assert(eq(int, (int)view.attempt_fate, POLICY_FATE_SILENT));
        cr_assert(eq(int, (int)view.link_fate, POLICY_FATE_FINE));
}
