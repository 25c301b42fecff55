/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "summary.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "fake_net.h"

static struct fake_net net;
static struct summary summary;

static void setup(void) {
        fake_net_init(&net);
        summary_init(&summary);
}

static void teardown(void) {
        fake_net_deinit(&net);
}

TestSuite(summary, .init = setup, .fini = teardown);

/* Asks, and returns what differs from before. */
static unsigned ask(uint64_t now_usec) {
        struct summary now;
        unsigned changed;

        cr_assert(ge(int,
                     summary_ask(&net.world.model, &net.world.kernel, &summary, now_usec, &now),
                     0));
        changed = summary_compare(&summary, &now);
        summary = now;
        return changed;
}

Test(summary, state_and_its_time) {
        cr_assert(eq(u32, ask(10), 0));
        cr_assert(eq(int, summary.state, NETWORK_OFFLINE));
        cr_assert(eq(u64, summary.state_since_usec, 10));

        (void)fake_net_add_link(&net, 2, "eth0");
        cr_assert(eq(u32, ask(20), 0));
        fake_net_add_address(&net, 2, "169.254.0.2", 0);
        cr_assert(eq(u32, ask(30), SUMMARY_CHANGE_STATE));
        cr_assert(eq(int, summary.state, NETWORK_LOCAL));
        cr_assert(eq(u64, summary.state_since_usec, 30));

        fake_net_add_address(&net, 2, "10.1.0.2", 0);
        (void)fake_net_add_route(&net,
                                 &(struct fake_route){"0.0.0.0", 0, 2, "10.1.0.1", "10.1.0.2"});
        cr_assert(eq(u32, ask(40),
                     SUMMARY_CHANGE_STATE | SUMMARY_CHANGE_PRIMARY4 | SUMMARY_CHANGE_METERED));
        cr_assert(eq(int, summary.state, NETWORK_ROUTED));
        cr_assert(eq(int, summary.metered, METERED_NO));
        cr_assert(eq(u32, ask(50), 0));
        cr_assert(eq(u64, summary.state_since_usec, 40));

        fake_net_set_flags(&net, 2, IFF_UP, 2);
        cr_assert(eq(u32, ask(60), SUMMARY_CHANGE_STATE | SUMMARY_CHANGE_PRIMARY4));
        cr_assert(eq(int, summary.state, NETWORK_OFFLINE));
}

Test(summary, alternative_keeps_the_state) {
        fake_net_add_uplinks(&net);
        (void)ask(10);
        cr_assert(eq(int, summary.state, NETWORK_ROUTED));
        fake_net_set_flags(&net, 2, IFF_UP, 2);
        cr_assert(eq(u32, ask(20), SUMMARY_CHANGE_PRIMARY4 | SUMMARY_CHANGE_PRIMARY6));
        cr_assert(eq(int, summary.state, NETWORK_ROUTED));
        cr_assert(eq(u64, summary.state_since_usec, 10));
}

Test(summary, alternatives_alone) {
        fake_net_add_uplinks(&net);
        (void)ask(10);
        fake_net_set_flags(&net, 3, IFF_UP, 2);
        cr_assert(eq(u32, ask(20), SUMMARY_CHANGE_ALTERNATIVES));
}

Test(summary, containers_are_no_network) {
        (void)fake_net_add_link(&net, 2, "br0");
        fake_net_add_address(&net, 2, "172.17.0.1", 0);
        (void)ask(10);
        cr_assert(eq(int, summary.state, NETWORK_OFFLINE));
}

Test(summary, cost_is_that_of_the_default_path) {
        fake_net_add_uplinks(&net);
        net.routes[0].metric = 999;
        (void)ask(10);
        cr_assert(eq(int, summary.metered, METERED_YES));
        fake_net_set_flags(&net, 3, IFF_UP, 2); /* then IPv6, by cable */
        (void)ask(20);
        cr_assert(eq(int, summary.metered, METERED_NO));
}

Test(summary, kernel_that_cannot_be_asked) {
        struct summary now = {.state_since_usec = 77};

        net.error = -EAGAIN;
        cr_assert(eq(int, summary_ask(&net.world.model, &net.world.kernel, &summary, 10, &now),
                     -EAGAIN));
        cr_assert(eq(u64, now.state_since_usec, 77));
}

Test(summary, words) {
        cr_assert(eq(str, (char *)network_state_to_string(NETWORK_OFFLINE), "offline"));
        cr_assert(eq(str, (char *)network_state_to_string(NETWORK_LOCAL), "local"));
        cr_assert(eq(str, (char *)network_state_to_string(NETWORK_ROUTED), "routed"));
}
