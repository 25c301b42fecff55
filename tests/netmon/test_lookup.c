/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lookup.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/rtnetlink.h>

#include "fake_net.h"

static struct fake_net net;

static void setup(void) {
        fake_net_init(&net);
        fake_net_add_uplinks(&net);
}

static void teardown(void) {
        fake_net_deinit(&net);
}

TestSuite(lookup, .init = setup, .fini = teardown);

static struct route_query query(const char *destination) {
        struct route_query ret = {};

        cr_assert(netaddr_from_text(destination, &ret.destination));
        return ret;
}

static struct path ask(const struct route_query *query) {
        struct lookup lookup = {.model = &net.world.model, .kernel = &net.world.kernel};
        struct route_reply match;
        struct path path;

        cr_assert(eq(int, lookup_path(&lookup, query, &path, &match), 0));
        cr_assert(eq(int, match.type == RTN_UNSPEC, path.ifindex == 0));
        return path;
}

static void expect_address(const struct netaddr *address, const char *text) {
        char own[NETADDR_TEXT_SIZE];

        cr_assert(eq(str, (char *)netaddr_format(address, own), (char *)text));
}

Test(lookup, match_and_use_make_one_path) {
        struct route_query to = query("192.0.2.1");
        struct path path = ask(&to);

        cr_assert(eq(str, path.interface, "eth0"));
        cr_assert(eq(u32, path.metric, 100));
        cr_assert(eq(u32, path.table, RT_TABLE_MAIN));
        cr_assert(eq(int, path.why, PATH_USABLE));
        expect_address(&path.gateway, "10.1.0.1");
        expect_address(&path.source, "10.1.0.2");
}

Test(lookup, through_an_interface) {
        struct route_query to = query("192.0.2.1");
        struct path path;

        to.oif = 3;
        path = ask(&to);
        cr_assert(eq(str, path.interface, "wwan0"));
        cr_assert(eq(u32, path.metric, 200));
        expect_address(&path.gateway, "10.2.0.1");
        fake_net_clear_routes(&net);
        path = ask(&to);
        cr_assert(eq(u32, path.ifindex, 0));
        cr_assert(eq(int, path.why, PATH_NO_ROUTE));
}

Test(lookup, source_that_was_asked_for) {
        struct route_query to = query("192.0.2.1");
        struct path path;

        cr_assert(netaddr_from_text("10.1.0.2", &to.source));
        path = ask(&to);
        expect_address(&path.source, "10.1.0.2");
        cr_assert(eq(int, path.why, PATH_USABLE));
}

Test(lookup, words_of_the_kernel) {
        static const struct {
                uint8_t type;
                enum path_why why;
        } rows[] = {
                {RTN_BLACKHOLE, PATH_BLACKHOLE},
                {RTN_PROHIBIT, PATH_PROHIBITED},
                {RTN_UNREACHABLE, PATH_UNREACHABLE},
        };
        struct route_query to = query("192.0.2.1");
        struct path path;

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                fake_net_clear_routes(&net);
                (void)fake_net_add_route(&net,
                                         &(struct fake_route){"0.0.0.0", 0, .type = rows[i].type});
                path = ask(&to);
                cr_assert(eq(int, path.why, rows[i].why), "row %zu", i);
                cr_assert(eq(u32, path.ifindex, 0));
                cr_assert(eq(int, path.type, LINK_TYPE_UNKNOWN));
        }
        fake_net_clear_routes(&net);
        path = ask(&to);
        cr_assert(eq(int, path.why, PATH_NO_ROUTE));
}

Test(lookup, to_itself_is_always_usable) {
        struct route_query to = query("10.1.0.2");
        struct path path;

        (void)fake_net_add_route(&net, &(struct fake_route){"10.1.0.2", 32, 1, .source = "10.1.0.2",
                                                            .type = RTN_LOCAL});
        fake_net_set_flags(&net, 1, IFF_LOOPBACK, 2);
        path = ask(&to);
        cr_assert(eq(int, path.why, PATH_USABLE));
        cr_assert(eq(str, path.interface, "lo"));
}

Test(lookup, unknown_link_or_source_is_said) {
        struct lookup lookup = {.model = &net.world.model, .kernel = &net.world.kernel};
        struct route_query to = query("192.0.2.1");
        struct route_reply match;
        struct path path;

        cr_assert(eq(int, lookup_path(&lookup, &to, &path, &match), 0));
        cr_assert(not(lookup.unknown));
        fake_net_remove_link(&net, 2);
        cr_assert(eq(int, lookup_path(&lookup, &to, &path, &match), 0));
        cr_assert(lookup.unknown);
        cr_assert(eq(int, path.why, PATH_NO_ROUTE));
}

Test(lookup, kernel_that_cannot_be_asked) {
        struct lookup lookup = {.model = &net.world.model, .kernel = &net.world.kernel};
        struct route_query to = query("192.0.2.1");
        struct route_reply match;
        struct path path = {.ifindex = 2, .family = AF_INET};

        net.error = -EAGAIN;
        cr_assert(eq(int, lookup_path(&lookup, &to, &path, &match), -EAGAIN));
        cr_assert(eq(int, lookup_rp_filter(&lookup, &to, &path), -EAGAIN));
}

Test(lookup, rp_filter) {
        struct lookup lookup = {.model = &net.world.model, .kernel = &net.world.kernel};
        struct route_query to = query("192.0.2.1");
        struct path eth = {.ifindex = 2, .family = AF_INET},
                    wwan = {.ifindex = 3, .family = AF_INET};
        struct path six = {.ifindex = 3, .family = AF_INET6};
        static const int loose[] = {0, 2};

        for (size_t i = 0; i < 2; i++) {
                net.rp_filter[3] = loose[i];
                cr_assert(eq(int, lookup_rp_filter(&lookup, &to, &wwan), 0));
        }
        net.rp_filter[2] = net.rp_filter[3] = 1;
        cr_assert(eq(int, lookup_rp_filter(&lookup, &to, &wwan), 1));
        cr_assert(eq(int, lookup_rp_filter(&lookup, &to, &eth), 0));
        cr_assert(eq(int, lookup_rp_filter(&lookup, &to, &six), 0));
        /* A rule by source brings the answers back the same way. */
        cr_assert(netaddr_from_text("10.2.0.2", &wwan.source));
        (void)fake_net_add_route(&net, &(struct fake_route){"0.0.0.0", 0, 3, "10.2.0.1",
                                                            .from = "10.2.0.2", .table = 88});
        cr_assert(eq(int, lookup_rp_filter(&lookup, &to, &wwan), 0));
        fake_net_clear_routes(&net);
        cr_assert(eq(int, lookup_rp_filter(&lookup, &to, &wwan), 1));
        (void)fake_net_add_route(&net, &(struct fake_route){"0.0.0.0", 0, .n_hops = 2,
                                                            .hops = {{2, "10.1.0.1", "10.1.0.2"},
                                                                     {3, "10.2.0.1", "10.2.0.2"}}});
        cr_assert(eq(int, lookup_rp_filter(&lookup, &to, &wwan), 0));
}
