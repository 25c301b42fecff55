/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "settings.h"

#define UP (IFF_UP | IFF_LOWER_UP)
#define OPERSTATE_DORMANT 5
#define OPERSTATE_UP 6

static struct settings settings;
static struct model model;

static void setup(void) {
        char expected[64];

        settings_init(&settings);
        cr_assert(eq(int,
                     settings_set("Interface cell*", "Type", "cellular", expected, sizeof(expected),
                                  &settings),
                     0));
        model_init(&model, &settings);
}

static void teardown(void) {
        model_deinit(&model);
}

TestSuite(model, .init = setup, .fini = teardown);

static struct link_msg link_msg(uint32_t index, const char *name) {
        struct link_msg msg = {.facts = {.index = index,
                                         .arphrd = ARPHRD_ETHER,
                                         .mtu = 1500,
                                         .operstate = OPERSTATE_UP}};

        (void)snprintf(msg.facts.name, sizeof(msg.facts.name), "%s", name);
        msg.facts.flags = UP;
        return msg;
}

static int apply(const struct link_msg *msg, uint64_t now_usec) {
        return model_apply_link(&model, msg, now_usec);
}

static struct address_msg address_msg(uint32_t index, const char *text, uint32_t flags) {
        struct address_msg msg = {.index = index, .address = {.flags = flags, .prefix_len = 24}};

        cr_assert(netaddr_from_text(text, &msg.address.local));
        msg.address.peer = msg.address.local;
        return msg;
}

Test(model, links_are_found_by_index_and_name) {
        static const uint32_t indices[] = {5, 2, 9, 1, 7};

        for (size_t i = 0; i < 5; i++) {
                char name[16];
                struct link_msg msg;

                (void)snprintf(name, sizeof(name), "eth%u", indices[i]);
                msg = link_msg(indices[i], name);
                memcpy(msg.altnames, "office", 7);
                msg.altnames_len = indices[i] == 9 ? 7 : 0;
                cr_assert(apply(&msg, 1) & LINK_CHANGE_ADDED);
        }
        for (size_t i = 0; i + 1 < model.n_links; i++)
                cr_assert(lt(u32, model.links[i]->facts.index, model.links[i + 1]->facts.index));
        cr_assert(eq(str, model_find(&model, 7)->facts.name, "eth7"));
        cr_assert(eq(ptr, model_find(&model, 6), NULL));
        cr_assert(eq(u32, model_find_name(&model, "eth2")->facts.index, 2));
        cr_assert(eq(u32, model_find_name(&model, "office")->facts.index, 9));
        cr_assert(eq(ptr, model_find_name(&model, "eth"), NULL));
        cr_assert(model_remove_link(&model, 5));
        cr_assert(not(model_remove_link(&model, 5)));
        cr_assert(eq(sz, model.n_links, 4));
}

Test(model, each_difference_sets_its_bit) {
        struct link_msg msg = link_msg(2, "eth0");

        (void)apply(&msg, 1);
        cr_assert(eq(int, apply(&msg, 2), 0));
        msg.facts.mtu = 1400;
        cr_assert(eq(int, apply(&msg, 3), LINK_CHANGE_MTU));
        msg.facts.carrier_changes++;
        cr_assert(eq(int, apply(&msg, 3), LINK_CHANGE_CARRIER_CHANGES));
        msg.facts.master = 7;
        cr_assert(eq(int, apply(&msg, 3), LINK_CHANGE_PLACE));
        msg.facts.hardware_address_len = 6;
        cr_assert(eq(int, apply(&msg, 3), LINK_CHANGE_HARDWARE_ADDRESS));
        msg.facts.flags &= ~(uint32_t)IFF_LOWER_UP;
        cr_assert(eq(int, apply(&msg, 4), LINK_CHANGE_CARRIER | LINK_CHANGE_USABLE));
        msg.facts.flags |= IFF_LOWER_UP;
        msg.facts.operstate = OPERSTATE_DORMANT;
        cr_assert(eq(int, apply(&msg, 5), LINK_CHANGE_CARRIER | LINK_CHANGE_OPERSTATE));
        msg.facts.flags &= ~(uint32_t)IFF_UP;
        cr_assert(eq(int, apply(&msg, 6), LINK_CHANGE_UP));
        msg.facts.flags |= IFF_PROMISC;
        cr_assert(eq(int, apply(&msg, 6), 0));
        memcpy(msg.altnames, "office", 7);
        msg.altnames_len = 7;
        cr_assert(eq(int, apply(&msg, 7), LINK_CHANGE_ALTNAMES));
        cr_assert(eq(int, apply(&msg, 8), 0));
}

Test(model, usable_has_a_time) {
        struct link_msg msg = link_msg(2, "eth0");
        struct link *link;

        (void)apply(&msg, 10);
        link = model_find(&model, 2);
        cr_assert(link->usable);
        cr_assert(eq(u64, link->since_usec, 10));
        msg.facts.mtu = 1400;
        (void)apply(&msg, 20);
        cr_assert(eq(u64, link->since_usec, 10));
        msg.facts.operstate = 2;
        (void)apply(&msg, 30);
        cr_assert(not(link->usable));
        cr_assert(eq(u64, link->since_usec, 30));
        msg.facts.operstate = 0; /* unknown is normal for many */
        (void)apply(&msg, 40);
        cr_assert(link->usable);
}

Test(model, a_new_name_may_bring_a_new_type) {
        struct link_msg msg = link_msg(2, "eth0");
        struct link *link;

        (void)apply(&msg, 1);
        link = model_find(&model, 2);
        model_set_device(&model, link, &(struct link_device){.physical = true});
        cr_assert(eq(int, link->type, LINK_TYPE_ETHERNET));
        cr_assert(eq(int, link->metered, METERED_NO));
        cr_assert(eq(int, link->metered_source, METERED_SOURCE_TYPE));
        (void)snprintf(msg.facts.name, sizeof(msg.facts.name), "cell0");
        cr_assert(
                eq(int, apply(&msg, 2), LINK_CHANGE_NAME | LINK_CHANGE_TYPE | LINK_CHANGE_METERED));
        cr_assert(eq(int, link->type, LINK_TYPE_CELLULAR));
        cr_assert(eq(int, link->metered, METERED_YES));
}

Test(model, configured_cost) {
        struct link_msg msg = link_msg(2, "wlan0");
        char expected[64];

        cr_assert(eq(int,
                     settings_set("Interface wlan0", "Metered", "unknown", expected,
                                  sizeof(expected), &settings),
                     0));
        (void)apply(&msg, 1);
        cr_assert(eq(int, model_find(&model, 2)->metered, METERED_UNKNOWN));
        cr_assert(eq(int, model_find(&model, 2)->metered_source, METERED_SOURCE_CONFIG));
}

Test(model, same_index_later_is_another_link) {
        struct link_msg msg = link_msg(2, "eth0");
        uint64_t id;

        (void)apply(&msg, 1);
        id = model_find(&model, 2)->id;
        cr_assert(model_remove_link(&model, 2));
        (void)apply(&msg, 2);
        cr_assert(ne(u64, model_find(&model, 2)->id, id));
}

Test(model, addresses_come_and_go) {
        struct link_msg link = link_msg(2, "eth0");
        struct address_msg a = address_msg(2, "10.0.0.1", 0), b = address_msg(2, "10.0.0.2", 0);
        struct address_msg c = address_msg(2, "10.0.0.3", 0),
                           nowhere = address_msg(9, "10.0.0.9", 0);
        const struct link *own;

        (void)apply(&link, 1);
        cr_assert(eq(int, model_apply_address(&model, &a), LINK_CHANGE_ADDRESSES));
        cr_assert(eq(int, model_apply_address(&model, &b), LINK_CHANGE_ADDRESSES));
        cr_assert(eq(int, model_apply_address(&model, &c), LINK_CHANGE_ADDRESSES));
        cr_assert(eq(int, model_apply_address(&model, &b), 0));
        cr_assert(eq(int, model_apply_address(&model, &nowhere), 0));
        b.address.flags = IFA_F_DEPRECATED;
        cr_assert(eq(int, model_apply_address(&model, &b), LINK_CHANGE_ADDRESSES));
        own = model_find(&model, 2);
        cr_assert(eq(sz, own->n_addresses, 3));
        cr_assert(netaddr_equal(&own->addresses[1].local, &b.address.local));
        cr_assert(eq(u32, link_find_address(own, &b.address.local)->flags, IFA_F_DEPRECATED));
        cr_assert(model_remove_address(&model, &a));
        cr_assert(not(model_remove_address(&model, &a)));
        cr_assert(not(model_remove_address(&model, &nowhere)));
        cr_assert(netaddr_equal(&own->addresses[0].local, &b.address.local));
        cr_assert(netaddr_equal(&own->addresses[1].local, &c.address.local));
}

/* The same whatever came first, which nobody knows after lost messages. */
Test(model, addresses_have_one_order) {
        static const char *const sorted[] = {"10.0.0.2", "10.0.0.1",    "2001:db8::1",
                                             "fd00::1",  "2001:db8::2", "fe80::1"};
        const size_t n = sizeof(sorted) / sizeof(sorted[0]);
        struct link_msg link = link_msg(2, "eth0");

        for (size_t first = 0; first < n; first++) {
                const struct link *own;

                (void)apply(&link, 1);
                for (size_t i = 0; i < n; i++) {
                        const char *text = sorted[(first + i * 5) % n];
                        struct address_msg msg = address_msg(2, text, 0);

                        msg.address.is_secondary = strcmp(text, "10.0.0.1") == 0;
                        /* Said to reach no farther than a site. */
                        msg.address.scope = strcmp(text, "2001:db8::2") == 0 ? RT_SCOPE_SITE : 0;
                        (void)model_apply_address(&model, &msg);
                }
                own = model_find(&model, 2);
                cr_assert(eq(sz, own->n_addresses, n));
                for (size_t i = 0; i < n; i++) {
                        char text[NETADDR_TEXT_SIZE];

                        cr_assert(eq(str, (char *)netaddr_format(&own->addresses[i].local, text),
                                     (char *)sorted[i]));
                }
                cr_assert(model_remove_link(&model, 2));
        }
}

/* A promoted one stands where it would have stood. */
Test(model, secondary_address_becomes_the_first) {
        struct link_msg link = link_msg(2, "eth0");
        struct address_msg a = address_msg(2, "10.0.0.1", 0), b = address_msg(2, "10.0.0.2", 0);
        const struct link *own;

        (void)apply(&link, 1);
        a.address.is_secondary = true;
        (void)model_apply_address(&model, &a);
        (void)model_apply_address(&model, &b);
        own = model_find(&model, 2);
        cr_assert(netaddr_equal(&own->addresses[0].local, &b.address.local));
        a.address.is_secondary = false;
        cr_assert(eq(int, model_apply_address(&model, &a), LINK_CHANGE_ADDRESSES));
        cr_assert(netaddr_equal(&own->addresses[0].local, &a.address.local));
        cr_assert(eq(int, model_apply_address(&model, &a), 0));
}

Test(model, other_end_of_an_address_may_change) {
        struct link_msg link = link_msg(2, "ppp0");
        struct address_msg six = address_msg(2, "fe80::2", 0), four = address_msg(2, "10.0.0.2", 0);

        (void)apply(&link, 1);
        cr_assert(ne(int, model_apply_address(&model, &six), 0));
        cr_assert(netaddr_from_text("fe80::1", &six.address.peer));
        cr_assert(eq(int, model_apply_address(&model, &six), 0));
        six.address.prefix_len = 128;
        cr_assert(ne(int, model_apply_address(&model, &six), 0));
        cr_assert(eq(sz, model.links[0]->n_addresses, 1));
        cr_assert(model_remove_address(&model, &six));
        cr_assert(eq(sz, model.links[0]->n_addresses, 0));
        /* Of IPv4 these are two. */
        cr_assert(ne(int, model_apply_address(&model, &four), 0));
        cr_assert(netaddr_from_text("10.0.0.1", &four.address.peer));
        cr_assert(ne(int, model_apply_address(&model, &four), 0));
        cr_assert(eq(sz, model.links[0]->n_addresses, 2));
}

Test(model, which_addresses_lead_on) {
        static const struct {
                const char *text;
                uint32_t flags;
                uint8_t scope;
                bool routable;
        } rows[] = {
                {"10.0.0.1", 0, RT_SCOPE_UNIVERSE, true},
                {"10.0.0.1", 0, RT_SCOPE_SITE, true},
                {"10.0.0.1", 0, RT_SCOPE_LINK, false},
                {"10.0.0.1", 0, RT_SCOPE_HOST, false},
                {"169.254.0.1", 0, RT_SCOPE_UNIVERSE, false},
                {"2001:db8::1", 0, RT_SCOPE_UNIVERSE, true},
                {"2001:db8::1", IFA_F_DEPRECATED, RT_SCOPE_UNIVERSE, true},
                {"2001:db8::1", IFA_F_TENTATIVE, RT_SCOPE_UNIVERSE, false},
                {"2001:db8::1", IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, RT_SCOPE_UNIVERSE, true},
                {"2001:db8::1", IFA_F_TENTATIVE | IFA_F_DADFAILED, RT_SCOPE_UNIVERSE, false},
                {"2001:db8::1", IFA_F_DADFAILED, RT_SCOPE_UNIVERSE, false},
                {"fe80::1", 0, RT_SCOPE_LINK, false},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct address_msg msg = address_msg(2, rows[i].text, rows[i].flags);

                msg.address.scope = rows[i].scope;
                cr_assert(eq(int, address_is_routable(&msg.address), rows[i].routable), "row %zu",
                          i);
        }
}

/* A model as a dump would bring it: eth0 and eth1 with an address each. */
static void fill(struct model *fresh) {
        struct link_msg a = link_msg(2, "eth0"), b = link_msg(3, "eth1");
        struct address_msg c = address_msg(2, "10.0.0.1", 0), d = address_msg(3, "10.0.1.1", 0);

        (void)model_apply_link(fresh, &a, 50);
        (void)model_apply_link(fresh, &b, 50);
        (void)model_apply_address(fresh, &c);
        (void)model_apply_address(fresh, &d);
}

static void clear_changes(void) {
        for (size_t i = 0; i < model.n_links; i++)
                model.links[i]->changed = model.links[i]->recent = 0;
}

Test(model, same_dump_changes_nothing) {
        struct model fresh;
        const struct link *link;

        fill(&model);
        link = model_find(&model, 2);
        clear_changes();
        model_init(&fresh, &settings);
        fill(&fresh);
        cr_assert(not(model_replace(&model, &fresh, 60)));
        cr_assert(eq(ptr, (void *)model_find(&model, 2), (void *)link));
        cr_assert(eq(u32, link->changed, 0));
        cr_assert(eq(u64, link->since_usec, 50));
        cr_assert(eq(sz, fresh.n_links, 0));
}

Test(model, dump_differs_as_if_by_messages) {
        struct link_msg gone = link_msg(2, "eth0"), more = link_msg(9, "eth9");
        struct address_msg address = address_msg(3, "10.0.1.2", 0);
        struct model fresh;
        uint64_t id;

        fill(&model);
        more.facts.index = 4;
        (void)model_apply_link(&model, &more, 50);
        id = model_find(&model, 2)->id;
        clear_changes();
        model_init(&fresh, &settings);
        fill(&fresh);
        gone.facts.flags = IFF_UP;
        (void)model_apply_link(&fresh, &gone, 55);
        (void)model_apply_address(&fresh, &address);
        more.facts.index = 9;
        (void)model_apply_link(&fresh, &more, 55);

        cr_assert(model_replace(&model, &fresh, 60));
        cr_assert(eq(sz, model.n_links, 3));
        cr_assert(eq(ptr, model_find(&model, 4), NULL));
        cr_assert(eq(u64, model_find(&model, 2)->id, id));
        cr_assert(
                eq(u32, model_find(&model, 2)->changed, LINK_CHANGE_CARRIER | LINK_CHANGE_USABLE));
        cr_assert(eq(u64, model_find(&model, 2)->since_usec, 60));
        cr_assert(eq(u32, model_find(&model, 3)->changed, LINK_CHANGE_ADDRESSES));
        cr_assert(eq(sz, model_find(&model, 3)->n_addresses, 2));
        cr_assert(model_find(&model, 9)->changed & LINK_CHANGE_ADDED);
}

Test(model, link_missing_from_a_dump_is_a_change) {
        struct link_msg more = link_msg(4, "eth4");
        struct model fresh;

        fill(&model);
        (void)model_apply_link(&model, &more, 50);
        clear_changes();
        model_init(&fresh, &settings);
        fill(&fresh);
        cr_assert(model_replace(&model, &fresh, 60));
}

Test(model, another_link_under_a_known_index_gets_its_own_id) {
        struct model fresh;
        struct link_msg other = link_msg(2, "veth0");
        uint64_t id;

        fill(&model);
        id = model_find(&model, 2)->id;
        clear_changes();
        model_init(&fresh, &settings);
        (void)snprintf(other.facts.kind, sizeof(other.facts.kind), "veth");
        (void)model_apply_link(&fresh, &other, 55);
        cr_assert(model_replace(&model, &fresh, 60));
        cr_assert(lt(u64, id, model_find(&model, 2)->id));
        cr_assert(model_find(&model, 2)->changed & LINK_CHANGE_ADDED);
        cr_assert(eq(sz, model_find(&model, 2)->n_addresses, 0));
}

static struct hint hint; /* of every link named wlan0 */

static void find_hint(void *userdata, const char *name, struct hint *ret) {
        *ret = strcmp(name, "wlan0") == 0 ? hint : (struct hint){};
}

Test(model, hints) {
        static const struct {
                struct hint hint;
                unsigned changed;
        } steps[] = {
                {{.metered = HINT_METERED_YES}, LINK_CHANGE_METERED},
                {{.metered = HINT_METERED_GUESS_YES}, 0},
                {{.metered = HINT_METERED_NO}, LINK_CHANGE_METERED},
                {{.operator_name = "Home"}, LINK_CHANGE_BEARER | LINK_CHANGE_METERED},
                {{.operator_name = "Home", .technology = "lte"}, LINK_CHANGE_BEARER},
                {{.operator_name = "Home", .technology = "lte", .signal_quality = 60},
                 LINK_CHANGE_SIGNAL_QUALITY},
                {{.operator_name = "Home", .technology = "lte", .signal_quality = 64}, 0},
                {{.operator_name = "Home", .technology = "lte", .signal_quality = 65},
                 LINK_CHANGE_SIGNAL_QUALITY},
                {{.signal_quality = 65, .registration = REGISTRATION_ROAMING},
                 LINK_CHANGE_BEARER | LINK_CHANGE_ROAMING},
                {{}, LINK_CHANGE_BEARER | LINK_CHANGE_ROAMING | LINK_CHANGE_SIGNAL_QUALITY},
        };
        struct link_msg other = link_msg(2, "eth0"), msg = link_msg(3, "wlan0");

        cr_assert(not(model_take_hints(&model)));
        model.hints.find = find_hint;
        cr_assert(ge(int, apply(&other, 1000), 0));
        cr_assert(ge(int, apply(&msg, 1000), 0));
        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
                hint = steps[i].hint;
                model_find(&model, 2)->changed = model_find(&model, 3)->changed = 0;
                cr_assert(eq(int, model_take_hints(&model), steps[i].changed != 0), "step %zu", i);
                cr_assert(eq(u32, model_find(&model, 3)->changed, steps[i].changed), "step %zu", i);
                cr_assert(eq(u32, model_find(&model, 2)->changed, 0));
        }
}

Test(model, hints_go_by_name) {
        struct link_msg msg = link_msg(3, "eth0");
        struct link *link;

        model.hints.find = find_hint;
        hint = (struct hint){.metered = HINT_METERED_YES, .operator_name = "Home"};
        cr_assert(ge(int, apply(&msg, 1000), 0));
        link = model_find(&model, 3);
        cr_assert(eq(u32, link->metered, METERED_UNKNOWN));
        (void)snprintf(msg.facts.name, sizeof(msg.facts.name), "wlan0");
        cr_assert(
                eq(int, apply(&msg, 2000),
                   LINK_CHANGE_NAME | LINK_CHANGE_TYPE | LINK_CHANGE_METERED | LINK_CHANGE_BEARER));
        cr_assert(eq(u32, link->metered, METERED_YES));
        cr_assert(eq(u32, link->metered_source, METERED_SOURCE_NETWORK_MANAGER));
        cr_assert(eq(str, link->hint.operator_name, (char *)"Home"));
}

Test(model, hints_of_a_link_that_only_a_dump_told) {
        struct link_msg msg = link_msg(3, "wlan0");
        struct model fresh;

        model_init(&fresh, &settings);
        cr_assert(ge(int, model_apply_link(&fresh, &msg, 1000), 0));
        model.hints.find = find_hint;
        hint = (struct hint){.metered = HINT_METERED_YES};
        cr_assert(model_replace(&model, &fresh, 2000));
        cr_assert(eq(u32, model_find(&model, 3)->metered, METERED_YES));
}

Test(model, configuration_outdoes_hints) {
        struct link_msg msg = link_msg(3, "wlan0");
        char expected[64];

        cr_assert(eq(int,
                     settings_set("Interface wlan*", "Metered", "no", expected, sizeof(expected),
                                  &settings),
                     0));
        model.hints.find = find_hint;
        hint = (struct hint){.metered = HINT_METERED_YES};
        cr_assert(ge(int, apply(&msg, 1000), 0));
        cr_assert(eq(u32, model_find(&model, 3)->metered, METERED_NO));
        cr_assert(eq(u32, model_find(&model, 3)->metered_source, METERED_SOURCE_CONFIG));
}
