/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

TestSuite(store_outbox, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

Test(store_outbox, fifo) {
        cr_assert(eq(u64, support_sent(store, channel, "a"), 1));
        cr_assert(eq(u64, support_sent(store, channel, "bb"), 2));
        cr_assert(eq(u64, support_sent(store, channel, ""), 3));
        cr_assert(is(support_outbox(store, channel), "1:a 2:bb 3:"));
        cr_assert(is(fixture_counts(), "3/3 0/0 0 1"));
        support_expect(store, support_finish(channel, MESSAGE_DELIVERED, IDS(1, 2)), 0);
        cr_assert(is(support_outbox(store, channel), "3:"));
        cr_assert(is(fixture_counts(), "1/0 0/0 0 3"));
}

Test(store_outbox, send_many_is_all_or_none) {
        struct store_request *request = support_send(channel, "a");

        (void)support_add(request, "b");
        (void)support_add(request, "c");
        support_expect(store, support_limited(request, 2, 0), -ENOBUFS);
        cr_assert(is(fixture_counts(), "0/0 0/0 0 0"));

        request = support_send(channel, "a");
        (void)support_add(request, "b");
        request = support_do(store, support_limited(request, 2, 2));
        cr_assert(is(support_text(request), "1:a 2:b"));
        store_request_free(request);

        support_expect(store, support_limited(support_send(channel, "c"), 2, 0), -ENOBUFS);
        support_expect(store, support_limited(support_send(channel, "c"), 0, 2), -ENOBUFS);
        support_expect(store, support_limited(support_send(channel, ""), 0, 2), 0);
}

Test(store_outbox, facts_come_back) {
        struct store_request *request = support_send(channel, "a");
        struct message_facts *facts = &request->messages[0].facts;
        const struct message_facts *read;

        support_set_uuid(&request->messages[0], 7);
        facts->created_realtime_usec = 123;
        facts->expires_realtime_usec = support_t0 + 9;
        facts->not_before_realtime_usec = support_t0;
        facts->at_most_once = true;
        facts->frame = MESSAGE_FRAME_TEXT;
        facts->max_tries = 3;
        (void)strcpy(facts->tag, "my tag");
        support_expect(store, request, 0);

        request = support_do(store, store_request_new(STORE_READ_OUT, channel));
        cr_assert(eq(sz, request->n_messages, 1));
        read = &request->messages[0].facts;
        cr_assert(eq(u64, read->created_realtime_usec, 123));
        cr_assert(eq(u64, read->expires_realtime_usec, support_t0 + 9));
        cr_assert(eq(u64, read->not_before_realtime_usec, support_t0));
        cr_assert(read->at_most_once && read->uuid_given && read->uuid[15] == 7);
        cr_assert(eq(int, read->frame, MESSAGE_FRAME_TEXT));
        cr_assert(eq(int, (int)read->max_tries, 3));
        cr_assert(is(read->tag, "my tag"));
        cr_assert(eq(int, read->state, MESSAGE_QUEUED));
        store_request_free(request);
}

Test(store_outbox, derived_uuid_is_the_same_again) {
        struct store_request *request;
        uint8_t uuid[MESSAGE_UUID_BYTES];

        (void)support_sent(store, channel, "a");
        request = support_do(store, store_request_new(STORE_READ_OUT, channel));
        memcpy(uuid, request->messages[0].facts.uuid, sizeof(uuid));
        cr_assert(not(request->messages[0].facts.uuid_given));
        store_request_free(request);
        fixture_reopen();
        request = support_do(store, store_request_new(STORE_READ_OUT, channel));
        cr_assert(memcmp(uuid, request->messages[0].facts.uuid, sizeof(uuid)) == 0);
        store_request_free(request);
}

Test(store_outbox, drop_oldest) {
        struct store_request *request;

        for (int i = 0; i < 3; i++)
                (void)support_sent(store, channel, "abc");
        request = support_limited(support_send(channel, "new"), 3, 9);
        request->drop_oldest = true;
        request->keep_id = 1;
        request = support_do(store, request);
        cr_assert(eq(int, request->error, 0));
        cr_assert(is(support_id_text(request), "2"));
        cr_assert(is(support_text(request), "4:new"));
        store_request_free(request);
        cr_assert(is(support_outbox(store, channel), "1:abc 3:abc 4:new"));
        cr_assert(is(support_parked(store, channel), "2:dropped:queue-full"));

        /* Nothing to drop that would make enough place: nothing is dropped. */
        request = support_limited(support_send(channel, "much too long"), 3, 9);
        request->drop_oldest = true;
        support_expect(store, request, -ENOBUFS);
        request = support_limited(support_send(channel, "12345678"), 3, 9);
        request->drop_oldest = true;
        request->keep_id = 3;
        support_expect(store, request, -ENOBUFS);
        cr_assert(is(support_outbox(store, channel), "1:abc 3:abc 4:new"));
        cr_assert(is(fixture_counts(), "3/9 0/0 1 1"));
}

Test(store_outbox, unknown_ids_are_taken_out) {
        static const enum store_kind kinds[] = {STORE_FINISH, STORE_MARK_SENT};
        struct store_request *request;

        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                (void)support_sent(store, channel, "a");
                request = support_ids(kinds[i], channel, IDS(99, i + 1, 98));
                request->state = MESSAGE_DELIVERED;
                request = support_do(store, request);
                cr_assert(eq(int, request->error, 0));
                cr_assert(eq(sz, request->n_ids, 1));
                cr_assert(eq(u64, request->ids[0], i + 1));
                store_request_free(request);
        }
        (void)support_received(store, channel, "in");
        request = support_do(store, support_ids(STORE_ACKNOWLEDGE, channel, IDS(5, 3, 3)));
        cr_assert(is(support_id_text(request), "3"));
        store_request_free(request);
}

Test(store_outbox, finish_wants_a_final_state) {
        (void)support_sent(store, channel, "a");
        support_expect(store, support_finish(channel, MESSAGE_QUEUED, IDS(1)), -EINVAL);
        support_expect(store, support_finish(channel, MESSAGE_SENT, IDS(1)), -EINVAL);
        cr_assert(is(support_outbox(store, channel), "1:a"));
}

Test(store_outbox, at_most_once_is_uncertain_after_a_restart) {
        struct store_request *request = support_send(channel, "a");

        request->messages[0].facts.at_most_once = true;
        support_add(request, "b")->facts.at_most_once = true;
        (void)support_add(request, "c");
        support_expect(store, request, 0);
        support_expect(store, support_ids(STORE_MARK_SENT, channel, IDS(1, 3)), 0);
        /* Written, so never read again. */
        cr_assert(is(support_outbox(store, channel), "2:b 3:c"));
        fixture_reopen();
        cr_assert(is(support_parked(store, channel), "1:uncertain:restart"));
        cr_assert(is(support_outbox(store, channel), "2:b 3:c"));
        cr_assert(is(fixture_counts(), "2/2 0/0 1 2"));
        fixture_reopen();
        cr_assert(is(fixture_counts(), "2/2 0/0 1 2"));
}

Test(store_outbox, at_most_once_delivered_leaves_no_mark) {
        struct store_request *request = support_send(channel, "a");

        request->messages[0].facts.at_most_once = true;
        support_expect(store, request, 0);
        support_expect(store, support_ids(STORE_MARK_SENT, channel, IDS(1)), 0);
        support_expect(store, support_finish(channel, MESSAGE_DELIVERED, IDS(1)), 0);
        store_free(store);
        cr_assert(eq(i64, support_sql_number("SELECT count(*) FROM attempt"), 0));
        store = support_open();
        cr_assert(is(fixture_counts(), "0/0 0/0 0 0"));
}

Test(store_outbox, tries_are_counted_over_restarts) {
        struct store_request *request = support_send(channel, "a");

        request->messages[0].facts.max_tries = 2;
        (void)support_add(request, "b");
        support_expect(store, request, 0);
        request = support_do(store, support_ids(STORE_COUNT_TRY, channel, IDS(1, 2, 9)));
        cr_assert(eq(sz, request->n_ids, 0));
        store_request_free(request);
        fixture_reopen();
        request = support_do(store, store_request_new(STORE_READ_OUT, channel));
        cr_assert(eq(int, (int)request->messages[0].facts.tries, 1));
        store_request_free(request);
        request = support_do(store, support_ids(STORE_COUNT_TRY, channel, IDS(1, 2)));
        cr_assert(is(support_id_text(request), "1"));
        store_request_free(request);
        cr_assert(is(support_parked(store, channel), "1:rejected:max-tries"));
        cr_assert(is(support_outbox(store, channel), "2:b"));
}

Test(store_outbox, messages_wait_and_expire) {
        struct store_request *request = support_send(channel, "held");

        request->messages[0].facts.not_before_realtime_usec = support_t0 + 50;
        support_add(request, "short")->facts.expires_realtime_usec = support_t0 + 20;
        support_add(request, "long")->facts.expires_realtime_usec = support_t0 + 30;
        (void)support_add(request, "plain");
        support_add(request, "never")->facts.not_before_realtime_usec = UINT64_MAX;
        support_expect(store, request, 0);

        request = support_do(store, store_request_new(STORE_READ_OUT, channel));
        cr_assert(is(support_text(request), "2:short 3:long 4:plain"));
        cr_assert(eq(u64, request->next_due_realtime_usec, support_t0 + 50));
        cr_assert(eq(u64, request->next_expiry_realtime_usec, support_t0 + 20));
        store_request_free(request);

        request = support_do(store, support_at(support_ids(STORE_READ_OUT, channel, IDS(3, 2)),
                                               support_t0 + 50));
        cr_assert(is(support_text(request), "1:held 4:plain"));
        cr_assert(eq(u64, request->next_expiry_realtime_usec, 0));
        store_request_free(request);

        /* 3 is in flight. */
        request = support_do(
                store, support_at(support_ids(STORE_EXPIRE, channel, IDS(3)), support_t0 + 30));
        cr_assert(is(support_id_text(request), "2"));
        cr_assert(eq(u64, request->next_expiry_realtime_usec, 0));
        cr_assert(eq(u64, request->next_due_realtime_usec, support_t0 + 50));
        store_request_free(request);
        request = support_do(store,
                             support_at(store_request_new(STORE_EXPIRE, channel), support_t0 + 29));
        cr_assert(is(support_id_text(request), ""));
        cr_assert(eq(u64, request->next_expiry_realtime_usec, support_t0 + 30));
        store_request_free(request);
        cr_assert(is(support_parked(store, channel), "2:expired:ttl"));
        cr_assert(is(support_outbox(store, channel), "3:long 4:plain"));
}

Test(store_outbox, expiry_goes_by_a_thousand) {
        struct store_request *request = store_request_new(STORE_SEND, channel);

        for (int i = 0; i < 1001; i++)
                support_add(request, "x")->facts.expires_realtime_usec = support_t0 + 1;
        support_expect(store, request, 0);
        request = support_do(store,
                             support_at(store_request_new(STORE_EXPIRE, channel), support_t0 + 5));
        cr_assert(eq(sz, request->n_ids, 1000));
        cr_assert(eq(u64, request->next_expiry_realtime_usec, support_t0 + 1));
        store_request_free(request);
}

Test(store_outbox, too_large) {
        struct store_request *request = support_send(channel, "x");

        request->messages[0].payload = realloc(request->messages[0].payload, STORE_PAYLOAD_MAX + 1);
        request->messages[0].payload_bytes = STORE_PAYLOAD_MAX + 1;
        support_expect(store, request, -EMSGSIZE);
}

Test(store_outbox, large_payloads) {
        const size_t len = 5 * 1024 * 1024;
        struct store_request *request = support_send(channel, "x");
        struct store_message *m = &request->messages[0];

        m->payload = realloc(m->payload, len);
        m->payload_bytes = len;
        for (size_t i = 0; i < len; i++)
                m->payload[i] = (uint8_t)(i * 7 + i / 4096);
        support_expect(store, request, 0);
        fixture_reopen();
        request = support_do(store, store_request_new(STORE_READ_OUT, channel));
        m = &request->messages[0];
        cr_assert(eq(sz, m->payload_bytes, len));
        for (size_t i = 0; i < len; i++)
                if (m->payload[i] != (uint8_t)(i * 7 + i / 4096))
                        cr_fail("byte %zu", i);
        store_request_free(request);
}
