/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

TestSuite(store_uuid, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

Test(store_uuid, same_uuid_is_the_same_message) {
        cr_assert(eq(u64, fixture_sent_uuid("a", 1, support_t0), 1));
        cr_assert(eq(u64, fixture_sent_uuid("a", 1, support_t0), 1));
        support_expect(store, fixture_send_uuid("b", 1), -EEXIST);
        cr_assert(is(support_outbox(store, channel), "1:a"));
        fixture_reopen();
        cr_assert(eq(u64, fixture_sent_uuid("a", 1, support_t0), 1));
        support_expect(store, support_finish(channel, MESSAGE_DELIVERED, IDS(1)), 0);
        cr_assert(eq(u64, fixture_sent_uuid("a", 1, support_t0), 1));
        cr_assert(is(fixture_counts(), "0/0 0/0 0 0"));
}

Test(store_uuid, same_uuid_needs_no_place) {
        (void)fixture_sent_uuid("a", 1, support_t0);
        support_expect(store, support_limited(fixture_send_uuid("a", 1), 1, 1), 0);
        support_expect(store, support_limited(fixture_send_uuid("b", 2), 1, 1), -ENOBUFS);
}

Test(store_uuid, uuid_twice_in_one_request) {
        struct store_request *request = fixture_send_uuid("a", 1);

        support_set_uuid(support_add(request, "b"), 2);
        support_set_uuid(support_add(request, "a"), 1);
        request = support_do(store, request);
        cr_assert(eq(int, request->error, 0));
        cr_assert(is(support_text(request), "1:a 2:b 1:a"));
        store_request_free(request);

        request = fixture_send_uuid("c", 3);
        support_set_uuid(support_add(request, "d"), 3);
        support_expect(store, request, -EEXIST);
        cr_assert(is(support_outbox(store, channel), "1:a 2:b"));
        cr_assert(eq(u64, fixture_sent_uuid("c", 3, support_t0), 3));
}

Test(store_uuid, uuid_is_forgotten_a_day_after_the_end) {
        (void)fixture_sent_uuid("a", 1, support_t0);
        (void)fixture_sent_uuid("b", 2, support_t0);
        support_expect(store, support_finish(channel, MESSAGE_DELIVERED, IDS(1)), 0);
        /* Purging comes after the answer, so it shows with the next request but one. */
        support_expect(store, support_at(support_send(channel, "x"), support_t0 + 24 * HOUR_USEC),
                       0);
        cr_assert(eq(u64, fixture_sent_uuid("a", 1, support_t0 + 24 * HOUR_USEC), 1));
        support_expect(store, support_at(support_send(channel, "x"), support_t0 + 26 * HOUR_USEC),
                       0);
        cr_assert(eq(u64, fixture_sent_uuid("a", 1, support_t0 + 26 * HOUR_USEC), 5));
        /* It is still queued. */
        cr_assert(eq(u64, fixture_sent_uuid("b", 2, support_t0 + 26 * HOUR_USEC), 2));
}

Test(store_uuid, uuids_kept_are_bounded) {
        const unsigned n_messages = 500, n_requests = 201;
        struct store_request *finish, *send = NULL;
        uint64_t n = 0;

        for (unsigned i = 0; i < n_requests; i++) {
                finish = store_request_new(STORE_FINISH, channel);
                send = store_request_new(STORE_SEND, channel);
                finish->state = MESSAGE_DELIVERED;
                finish->ids = calloc(n_messages, sizeof(*finish->ids));
                for (unsigned k = 0; k < n_messages; k++) {
                        struct store_message *m = support_add(send, "x");

                        n++;
                        m->facts.uuid_given = true;
                        memcpy(m->facts.uuid, &n, sizeof(n));
                        finish->ids[finish->n_ids++] = n;
                }
                support_expect(store, send, 0);
                support_expect(store, support_at(finish, support_t0 + i), 0);
        }
        store_free(store);
        cr_assert(eq(i64, support_sql_number("SELECT count(*) FROM uuid"), 100000));
        cr_assert(eq(i64, support_sql_number("SELECT n_final_uuids FROM channel"), 100000));
        cr_assert(eq(i64, support_sql_number("SELECT min(id) FROM uuid"), 501));
        store = support_open();
}
