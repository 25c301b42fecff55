/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watched.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "fake_net.h"
#include "reasons.h"

static struct fake_net net;
static struct watched_list list;

static void setup(void) {
        fake_net_init(&net);
        fake_net_add_uplinks(&net);
}

static void teardown(void) {
        watched_list_deinit(&list);
        fake_net_deinit(&net);
}

TestSuite(watched, .init = setup, .fini = teardown);

static struct question question(const char *destination) {
        struct question ret = {};
        const char *problem;

        cr_assert(eq(int, question_parse(destination, &ret, &problem), 0));
        return ret;
}

static struct watched *take(const char *destination) {
        struct question asked = question(destination);
        struct watched *ret;

        cr_assert(eq(int,
                     watched_take(&list, &asked, &net.world.model, &net.world.kernel, 5, 10, &ret),
                     0));
        return ret;
}

static int ask(enum watched_trust trust) {
        return watched_ask(&list, &net.world.model, &net.world.kernel, trust, REASON_ROUTE, 20);
}

Test(watched, equal_questions_share_one_answer) {
        struct watched *a = take("192.0.2.1"), *b = take("192.0.2.1"), *c = take("192.0.2.2");
        struct question asked = question("192.0.2.1");

        cr_assert(eq(ptr, a, b));
        cr_assert(ne(ptr, a, c));
        cr_assert(eq(u64, a->serial, 5));
        cr_assert(eq(str, a->answer.selected.interface, "eth0"));
        watched_release(&list, a);
        cr_assert(eq(ptr, (void *)watched_find(&list, &asked), (void *)&b->answer));
        watched_release(&list, b);
        cr_assert(eq(ptr, (void *)watched_find(&list, &asked), NULL));
        watched_release(&list, c);
        cr_assert(eq(ptr, list.first, NULL));
}

Test(watched, only_another_answer_is_a_change) {
        struct watched *near = take("10.1.0.7"), *far = take("192.0.2.1");

        (void)fake_net_add_route(&net,
                                 &(struct fake_route){"192.0.2.0", 24, 3, "10.2.0.1", "10.2.0.2"});
        cr_assert(eq(int, ask(WATCHED_TRUST_KNOWN), 0));
        cr_assert(eq(u32, near->reasons, 0));
        cr_assert(ne(u32, far->reasons & REASON_ROUTE, 0));
        cr_assert(eq(str, far->answer.selected.interface, "wwan0"));
        far->reasons = 0;
        cr_assert(eq(int, ask(WATCHED_TRUST_KNOWN), 0));
        cr_assert(eq(u32, far->reasons, 0));
}

Test(watched, lookup_without_a_route_keeps_the_watch) {
        struct watched *watched = take("192.0.2.1");

        fake_net_clear_routes(&net);
        cr_assert(eq(int, ask(WATCHED_TRUST_KNOWN), 0));
        cr_assert(eq(u32, watched->answer.selected.ifindex, 0));
        cr_assert(eq(int, watched->answer.selected.why, PATH_NO_ROUTE));
}

Test(watched, answers_of_the_unknown_are_put_off) {
        struct watched *watched = take("192.0.2.1");

        fake_net_remove_address(&net, 2, "10.1.0.2");
        cr_assert(eq(int, ask(WATCHED_TRUST_KNOWN), 1));
        cr_assert(eq(u32, watched->reasons, 0));
        cr_assert(eq(int, watched->answer.selected.why, PATH_USABLE));
        cr_assert(eq(int, ask(WATCHED_TRUST_ALL), 1));
        cr_assert(ne(u32, watched->reasons, 0));
        cr_assert(eq(int, watched->answer.selected.why, PATH_NO_SOURCE));
}

Test(watched, kernel_that_cannot_be_asked) {
        struct watched *watched = take("192.0.2.1");
        struct question other = question("192.0.2.2");
        struct watched *ret;

        net.error = -EAGAIN;
        cr_assert(eq(int, ask(WATCHED_TRUST_KNOWN), -EAGAIN));
        cr_assert(eq(str, watched->answer.selected.interface, "eth0"));
        cr_assert(eq(int,
                     watched_take(&list, &other, &net.world.model, &net.world.kernel, 5, 10, &ret),
                     -EAGAIN));
}
