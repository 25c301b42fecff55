/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "world.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "fake_net.h"
#include "moment.h"
#include "reasons.h"

static struct fake_net net;

static void setup(void) {
        fake_net_init(&net);
        fake_net_add_uplinks(&net);
        cr_assert(eq(int, world_ask(&net.world, 0, 10), 0));
        world_published(&net.world);
        world_forget_reasons(&net.world);
}

static void teardown(void) {
        fake_net_deinit(&net);
}

TestSuite(world, .init = setup, .fini = teardown);

Test(world, changes_are_told_once) {
        cr_assert(eq(int, world_ask(&net.world, REASON_ROUTE, 20), 0));
        cr_assert(eq(u32, net.world.changed, 0));
        fake_net_set_flags(&net, 2, IFF_UP, 2);
        cr_assert(eq(int, world_ask(&net.world, 0, 30), 0));
        cr_assert(eq(u32, net.world.changed, SUMMARY_CHANGE_PRIMARY4 | SUMMARY_CHANGE_PRIMARY6));
        cr_assert(eq(u32, net.world.reasons, REASON_CARRIER));
        cr_assert(eq(int, net.world.was.primary4.selected.why, PATH_USABLE));
        world_published(&net.world);
        cr_assert(eq(u32, net.world.changed, 0));
        cr_assert(eq(u32, net.world.reasons, 0));
}

Test(world, there_and_back_in_one_burst_is_nothing) {
        fake_net_set_flags(&net, 2, IFF_UP, 2);
        (void)world_ask(&net.world, 0, 20);
        fake_net_set_flags(&net, 2, IFF_UP | IFF_LOWER_UP, 6);
        (void)world_ask(&net.world, 0, 30);
        cr_assert(eq(u32, net.world.changed, 0));
}

/* A route over an address that the model has not heard of yet. */
Test(world, waits_for_news_before_it_says_unusable) {
        fake_net_remove_address(&net, 2, "10.1.0.2");
        for (unsigned i = 0; i < WORLD_PATIENCE; i++) {
                cr_assert(eq(int, world_ask(&net.world, 0, 20), 1));
                cr_assert(eq(u32, net.world.changed, 0));
        }
        cr_assert(eq(int, world_ask(&net.world, 0, 20), 0));
        cr_assert(eq(u32, net.world.changed, SUMMARY_CHANGE_PRIMARY4));
        cr_assert(eq(int, net.world.summary.primary4.selected.why, PATH_NO_SOURCE));
        world_published(&net.world);
        cr_assert(eq(int, world_ask(&net.world, 0, 30), 1));
}

Test(world, kernel_that_cannot_be_asked_changes_nothing) {
        net.error = -EAGAIN;
        cr_assert(eq(int, world_ask(&net.world, 0, 20), -EAGAIN));
        cr_assert(eq(u32, net.world.changed, 0));
        cr_assert(eq(str, net.world.summary.primary4.selected.interface, "eth0"));
}

Test(world, what_stands_in_a_path_is_shown) {
        struct question question = {};
        struct watched *watched;
        const char *problem;
        struct link *bridge = fake_net_add_link(&net, 9, "br0");

        fake_net_add_address(&net, 9, "172.17.0.1", 0);
        (void)fake_net_add_route(&net,
                                 &(struct fake_route){"172.17.0.0", 24, 9, .source = "172.17.0.1"});
        (void)world_ask(&net.world, 0, 20);
        cr_assert(world_shows(&net.world, model_find(&net.world.model, 2)));
        cr_assert(not(world_shows(&net.world, bridge)));
        cr_assert(eq(int, question_parse("172.17.0.5", &question, &problem), 0));
        cr_assert(eq(int,
                     watched_take(&net.world.watched, &question, &net.world.model,
                                  &net.world.kernel, 1, 20, &watched),
                     0));
        world_mark_paths(&net.world);
        cr_assert(world_shows(&net.world, bridge));
        watched_release(&net.world.watched, watched);
        (void)world_ask(&net.world, 0, 30);
        cr_assert(not(world_shows(&net.world, bridge)));
}

Test(world, members_of_a_set_and_alternatives_are_shown) {
        struct link *veth = fake_net_add_link(&net, 9, "veth0");

        fake_net_add_address(&net, 9, "fe80::9", 0);
        (void)world_ask(&net.world, 0, 20);
        cr_assert(not(world_shows(&net.world, veth)));
        (void)fake_net_add_route(&net,
                                 &(struct fake_route){"::", 0, .metric = 10, .n_hops = 2,
                                                      .hops = {{2, "fe80::1", "2001:db8:1::2"},
                                                               {9, "fe80::1", "2001:db8:1::2"}}});
        (void)world_ask(&net.world, 0, 30);
        cr_assert(world_shows(&net.world, veth));
}

/* A route of IPv6 that ends, best for everything; the index of it. */
static struct fake_route *add_ending(const char *prefix, uint8_t len, uint64_t lifetime_usec) {
        return fake_net_add_route(&net,
                                  &(struct fake_route){prefix, len, 2, "fe80::1", "2001:db8:1::2",
                                                       10, .lifetime_usec = lifetime_usec});
}

#define SLACK_USEC 50000

Test(world, ends_of_routes_are_awaited) {
        struct fake_route *route;

        cr_assert(eq(u64, net.world.ends_usec, USEC_NEVER));
        cr_assert(not(world_take_end(&net.world, 1000000)));
        route = add_ending("::", 0, 2000000);
        (void)world_ask(&net.world, 0, 20);
        cr_assert(eq(u64, net.world.ends_usec, 2000020 + SLACK_USEC));
        cr_assert(not(world_take_end(&net.world, 2000000)));
        /* Renewed without a word: the next look finds a later end, and no change. */
        world_published(&net.world);
        route->lifetime_usec = 3000000;
        cr_assert(world_take_end(&net.world, 2100000));
        cr_assert(eq(u64, net.world.ends_usec, USEC_NEVER));
        (void)world_ask(&net.world, 0, 2100000);
        cr_assert(eq(u32, net.world.changed, 0));
        cr_assert(eq(u64, net.world.ends_usec, 5100000 + SLACK_USEC));
        /* What could not be asked about is not looked at again and again. */
        net.error = -EAGAIN;
        cr_assert(world_take_end(&net.world, 5200000));
        (void)world_ask(&net.world, 0, 5200000);
        cr_assert(eq(u64, net.world.ends_usec, USEC_NEVER));
        net.error = 0;
        fake_net_clear_routes(&net);
        (void)world_ask(&net.world, 0, 5300000);
        cr_assert(eq(u64, net.world.ends_usec, USEC_NEVER));
        cr_assert(ne(u32, net.world.changed, 0));
}

static unsigned n_alarms;

static void on_alarm(void *userdata) {
        n_alarms++;
}

Test(world, ends_of_watched_routes_too) {
        struct question question = {};
        struct watched *watched;
        struct fake_route *route;
        const char *problem;

        net.world.alarm.set = on_alarm;
        (void)add_ending("::", 0, 9000000);
        route = add_ending("2001:db8:9::", 48, 4000000);
        (void)world_ask(&net.world, 0, 20);
        cr_assert(eq(u64, net.world.ends_usec, 9000020 + SLACK_USEC));
        cr_assert(eq(int, question_parse("2001:db8:9::9", &question, &problem), 0));
        cr_assert(eq(int,
                     watched_take(&net.world.watched, &question, &net.world.model,
                                  &net.world.kernel, 1, 20, &watched),
                     0));
        cr_assert(eq(u32, n_alarms, 0));
        world_mark_paths(&net.world);
        cr_assert(eq(u32, n_alarms, 1));
        cr_assert(eq(u64, net.world.ends_usec, 4000020 + SLACK_USEC));
        route->lifetime_usec = 6000000; /* the answer is equal, its end is not */
        (void)world_ask(&net.world, 0, 20);
        cr_assert(eq(u64, net.world.ends_usec, 6000020 + SLACK_USEC));
}

/* An alternative that ends is a change as well. */
Test(world, ends_of_alternatives_too) {
        fake_net_clear_routes(&net);
        (void)fake_net_add_route(
                &net, &(struct fake_route){"::", 0, 2, "2001:db8:1::1", "2001:db8:1::2", 100});
        (void)fake_net_add_route(&net,
                                 &(struct fake_route){"::", 0, 3, "2001:db8:2::1", "2001:db8:2::2",
                                                      200, .lifetime_usec = 7000000});
        (void)world_ask(&net.world, 0, 20);
        cr_assert(eq(u64, net.world.ends_usec, 7000020 + SLACK_USEC));
}
