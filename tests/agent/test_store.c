/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <poll.h>

#include "store_fixture.h"

TestSuite(store, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

Test(store, everything_survives_a_restart) {
        (void)support_sent(store, channel, "a");
        (void)support_sent(store, channel, "b");
        (void)support_received(store, channel, "in");
        support_expect(store, support_finish(channel, MESSAGE_CANCELLED, IDS(1)), 0);
        fixture_reopen();
        cr_assert(is(support_outbox(store, channel), "2:b"));
        cr_assert(is(support_inbox(store, channel), "3:in"));
        cr_assert(is(support_parked(store, channel), "1:cancelled:why"));
        cr_assert(is(fixture_counts(), "1/1 1/2 1 2"));
}

Test(store, ids_are_never_reused) {
        uint64_t other = support_channel(store, "other");

        (void)support_sent(store, channel, "a");
        (void)support_received(store, channel, "in");
        support_expect(store, support_finish(channel, MESSAGE_DELIVERED, IDS(1)), 0);
        support_expect(store, support_ids(STORE_ACKNOWLEDGE, channel, IDS(2)), 0);
        support_expect(store, store_request_new(STORE_CHANNEL_REMOVE, other), 0);
        fixture_reopen();
        cr_assert(eq(u64, support_sent(store, channel, "b"), 3));
        cr_assert(eq(u64, support_received(store, channel, "in"), 4));
        cr_assert(lt(u64, other, support_channel(store, "third")));
}

Test(store, unknown_channel) {
        for (int kind = STORE_CHANNEL_PUT; kind <= STORE_DISCARD; kind++)
                support_expect(store, store_request_new((enum store_kind)kind, 77), -ENOENT);
        support_expect(store, store_request_new(STORE_SEND, 0), -ENOENT);
}

Test(store, requests_come_back_in_order) {
        struct pollfd readable = {.fd = store_fd(store), .events = POLLIN};

        cr_assert(store_take_done(store) == NULL);
        cr_assert(eq(int, poll(&readable, 1, 0), 0));
        for (intptr_t i = 0; i < 100; i++) {
                struct store_request *request =
                        i % 3 == 0 ? store_request_new(STORE_READ_OUT, channel)
                                   : support_send(i % 3 == 1 ? channel : 99, "four");

                request->context = (void *)i;
                store_submit(store, request);
        }
        cr_assert(eq(sz, store_pending_bytes(store), 66 * 4));
        for (intptr_t i = 0; i < 100; i++) {
                struct store_request *request = support_wait(store);

                cr_assert(eq(ptr, request->context, (void *)i));
                cr_assert(eq(int, request->error, i % 3 == 2 ? -ENOENT : 0));
                /* A reading sees what was submitted before it. */
                if (i % 3 == 0)
                        cr_assert(eq(sz, request->n_messages, (size_t)i / 3));
                store_request_free(request);
                /* Readable as long as something is to be taken. */
                if (i < 99)
                        cr_assert(eq(int, poll(&readable, 1, -1), 1));
        }
        cr_assert(eq(sz, store_pending_bytes(store), 0));
        cr_assert(store_take_done(store) == NULL);
        cr_assert(eq(int, poll(&readable, 1, 0), 0));
}

Test(store, what_was_submitted_is_finished_before_the_end) {
        for (int i = 0; i < 1000; i++)
                store_submit(store, support_send(channel, "x"));
        fixture_reopen();
        cr_assert(eq(u64, fixture_counts_now().n_queued, 1000));
}
