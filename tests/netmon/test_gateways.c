/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gateways.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "fake_net.h"

static struct fake_net net;

static void setup(void) {
        fake_net_init(&net);
        fake_net_add_uplinks(&net);
        cr_assert(eq(int, world_ask(&net.world, 0, FAKE_NOW_USEC), 0));
}

static void teardown(void) {
        fake_net_deinit(&net);
}

TestSuite(gateways, .init = setup, .fini = teardown);

static struct gateways *gateways(void) {
        return &net.world.model.gateways;
}

Test(gateways, of_paths_and_alternatives_in_both_families) {
        cr_assert(gateways_collect(&net.world));
        cr_assert(eq(sz, gateways()->n, 4));
        cr_assert(not(gateways_collect(&net.world)));
}

/* A tunnel has no gateway, what carries it has one. */
Test(gateways, of_what_carries_a_tunnel) {
        (void)fake_net_add_link(&net, 9, "wg0");
        fake_net_add_address(&net, 9, "10.9.0.2", 0);
        for (unsigned i = 0; i < 2; i++)
                (void)fake_net_add_route(&net,
                                         &(struct fake_route){i == 0 ? "0.0.0.0" : "128.0.0.0", 1,
                                                              9, .source = "10.9.0.2"});
        (void)world_ask(&net.world, 0, FAKE_NOW_USEC);
        cr_assert(eq(u32, net.world.summary.primary4.selected.ifindex, 9));
        (void)gateways_collect(&net.world);
        for (size_t i = 0; i < gateways()->n; i++)
                if (gateways()->list[i].ifindex == 2)
                        gateways()->list[i].has_failed = true;
        (void)world_ask(&net.world, 0, FAKE_NOW_USEC);
        cr_assert(eq(int, net.world.summary.primary4.selected.losing, LOSING_GATEWAY));
}

Test(gateways, failure_warns_and_is_kept) {
        const struct path *path = &net.world.summary.primary4.selected;

        (void)gateways_collect(&net.world);
        cr_assert(not(gateways_have_failed(gateways(), path->ifindex, &path->gateway)));
        for (size_t i = 0; i < gateways()->n; i++)
                if (gateways()->list[i].ifindex == 2)
                        gateways()->list[i].has_failed = true;
        (void)world_ask(&net.world, 0, FAKE_NOW_USEC);
        cr_assert(eq(int, path->losing, LOSING_GATEWAY));
        cr_assert(eq(int, net.world.summary.primary4.alternatives[0].losing, LOSING_NOT));
        cr_assert(not(gateways_collect(&net.world)));
        cr_assert(gateways_have_failed(gateways(), path->ifindex, &path->gateway));
}

/* What is not usable is not about to be lost, and nobody asks for its gateway. */
Test(gateways, lost_paths_have_none) {
        (void)gateways_collect(&net.world);
        for (size_t i = 0; i < gateways()->n; i++)
                gateways()->list[i].has_failed = true;
        fake_net_set_flags(&net, 2, IFF_UP, 2);
        (void)world_ask(&net.world, 0, FAKE_NOW_USEC);
        cr_assert(eq(int, net.world.summary.primary4.selected.losing, LOSING_NOT));
        cr_assert(gateways_collect(&net.world));
        cr_assert(eq(sz, gateways()->n, 2));
}
