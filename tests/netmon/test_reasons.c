/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reasons.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "answer.h"
#include "fake_net.h"

static struct fake_net net;
static struct answer was, now;

static void setup(void) {
        fake_net_init(&net);
        fake_net_add_uplinks(&net);
        for (size_t i = 0; i < net.world.model.n_links; i++)
                net.world.model.links[i]->recent = 0;
        was = now = (struct answer){.selected = {.ifindex = 2}};
}

static void teardown(void) {
        fake_net_deinit(&net);
}

TestSuite(reasons, .init = setup, .fini = teardown);

static unsigned reasons(unsigned triggers) {
        return reasons_of(&was, &now, &net.world.model, triggers);
}

Test(reasons, what_happened_to_the_links_of_the_path) {
        static const struct {
                unsigned recent;
                unsigned reasons;
        } rows[] = {
                {LINK_CHANGE_CARRIER, REASON_CARRIER},
                {LINK_CHANGE_OPERSTATE, REASON_CARRIER},
                {LINK_CHANGE_UP | LINK_CHANGE_CARRIER | LINK_CHANGE_OPERSTATE, REASON_ADMIN},
                {LINK_CHANGE_ADDED, REASON_ADMIN},
                {LINK_CHANGE_NAME, REASON_ADMIN},
                {LINK_CHANGE_ADDRESSES, REASON_ADDRESS},
                {LINK_CHANGE_METERED, REASON_METERED},
                {LINK_CHANGE_NETWORK_ID, REASON_NETWORK_ID},
                {LINK_CHANGE_ROAMING, REASON_ROAM},
                {LINK_CHANGE_ROAM, REASON_ROAM},
                {LINK_CHANGE_CARRIER | LINK_CHANGE_LOSING, REASON_CARRIER},
                {LINK_CHANGE_BEARER, REASON_BEARER},
                {LINK_CHANGE_CARRIER | LINK_CHANGE_ADDRESSES, REASON_CARRIER | REASON_ADDRESS},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                model_find(&net.world.model, 2)->recent = rows[i].recent;
                cr_assert(eq(u32, reasons(0), rows[i].reasons), "row %zu", i);
        }
}

Test(reasons, other_links_do_not_count) {
        model_find(&net.world.model, 3)->recent = LINK_CHANGE_CARRIER;
        cr_assert(eq(u32, reasons(REASON_ROUTE), REASON_ROUTE));
        now.n_alternatives = 1;
        now.alternatives[0].ifindex = 3;
        cr_assert(eq(u32, reasons(REASON_ROUTE), REASON_ROUTE | REASON_CARRIER));
}

Test(reasons, link_that_is_gone) {
        fake_net_remove_link(&net, 2);
        now.selected.ifindex = 3;
        cr_assert(eq(u32, reasons(0), REASON_ADMIN));
}

Test(reasons, rfkill) {
        struct link *link = model_find(&net.world.model, 3);

        was.selected = now.selected = (struct path){.ifindex = 3, .type = link->type};
        link->recent = LINK_CHANGE_UP;
        net.world.model.switched = 1 << LINK_TYPE_WIFI;
        cr_assert(eq(u32, reasons(0), REASON_ADMIN));
        net.world.model.switched = 1 << LINK_TYPE_CELLULAR;
        cr_assert(eq(u32, reasons(0), REASON_ADMIN | REASON_RFKILL));
        cr_assert(eq(u32, reasons_of_links(&net.world.model, 0), REASON_ADMIN | REASON_RFKILL));
        link->recent = LINK_CHANGE_CARRIER;
        cr_assert(eq(u32, reasons(0), REASON_CARRIER | REASON_RFKILL));
        link->recent = LINK_CHANGE_ADDRESSES;
        cr_assert(eq(u32, reasons(0), REASON_ADDRESS));
        fake_net_remove_link(&net, 3);
        cr_assert(eq(u32, reasons(0), REASON_ADMIN | REASON_RFKILL));
}

Test(reasons, gateway) {
        cr_assert(netaddr_from_text("10.1.0.9", &now.selected.gateway));
        cr_assert(eq(u32, reasons(REASON_ROUTE), REASON_ROUTE | REASON_GATEWAY));
        now.selected.ifindex = 3;
        cr_assert(eq(u32, reasons(REASON_ROUTE), REASON_ROUTE));
}

Test(reasons, vpn) {
        now.selected.ifindex = 3;
        now.selected.type = LINK_TYPE_VPN;
        cr_assert(eq(u32, reasons(REASON_RULE), REASON_RULE | REASON_VPN));
        was.selected.type = LINK_TYPE_VPN;
        cr_assert(eq(u32, reasons(REASON_RULE), REASON_RULE));
}

Test(reasons, losing) {
        now.selected.losing = LOSING_BEACONS;
        cr_assert(eq(u32, reasons(0), REASON_LOSING));
        was.selected.losing = LOSING_BEACONS;
        cr_assert(eq(u32, reasons(REASON_ROUTE), REASON_ROUTE));
        /* A loss is no end of the warning. */
        now.selected.losing = LOSING_NOT;
        now.selected.why = PATH_CARRIER;
        cr_assert(eq(u32, reasons(REASON_ROUTE), REASON_ROUTE));
        now = was;
        was.n_alternatives = now.n_alternatives = 1;
        was.alternatives[0] = now.alternatives[0] = (struct path){.ifindex = 3};
        now.alternatives[0].losing = LOSING_GATEWAY;
        cr_assert(eq(u32, reasons(0), REASON_LOSING));
}

Test(reasons, never_none) {
        cr_assert(eq(u32, reasons(0), REASON_ROUTE));
        cr_assert(eq(u32, reasons(REASON_RESYNC), REASON_RESYNC));
        cr_assert(eq(u32, reasons(REASON_RESUME), REASON_RESUME));
        cr_assert(eq(u32, reasons_of_links(&net.world.model, 0), REASON_ADMIN));
        model_find(&net.world.model, 3)->recent = LINK_CHANGE_ADDRESSES;
        cr_assert(eq(u32, reasons_of_links(&net.world.model, 0), REASON_ADDRESS));
}

Test(reasons, words) {
        static const char *const words[REASON_COUNT] = {
                "start",      "carrier", "admin",  "address", "route",   "rule",
                "gateway",    "roam",    "bearer", "vpn",     "metered", "losing",
                "network-id", "resume",  "resync", "rfkill",
        };

        for (unsigned i = 0; i < REASON_COUNT; i++)
                cr_assert(eq(str, (char *)reason_to_string(1u << i), (char *)words[i]));
}
