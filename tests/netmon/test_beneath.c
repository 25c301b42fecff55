/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "beneath.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "fake_net.h"

static struct fake_net net;

static void setup(void) {
        fake_net_init(&net);
}

static void teardown(void) {
        fake_net_deinit(&net);
}

TestSuite(beneath, .init = setup, .fini = teardown);

static struct link *find(uint32_t index) {
        return model_find(&net.world.model, index);
}

Test(beneath, lowers_come_first) {
        struct beneath beneath = {};

        (void)fake_net_add_link(&net, 2, "macvlan0");
        (void)fake_net_add_link(&net, 3, "br0");
        (void)fake_net_add_link(&net, 4, "eth0");
        (void)fake_net_add_link(&net, 5, "eth1");
        find(2)->facts.lower = 3;
        find(4)->facts.master = 3;
        find(5)->facts.master = 3;
        beneath_add(&beneath, &net.world.model, 2);
        cr_assert(eq(sz, beneath.n, 4));
        cr_assert(eq(u32, beneath.indices[0], 4));
        cr_assert(eq(u32, beneath.indices[1], 5));
        cr_assert(eq(u32, beneath.indices[2], 3));
        cr_assert(eq(u32, beneath.indices[3], 2));
        beneath_add(&beneath, &net.world.model, 4);
        beneath_add(&beneath, &net.world.model, 0);
        beneath_add(&beneath, &net.world.model, 77);
        cr_assert(eq(sz, beneath.n, 4));
}

Test(beneath, other_end_of_a_veth_is_not_beneath) {
        struct beneath beneath = {};

        (void)fake_net_add_link(&net, 2, "veth0");
        (void)fake_net_add_link(&net, 3, "veth1");
        find(2)->facts.lower = 3;
        find(3)->facts.lower = 2;
        beneath_add(&beneath, &net.world.model, 2);
        cr_assert(eq(sz, beneath.n, 1));
}

Test(beneath, rings_and_crowds_end) {
        struct beneath beneath = {};

        (void)fake_net_add_link(&net, 2, "a");
        (void)fake_net_add_link(&net, 3, "b");
        find(2)->facts.lower = 3;
        find(3)->facts.lower = 2;
        beneath_add(&beneath, &net.world.model, 2);
        cr_assert(eq(sz, beneath.n, 2));
        for (uint32_t i = 10; i < 90; i++) {
                char name[16];

                (void)snprintf(name, sizeof(name), "veth%u", i);
                fake_net_add_link(&net, i, name)->facts.master = 3;
        }
        beneath = (struct beneath){};
        beneath_add(&beneath, &net.world.model, 3);
        cr_assert(eq(sz, beneath.n, BENEATH_MAX));
}
