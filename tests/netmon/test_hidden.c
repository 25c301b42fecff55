/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hidden.h"

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

TestSuite(hidden, .init = setup, .fini = teardown);

static bool is_hidden(uint32_t index) {
        return link_is_hidden(&net.world.model, model_find(&net.world.model, index));
}

static void enslave(uint32_t port, uint32_t master, const char *kind) {
        struct link *link = model_find(&net.world.model, port);

        link->facts.master = master;
        (void)snprintf(link->facts.slave_kind, sizeof(link->facts.slave_kind), "%s", kind);
}

Test(hidden, devices_and_lo_are_shown) {
        (void)fake_net_add_link(&net, 2, "eth0");
        cr_assert(not(is_hidden(1)));
        cr_assert(not(is_hidden(2)));
}

Test(hidden, virtual_links_need_a_real_address) {
        (void)fake_net_add_link(&net, 2, "veth0");
        (void)fake_net_add_link(&net, 3, "wg0");
        cr_assert(is_hidden(2));
        cr_assert(is_hidden(3));
        fake_net_add_address(&net, 2, "fe80::1", 0);
        fake_net_add_address(&net, 3, "169.254.0.1", 0);
        cr_assert(is_hidden(2));
        cr_assert(is_hidden(3));
        fake_net_add_address(&net, 2, "10.0.0.1", 0);
        fake_net_add_address(&net, 3, "2001:db8::1", 0);
        cr_assert(not(is_hidden(2)));
        cr_assert(not(is_hidden(3)));
}

Test(hidden, ports) {
        (void)fake_net_add_link(&net, 2, "eth0");
        (void)fake_net_add_link(&net, 3, "eth1");
        enslave(2, 9, "bond");
        enslave(3, 9, "vrf");
        cr_assert(is_hidden(2));
        cr_assert(not(is_hidden(3)));
}

Test(hidden, bridges_with_virtual_ports_only) {
        (void)fake_net_add_link(&net, 2, "br0");
        fake_net_add_address(&net, 2, "172.17.0.1", 0);
        cr_assert(is_hidden(2));
        (void)fake_net_add_link(&net, 3, "veth0");
        enslave(3, 2, "bridge");
        cr_assert(is_hidden(2));
        (void)fake_net_add_link(&net, 4, "eth0");
        enslave(4, 2, "bridge");
        cr_assert(not(is_hidden(2)));
}

Test(hidden, not_what_the_configuration_names) {
        char expected[64];

        cr_assert(eq(int,
                     settings_set("Interface veth0", "Type", "wifi", expected, sizeof(expected),
                                  &net.world.settings),
                     0));
        (void)fake_net_add_link(&net, 2, "veth0");
        cr_assert(not(is_hidden(2)));
}

Test(hidden, what_matters_is_shown_or_addressed_or_in_a_path) {
        struct link *veth = fake_net_add_link(&net, 2, "veth0");

        cr_assert(not(link_matters(&net.world.model, veth)));
        veth->in_path = true;
        cr_assert(link_matters(&net.world.model, veth));
        veth->in_path = false;
        fake_net_add_address(&net, 2, "fe80::1", 0);
        cr_assert(is_hidden(2));
        cr_assert(link_matters(&net.world.model, veth));
        cr_assert(link_matters(&net.world.model, fake_net_add_link(&net, 3, "eth0")));
}
