/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "fake_net.h"

#define OPERSTATE_DOWN 2
#define OPERSTATE_LOWERLAYERDOWN 3
#define OPERSTATE_DORMANT 5
#define OPERSTATE_UP 6

static struct fake_net net;

static void setup(void) {
        fake_net_init(&net);
        (void)fake_net_add_link(&net, 2, "eth0");
}

static void teardown(void) {
        fake_net_deinit(&net);
}

TestSuite(path, .init = setup, .fini = teardown);

static struct netaddr address(const char *text) {
        struct netaddr ret = {};

        cr_assert(text[0] == '\0' || netaddr_from_text(text, &ret), "%s", text);
        return ret;
}

/* The verdict on a path through eth0, and whether it spoke of the unknown. */
static enum path_why judge(const char *source, const char *destination, bool *ret_unknown) {
        struct path path = {.ifindex = 2, .source = address(source)};
        struct netaddr to = address(destination);

        path.family = to.family;
        return path_judge(&path, &net.world.model, &to, ret_unknown);
}

Test(path, link_must_work) {
        static const struct {
                uint32_t flags;
                uint8_t operstate;
                enum path_why why;
        } rows[] = {
                {IFF_UP | IFF_LOWER_UP, OPERSTATE_UP, PATH_USABLE},
                {IFF_UP | IFF_LOWER_UP, 0, PATH_USABLE},
                {IFF_UP, OPERSTATE_DOWN, PATH_CARRIER},
                {IFF_UP, OPERSTATE_LOWERLAYERDOWN, PATH_CARRIER},
                {IFF_UP, OPERSTATE_UP, PATH_CARRIER},
                {IFF_UP | IFF_LOWER_UP, OPERSTATE_DOWN, PATH_CARRIER},
                {IFF_UP | IFF_LOWER_UP, OPERSTATE_DORMANT, PATH_DORMANT},
                {IFF_UP, OPERSTATE_DORMANT, PATH_CARRIER},
                {0, OPERSTATE_DOWN, PATH_DOWN},
                {IFF_LOWER_UP, OPERSTATE_UP, PATH_DOWN},
        };
        bool unknown;

        fake_net_add_address(&net, 2, "10.0.0.2", 0);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                fake_net_set_flags(&net, 2, rows[i].flags, rows[i].operstate);
                cr_assert(eq(int, judge("10.0.0.2", "192.0.2.1", &unknown), rows[i].why), "row %zu",
                          i);
                cr_assert(not(unknown));
        }
}

Test(path, source_must_serve) {
        static const struct {
                const char *own; /* on eth0 */
                uint32_t flags;
                const char *source; /* that the kernel chooses */
                const char *destination;
                enum path_why why;
                bool unknown;
        } rows[] = {
                {"10.0.0.2", 0, "10.0.0.2", "192.0.2.1", PATH_USABLE, false},
                {"10.0.0.2", 0, "10.0.0.9", "192.0.2.1", PATH_NO_SOURCE, true},
                {"10.0.0.2", 0, "", "192.0.2.1", PATH_NO_SOURCE, false},
                {"169.254.0.2", 0, "169.254.0.2", "192.0.2.1", PATH_NO_SOURCE, false},
                {"169.254.0.2", 0, "169.254.0.2", "169.254.0.1", PATH_USABLE, false},
                {"2001:db8::2", 0, "2001:db8::2", "2001:db8:9::1", PATH_USABLE, false},
                {"2001:db8::2", IFA_F_DEPRECATED, "2001:db8::2", "2001:db8:9::1", PATH_USABLE,
                 false},
                {"2001:db8::2", IFA_F_TENTATIVE, "2001:db8::2", "2001:db8:9::1", PATH_TENTATIVE,
                 false},
                {"2001:db8::2", IFA_F_TENTATIVE, "", "2001:db8:9::1", PATH_TENTATIVE, false},
                {"2001:db8::2", IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, "2001:db8::2", "2001:db8:9::1",
                 PATH_USABLE, false},
                {"2001:db8::2", IFA_F_TENTATIVE | IFA_F_DADFAILED, "2001:db8::2", "2001:db8:9::1",
                 PATH_NO_SOURCE, false},
                {"fe80::2", 0, "fe80::2", "2001:db8:9::1", PATH_NO_SOURCE, false},
                {"fe80::2", 0, "fe80::2", "fe80::1", PATH_USABLE, false},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                bool unknown;

                fake_net_add_address(&net, 2, rows[i].own, rows[i].flags);
                cr_assert(
                        eq(int, judge(rows[i].source, rows[i].destination, &unknown), rows[i].why),
                        "row %zu", i);
                cr_assert(eq(int, unknown, rows[i].unknown), "row %zu", i);
                fake_net_remove_address(&net, 2, rows[i].own);
        }
}

/* The lookup answers with the link-local address while the global one is under detection. */
Test(path, link_local_source_beside_a_tentative_one) {
        bool unknown;

        fake_net_add_address(&net, 2, "fe80::2", 0);
        fake_net_add_address(&net, 2, "2001:db8::2", IFA_F_TENTATIVE);
        cr_assert(eq(int, judge("fe80::2", "2001:db8:9::1", &unknown), PATH_TENTATIVE));
}

Test(path, source_may_be_on_another_link) {
        bool unknown;

        fake_net_add_address(&net, 1, "10.9.9.9", 0);
        cr_assert(eq(int, judge("10.9.9.9", "192.0.2.1", &unknown), PATH_USABLE));
}

Test(path, unknown_link) {
        struct path path = {.family = AF_INET, .ifindex = 77};
        struct netaddr to = address("192.0.2.1");
        bool unknown;

        cr_assert(eq(int, path_judge(&path, &net.world.model, &to, &unknown), PATH_NO_ROUTE));
        cr_assert(unknown);
}

Test(path, what_the_link_says) {
        struct path path = {.mtu = 1300};

        path_set_link(&path, model_find(&net.world.model, 2));
        cr_assert(eq(str, path.interface, "eth0"));
        cr_assert(eq(int, path.type, LINK_TYPE_ETHERNET));
        cr_assert(eq(int, path.metered, METERED_NO));
        cr_assert(eq(u32, path.mtu, 1300));
        path.mtu = 0;
        path_set_link(&path, model_find(&net.world.model, 2));
        cr_assert(eq(u32, path.mtu, 1500));
}

Test(path, equal_but_for_the_time) {
        struct path a = {.family = AF_INET, .ifindex = 2, .interface = "eth0", .since_usec = 1};
        struct path rows[10];

        for (size_t i = 0; i < 10; i++)
                rows[i] = a;
        rows[0].since_usec = 2;
        cr_assert(path_equal(&a, &rows[0]));
        rows[0].family = AF_INET6;
        rows[1].ifindex = 3;
        rows[2].interface[3] = '1';
        rows[3].type = LINK_TYPE_WIFI;
        rows[4].metered = METERED_YES;
        rows[5].source = address("10.0.0.2");
        rows[6].gateway = address("10.0.0.1");
        rows[7].table = 254;
        rows[8].metric = 100;
        rows[9].why = PATH_CARRIER;
        for (size_t i = 0; i < 10; i++)
                cr_assert(not(path_equal(&a, &rows[i])), "row %zu", i);
        rows[9] = a;
        rows[9].mtu = 1400;
        cr_assert(not(path_equal(&a, &rows[9])));
}

Test(path, goes_on_by_the_same_way) {
        struct path a = {.family = AF_INET, .ifindex = 2, .metric = 100}, b = a;

        b.metric = 200;
        b.mtu = 1400;
        cr_assert(path_continues(&a, &b));
        a.why = PATH_CARRIER;
        cr_assert(not(path_continues(&a, &b)));
        b.why = PATH_DOWN;
        cr_assert(path_continues(&a, &b));
        b.gateway = address("10.0.0.1");
        cr_assert(not(path_continues(&a, &b)));
}

Test(path, every_why_has_a_word) {
        for (unsigned i = 0; i < PATH_WHY_COUNT; i++) {
                cr_assert(ne(ptr, (void *)path_why_to_string(i), NULL));
                for (unsigned j = 0; j < i; j++)
                        cr_assert(ne(int, strcmp(path_why_to_string(i), path_why_to_string(j)), 0));
        }
}
