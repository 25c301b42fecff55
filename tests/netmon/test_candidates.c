/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "candidates.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_net.h"
#include "model.h"
#include "path.h"

static struct fake_net net;
static struct candidates candidates;

static void setup(void) {
        fake_net_init(&net);
}

static void teardown(void) {
        fake_net_deinit(&net);
}

TestSuite(candidates, .init = setup, .fini = teardown);

static void add(uint32_t index, const char *name) {
        char address[32];

        (void)fake_net_add_link(&net, index, name);
        (void)snprintf(address, sizeof(address), "10.%u.%u.2", index / 256, index % 256);
        fake_net_add_address(&net, index, address, 0);
}

/* The names of those for a path, a space after each. */
static char *names_for(uint8_t family, enum link_type type) {
        const struct path path = {.family = family, .type = type, .ifindex = 9999};
        const struct candidate_list *list;
        static char text[512];

        candidates_collect(&net.world.model, &candidates);
        list = candidates_for(&candidates, &path);
        text[0] = '\0';
        for (size_t i = 0; i < list->n; i++) {
                (void)strcat(text, list->links[i]->facts.name);
                (void)strcat(text, " ");
        }
        return text;
}

Test(candidates, order) {
        add(2, "veth0");
        add(3, "br0");
        add(4, "wg0");
        add(5, "wwan0");
        add(6, "wlan0");
        add(7, "eth0");
        cr_assert(
                eq(str, names_for(AF_INET, LINK_TYPE_ETHERNET), "eth0 wlan0 wwan0 wg0 br0 veth0 "));
        cr_assert(eq(str, names_for(AF_INET, LINK_TYPE_VPN), "wg0 "));
        cr_assert(eq(str, names_for(AF_INET6, LINK_TYPE_ETHERNET), ""));
}

Test(candidates, who_cannot_be_one) {
        add(2, "eth0");
        add(3, "eth1");
        add(4, "eth2");
        (void)fake_net_add_link(&net, 5, "eth3"); /* no address */
        fake_net_set_flags(&net, 2, 0, 2);
        model_find(&net.world.model, 3)->facts.master = 4;
        cr_assert(eq(str, names_for(AF_INET, LINK_TYPE_ETHERNET), "eth2 "));
        fake_net_remove_address(&net, 4, "10.0.4.2");
        fake_net_add_address(&net, 4, "2001:db8::2", 0);
        cr_assert(eq(str, names_for(AF_INET, LINK_TYPE_ETHERNET), ""));
        cr_assert(eq(str, names_for(AF_INET6, LINK_TYPE_ETHERNET), "eth2 "));
}

Test(candidates, few_of_many) {
        for (uint32_t i = 0; i < 3000; i++) {
                char name[16];

                (void)snprintf(name, sizeof(name), "veth%u", i);
                add(10 + i, name);
        }
        cr_assert(eq(str, names_for(AF_INET, LINK_TYPE_ETHERNET), "veth0 veth1 veth2 veth3 "));
        add(4000, "br0");
        add(4001, "eth0");
        cr_assert(eq(str, names_for(AF_INET, LINK_TYPE_ETHERNET), "eth0 br0 veth0 veth1 veth2 "));
        for (uint32_t i = 1; i < 30; i++) {
                char name[16];

                (void)snprintf(name, sizeof(name), "eth%u", i);
                add(5000 + i, name);
        }
        (void)names_for(AF_INET, LINK_TYPE_ETHERNET);
        cr_assert(eq(sz, candidates.four.n, CANDIDATES_MAX + 1));
        cr_assert(eq(str, (char *)candidates.four.links[CANDIDATES_MAX]->facts.name, "eth16"));
}
