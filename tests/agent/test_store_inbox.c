/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>

#include "store_fixture.h"

TestSuite(store_inbox, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

/* "1 2r": r for redelivered */
static const char *read_in(uint64_t after_id) {
        struct store_request *request = store_request_new(STORE_READ_IN, channel);
        static char line[256];
        size_t used = 0;

        request->after_id = after_id;
        request = support_do(store, request);
        line[0] = '\0';
        for (size_t i = 0; i < request->n_messages; i++)
                used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%d%s",
                                         used > 0 ? " " : "", (int)request->messages[i].facts.id,
                                         request->messages[i].redelivered ? "r" : "");
        store_request_free(request);
        return line;
}

Test(store_inbox, inbox) {
        struct store_request *request = support_receive(channel, "a");

        request->messages[0].text = true;
        support_expect(store, request, 0);
        (void)support_received(store, channel, "b");
        cr_assert(is(fixture_counts(), "0/0 2/2 0 0"));
        cr_assert(is(read_in(0), "1 2"));
        cr_assert(is(read_in(0), "1r 2r"));
        (void)support_received(store, channel, "c");
        cr_assert(is(read_in(1), "2r 3"));
        fixture_reopen();
        cr_assert(is(read_in(0), "1r 2r 3r"));
        request = support_do(store, store_request_new(STORE_READ_IN, channel));
        cr_assert(request->messages[0].text && !request->messages[1].text);
        cr_assert(eq(u64, request->messages[0].facts.created_realtime_usec, support_t0));
        store_request_free(request);
        support_expect(store, support_ids(STORE_ACKNOWLEDGE, channel, IDS(1, 3)), 0);
        cr_assert(is(read_in(0), "2r"));
        cr_assert(is(fixture_counts(), "0/0 1/1 0 0"));
}

Test(store_inbox, inbox_limits) {
        struct store_request *request = support_receive(channel, "a");

        (void)support_add(request, "b");
        support_expect(store, support_limited(request, 1, 0), -ENOBUFS);
        cr_assert(is(fixture_counts(), "0/0 0/0 0 0"));
        for (int i = 0; i < 3; i++)
                (void)support_received(store, channel, "x");
        request = support_limited(support_receive(channel, "yy"), 3, 3);
        request->drop_oldest = true;
        request = support_do(store, request);
        cr_assert(eq(int, request->error, 0));
        cr_assert(eq(u64, request->n_dropped, 2));
        cr_assert(eq(u64, request->counts.n_unread, 2));
        store_request_free(request);
        cr_assert(is(support_inbox(store, channel), "3:x 4:yy"));
}
