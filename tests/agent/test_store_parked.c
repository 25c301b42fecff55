/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

TestSuite(store_parked, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

Test(store_parked, every_final_state_is_parked) {
        char expected[512] = "";

        for (int state = MESSAGE_REJECTED; state < MESSAGE_STATE_COUNT; state++) {
                uint64_t id = support_sent(store, channel, "a");
                size_t used = strlen(expected);

                support_expect(store, support_finish(channel, (enum message_state)state, IDS(id)),
                               0);
                (void)snprintf(expected + used, sizeof(expected) - used, "%s%d:%s:why",
                               used > 0 ? " " : "", (int)id,
                               message_state_string((enum message_state)state));
        }
        cr_assert(is(support_parked(store, channel), expected));
        cr_assert(is(fixture_counts(), "0/0 0/0 6 0"));
}

Test(store_parked, retry) {
        struct store_request *request;

        (void)fixture_sent_uuid("a", 1, support_t0);
        (void)support_sent(store, channel, "b");
        (void)support_sent(store, channel, "c");
        support_expect(store, support_finish(channel, MESSAGE_REJECTED, IDS(1, 3)), 0);
        support_expect(store, support_ids(STORE_RETRY, channel, IDS(1, 2)), -ENOENT);
        support_expect(store, support_limited(support_ids(STORE_RETRY, channel, IDS(1)), 1, 0),
                       -ENOBUFS);
        cr_assert(is(fixture_counts(), "1/1 0/0 2 2"));

        request = support_do(store, support_ids(STORE_RETRY, channel, IDS(1)));
        cr_assert(is(support_id_text(request), "1"));
        store_request_free(request);
        cr_assert(is(support_outbox(store, channel), "1:a 2:b"));
        cr_assert(is(fixture_counts(), "2/2 0/0 1 1"));
        cr_assert(eq(u64, fixture_sent_uuid("a", 1, support_t0), 1));
        support_expect(store, fixture_send_uuid("other", 1), -EEXIST);

        request = support_do(store, store_request_new(STORE_RETRY, channel));
        cr_assert(is(support_id_text(request), "3"));
        store_request_free(request);
        cr_assert(is(support_outbox(store, channel), "1:a 2:b 3:c"));
        support_expect(store, store_request_new(STORE_RETRY, channel), 0);
}

Test(store_parked, retry_after_the_uuid_was_forgotten) {
        uint64_t later = support_t0 + 30 * HOUR_USEC;

        (void)fixture_sent_uuid("a", 1, support_t0);
        support_expect(store, support_finish(channel, MESSAGE_REJECTED, IDS(1)), 0);
        support_expect(store, support_at(support_send(channel, "x"), later), 0);
        support_expect(store, support_at(support_ids(STORE_RETRY, channel, IDS(1)), later), 0);
        cr_assert(eq(u64, fixture_sent_uuid("a", 1, later), 1));
}

Test(store_parked, retry_of_an_expired_message_lasts) {
        struct store_request *request = support_send(channel, "a");

        request->messages[0].facts.expires_realtime_usec = support_t0 + 1;
        support_expect(store, request, 0);
        support_expect(store, support_at(store_request_new(STORE_EXPIRE, channel), support_t0 + 1),
                       0);
        support_expect(store, support_at(support_ids(STORE_RETRY, channel, IDS(1)), support_t0 + 2),
                       0);
        request = support_do(
                store, support_at(store_request_new(STORE_READ_OUT, channel), support_t0 + 3));
        cr_assert(is(support_text(request), "1:a"));
        store_request_free(request);
}

Test(store_parked, discard) {
        struct store_request *request;

        for (int i = 0; i < 3; i++)
                (void)support_sent(store, channel, "a");
        support_expect(store, support_finish(channel, MESSAGE_REJECTED, IDS(1, 2, 3)), 0);
        support_expect(store, support_ids(STORE_DISCARD, channel, IDS(1, 4)), -ENOENT);
        support_expect(store, support_ids(STORE_DISCARD, channel, IDS(1)), 0);
        cr_assert(is(support_parked(store, channel), "2:rejected:why 3:rejected:why"));
        request = support_do(store, store_request_new(STORE_DISCARD, channel));
        cr_assert(is(support_id_text(request), "2 3"));
        store_request_free(request);
        cr_assert(is(fixture_counts(), "0/0 0/0 0 0"));
}

Test(store_parked, parked_messages_go_after_a_week) {
        (void)support_sent(store, channel, "a");
        (void)support_sent(store, channel, "b");
        support_expect(store, support_finish(channel, MESSAGE_REJECTED, IDS(1)), 0);
        support_expect(store,
                       support_at(support_finish(channel, MESSAGE_REJECTED, IDS(2)),
                                  support_t0 + 2 * HOUR_USEC),
                       0);
        support_expect(store, support_at(support_send(channel, "c"), support_t0 + 169 * HOUR_USEC),
                       0);
        cr_assert(is(support_parked(store, channel), "2:rejected:why"));
        cr_assert(eq(u64, fixture_counts_now().n_parked, 1));
}

Test(store_parked, parked_messages_are_bounded) {
        struct store_request *finish = store_request_new(STORE_FINISH, channel);
        struct store_request *send = store_request_new(STORE_SEND, channel);

        finish->state = MESSAGE_CANCELLED;
        finish->ids = calloc(10001, sizeof(*finish->ids));
        for (uint64_t i = 1; i <= 10001; i++) {
                (void)support_add(send, "x");
                finish->ids[finish->n_ids++] = i;
        }
        support_expect(store, send, 0);
        support_expect(store, finish, 0);
        cr_assert(eq(u64, fixture_counts_now().n_parked, 10000));
}
