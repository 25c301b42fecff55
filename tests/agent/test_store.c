/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_support.h"

#define is(actual, expected) eq(str, (char *)(actual), (char *)(expected))

static struct store *store;
static uint64_t channel;

static void setup(void) {
        support_init();
        store = support_open();
        channel = support_channel(store, "main");
}

static void teardown(void) {
        store_free(store);
        support_deinit();
}

static void reopen(void) {
        store_free(store);
        store = support_open();
}

TestSuite(store, .init = setup, .fini = teardown, .timeout = 60);

/* The counts of the channel, by a request that changes nothing. */
static struct store_counts counts_now(void) {
        struct store_request *request = support_do(store, store_request_new(STORE_LIST, channel));
        struct store_counts counts = request->counts;

        store_request_free(request);
        return counts;
}

/* "queued/bytes unread/bytes parked oldest" */
static const char *counts_text(void) {
        struct store_counts c = counts_now();
        static char line[128];

        (void)snprintf(line, sizeof(line), "%d/%d %d/%d %d %d", (int)c.n_queued,
                       (int)c.queued_bytes, (int)c.n_unread, (int)c.unread_bytes, (int)c.n_parked,
                       (int)c.oldest_queued_id);
        return line;
}

static struct store_request *at(struct store_request *request, uint64_t usec) {
        request->now_realtime_usec = usec;
        return request;
}

static struct store_request *limited(struct store_request *request, uint64_t messages,
                                     uint64_t bytes) {
        request->limit_messages = messages;
        request->limit_bytes = bytes;
        return request;
}

Test(store, fifo) {
        cr_assert(eq(u64, support_sent(store, channel, "a"), 1));
        cr_assert(eq(u64, support_sent(store, channel, "bb"), 2));
        cr_assert(eq(u64, support_sent(store, channel, ""), 3));
        cr_assert(is(support_outbox(store, channel), "1:a 2:bb 3:"));
        cr_assert(is(counts_text(), "3/3 0/0 0 1"));
        support_expect(store, support_finish(channel, MESSAGE_DELIVERED, IDS(1, 2)), 0);
        cr_assert(is(support_outbox(store, channel), "3:"));
        cr_assert(is(counts_text(), "1/0 0/0 0 3"));
}

Test(store, ids_are_never_reused) {
        uint64_t other = support_channel(store, "other");

        (void)support_sent(store, channel, "a");
        (void)support_received(store, channel, "in");
        support_expect(store, support_finish(channel, MESSAGE_DELIVERED, IDS(1)), 0);
        support_expect(store, support_ids(STORE_ACKNOWLEDGE, channel, IDS(1)), 0);
        support_expect(store, store_request_new(STORE_CHANNEL_REMOVE, other), 0);
        reopen();
        cr_assert(eq(u64, support_sent(store, channel, "b"), 2));
        cr_assert(eq(u64, support_received(store, channel, "in"), 2));
        cr_assert(gt(u64, support_channel(store, "third"), other));
}

Test(store, everything_survives_a_restart) {
        (void)support_sent(store, channel, "a");
        (void)support_sent(store, channel, "b");
        (void)support_received(store, channel, "in");
        support_expect(store, support_finish(channel, MESSAGE_CANCELLED, IDS(1)), 0);
        reopen();
        cr_assert(is(support_outbox(store, channel), "2:b"));
        cr_assert(is(support_inbox(store, channel), "1:in"));
        cr_assert(is(support_parked(store, channel), "1:cancelled:why"));
        cr_assert(is(counts_text(), "1/1 1/2 1 2"));
}

Test(store, send_many_is_all_or_none) {
        struct store_request *request = support_send(channel, "a");

        (void)support_add(request, "b");
        (void)support_add(request, "c");
        support_expect(store, limited(request, 2, 0), -ENOBUFS);
        cr_assert(is(counts_text(), "0/0 0/0 0 0"));

        request = support_send(channel, "a");
        (void)support_add(request, "b");
        request = support_do(store, limited(request, 2, 2));
        cr_assert(is(support_text(request), "1:a 2:b"));
        store_request_free(request);

        support_expect(store, limited(support_send(channel, "c"), 2, 0), -ENOBUFS);
        support_expect(store, limited(support_send(channel, "c"), 0, 2), -ENOBUFS);
        support_expect(store, limited(support_send(channel, ""), 0, 2), 0);
}

Test(store, facts_come_back) {
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

Test(store, derived_uuid_is_the_same_again) {
        struct store_request *request;
        uint8_t uuid[MESSAGE_UUID_BYTES];

        (void)support_sent(store, channel, "a");
        request = support_do(store, store_request_new(STORE_READ_OUT, channel));
        memcpy(uuid, request->messages[0].facts.uuid, sizeof(uuid));
        cr_assert(not(request->messages[0].facts.uuid_given));
        store_request_free(request);
        reopen();
        request = support_do(store, store_request_new(STORE_READ_OUT, channel));
        cr_assert(memcmp(uuid, request->messages[0].facts.uuid, sizeof(uuid)) == 0);
        store_request_free(request);
}

static struct store_request *send_with_uuid(const char *payload, uint8_t uuid) {
        struct store_request *request = support_send(channel, payload);

        support_set_uuid(&request->messages[0], uuid);
        return request;
}

static uint64_t uuid_sent(const char *payload, uint8_t uuid, uint64_t now) {
        struct store_request *request = support_do(store, at(send_with_uuid(payload, uuid), now));
        uint64_t id = request->messages[0].facts.id;

        cr_assert(eq(int, request->error, 0));
        store_request_free(request);
        return id;
}

Test(store, same_uuid_is_the_same_message) {
        cr_assert(eq(u64, uuid_sent("a", 1, support_t0), 1));
        cr_assert(eq(u64, uuid_sent("a", 1, support_t0), 1));
        support_expect(store, send_with_uuid("b", 1), -EEXIST);
        cr_assert(is(support_outbox(store, channel), "1:a"));
        reopen();
        cr_assert(eq(u64, uuid_sent("a", 1, support_t0), 1));
        support_expect(store, support_finish(channel, MESSAGE_DELIVERED, IDS(1)), 0);
        cr_assert(eq(u64, uuid_sent("a", 1, support_t0), 1));
        cr_assert(is(counts_text(), "0/0 0/0 0 0"));
}

Test(store, same_uuid_needs_no_place) {
        (void)uuid_sent("a", 1, support_t0);
        support_expect(store, limited(send_with_uuid("a", 1), 1, 1), 0);
        support_expect(store, limited(send_with_uuid("b", 2), 1, 1), -ENOBUFS);
}

Test(store, uuid_twice_in_one_request) {
        struct store_request *request = send_with_uuid("a", 1);

        support_set_uuid(support_add(request, "b"), 2);
        support_set_uuid(support_add(request, "a"), 1);
        request = support_do(store, request);
        cr_assert(eq(int, request->error, 0));
        cr_assert(is(support_text(request), "1:a 2:b 1:a"));
        store_request_free(request);

        request = send_with_uuid("c", 3);
        support_set_uuid(support_add(request, "d"), 3);
        support_expect(store, request, -EEXIST);
        cr_assert(is(support_outbox(store, channel), "1:a 2:b"));
        cr_assert(eq(u64, uuid_sent("c", 3, support_t0), 3));
}

Test(store, uuid_is_forgotten_a_day_after_the_end) {
        (void)uuid_sent("a", 1, support_t0);
        (void)uuid_sent("b", 2, support_t0);
        support_expect(store, support_finish(channel, MESSAGE_DELIVERED, IDS(1)), 0);
        /* Purging comes after the answer, so it shows with the next request but one. */
        support_expect(store, at(support_send(channel, "x"), support_t0 + 24 * HOUR_USEC), 0);
        cr_assert(eq(u64, uuid_sent("a", 1, support_t0 + 24 * HOUR_USEC), 1));
        support_expect(store, at(support_send(channel, "x"), support_t0 + 26 * HOUR_USEC), 0);
        cr_assert(eq(u64, uuid_sent("a", 1, support_t0 + 26 * HOUR_USEC), 5));
        /* It is still queued. */
        cr_assert(eq(u64, uuid_sent("b", 2, support_t0 + 26 * HOUR_USEC), 2));
}

Test(store, uuids_kept_are_bounded) {
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
                support_expect(store, at(finish, support_t0 + i), 0);
        }
        store_free(store);
        cr_assert(eq(i64, support_sql_number("SELECT count(*) FROM uuid"), 100000));
        cr_assert(eq(i64, support_sql_number("SELECT n_final_uuids FROM channel"), 100000));
        cr_assert(eq(i64, support_sql_number("SELECT min(id) FROM uuid"), 501));
        store = support_open();
}

Test(store, drop_oldest) {
        struct store_request *request;

        for (int i = 0; i < 3; i++)
                (void)support_sent(store, channel, "abc");
        request = limited(support_send(channel, "new"), 3, 9);
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
        request = limited(support_send(channel, "much too long"), 3, 9);
        request->drop_oldest = true;
        support_expect(store, request, -ENOBUFS);
        request = limited(support_send(channel, "12345678"), 3, 9);
        request->drop_oldest = true;
        request->keep_id = 3;
        support_expect(store, request, -ENOBUFS);
        cr_assert(is(support_outbox(store, channel), "1:abc 3:abc 4:new"));
        cr_assert(is(counts_text(), "3/9 0/0 1 1"));
}

Test(store, unknown_ids_are_taken_out) {
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
        request = support_do(store, support_ids(STORE_ACKNOWLEDGE, channel, IDS(5, 1, 1)));
        cr_assert(is(support_id_text(request), "1"));
        store_request_free(request);
}

Test(store, finish_wants_a_final_state) {
        (void)support_sent(store, channel, "a");
        support_expect(store, support_finish(channel, MESSAGE_QUEUED, IDS(1)), -EINVAL);
        support_expect(store, support_finish(channel, MESSAGE_SENT, IDS(1)), -EINVAL);
        cr_assert(is(support_outbox(store, channel), "1:a"));
}

Test(store, every_final_state_is_parked) {
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
        cr_assert(is(counts_text(), "0/0 0/0 6 0"));
}

Test(store, retry) {
        struct store_request *request;

        (void)uuid_sent("a", 1, support_t0);
        (void)support_sent(store, channel, "b");
        (void)support_sent(store, channel, "c");
        support_expect(store, support_finish(channel, MESSAGE_REJECTED, IDS(1, 3)), 0);
        support_expect(store, support_ids(STORE_RETRY, channel, IDS(1, 2)), -ENOENT);
        support_expect(store, limited(support_ids(STORE_RETRY, channel, IDS(1)), 1, 0), -ENOBUFS);
        cr_assert(is(counts_text(), "1/1 0/0 2 2"));

        request = support_do(store, support_ids(STORE_RETRY, channel, IDS(1)));
        cr_assert(is(support_id_text(request), "1"));
        store_request_free(request);
        cr_assert(is(support_outbox(store, channel), "1:a 2:b"));
        cr_assert(is(counts_text(), "2/2 0/0 1 1"));
        cr_assert(eq(u64, uuid_sent("a", 1, support_t0), 1));
        support_expect(store, send_with_uuid("other", 1), -EEXIST);

        request = support_do(store, store_request_new(STORE_RETRY, channel));
        cr_assert(is(support_id_text(request), "3"));
        store_request_free(request);
        cr_assert(is(support_outbox(store, channel), "1:a 2:b 3:c"));
        support_expect(store, store_request_new(STORE_RETRY, channel), 0);
}

Test(store, retry_after_the_uuid_was_forgotten) {
        uint64_t later = support_t0 + 30 * HOUR_USEC;

        (void)uuid_sent("a", 1, support_t0);
        support_expect(store, support_finish(channel, MESSAGE_REJECTED, IDS(1)), 0);
        support_expect(store, at(support_send(channel, "x"), later), 0);
        support_expect(store, at(support_ids(STORE_RETRY, channel, IDS(1)), later), 0);
        cr_assert(eq(u64, uuid_sent("a", 1, later), 1));
}

Test(store, retry_of_an_expired_message_lasts) {
        struct store_request *request = support_send(channel, "a");

        request->messages[0].facts.expires_realtime_usec = support_t0 + 1;
        support_expect(store, request, 0);
        support_expect(store, at(store_request_new(STORE_EXPIRE, channel), support_t0 + 1), 0);
        support_expect(store, at(support_ids(STORE_RETRY, channel, IDS(1)), support_t0 + 2), 0);
        request = support_do(store, at(store_request_new(STORE_READ_OUT, channel), support_t0 + 3));
        cr_assert(is(support_text(request), "1:a"));
        store_request_free(request);
}

Test(store, discard) {
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
        cr_assert(is(counts_text(), "0/0 0/0 0 0"));
}

Test(store, parked_messages_go_after_a_week) {
        (void)support_sent(store, channel, "a");
        (void)support_sent(store, channel, "b");
        support_expect(store, support_finish(channel, MESSAGE_REJECTED, IDS(1)), 0);
        support_expect(
                store,
                at(support_finish(channel, MESSAGE_REJECTED, IDS(2)), support_t0 + 2 * HOUR_USEC),
                0);
        support_expect(store, at(support_send(channel, "c"), support_t0 + 169 * HOUR_USEC), 0);
        cr_assert(is(support_parked(store, channel), "2:rejected:why"));
        cr_assert(eq(u64, counts_now().n_parked, 1));
}

Test(store, parked_messages_are_bounded) {
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
        cr_assert(eq(u64, counts_now().n_parked, 10000));
}

Test(store, at_most_once_is_uncertain_after_a_restart) {
        struct store_request *request = support_send(channel, "a");

        request->messages[0].facts.at_most_once = true;
        support_add(request, "b")->facts.at_most_once = true;
        (void)support_add(request, "c");
        support_expect(store, request, 0);
        support_expect(store, support_ids(STORE_MARK_SENT, channel, IDS(1, 3)), 0);
        /* Written, so never read again. */
        cr_assert(is(support_outbox(store, channel), "2:b 3:c"));
        reopen();
        cr_assert(is(support_parked(store, channel), "1:uncertain:restart"));
        cr_assert(is(support_outbox(store, channel), "2:b 3:c"));
        cr_assert(is(counts_text(), "2/2 0/0 1 2"));
        reopen();
        cr_assert(is(counts_text(), "2/2 0/0 1 2"));
}

Test(store, at_most_once_delivered_leaves_no_mark) {
        struct store_request *request = support_send(channel, "a");

        request->messages[0].facts.at_most_once = true;
        support_expect(store, request, 0);
        support_expect(store, support_ids(STORE_MARK_SENT, channel, IDS(1)), 0);
        support_expect(store, support_finish(channel, MESSAGE_DELIVERED, IDS(1)), 0);
        store_free(store);
        cr_assert(eq(i64, support_sql_number("SELECT count(*) FROM attempt"), 0));
        store = support_open();
        cr_assert(is(counts_text(), "0/0 0/0 0 0"));
}

Test(store, tries_are_counted_over_restarts) {
        struct store_request *request = support_send(channel, "a");

        request->messages[0].facts.max_tries = 2;
        (void)support_add(request, "b");
        support_expect(store, request, 0);
        request = support_do(store, support_ids(STORE_COUNT_TRY, channel, IDS(1, 2, 9)));
        cr_assert(eq(sz, request->n_ids, 0));
        store_request_free(request);
        reopen();
        request = support_do(store, store_request_new(STORE_READ_OUT, channel));
        cr_assert(eq(int, (int)request->messages[0].facts.tries, 1));
        store_request_free(request);
        request = support_do(store, support_ids(STORE_COUNT_TRY, channel, IDS(1, 2)));
        cr_assert(is(support_id_text(request), "1"));
        store_request_free(request);
        cr_assert(is(support_parked(store, channel), "1:rejected:max-tries"));
        cr_assert(is(support_outbox(store, channel), "2:b"));
}

Test(store, messages_wait_and_expire) {
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

        request = support_do(store,
                             at(support_ids(STORE_READ_OUT, channel, IDS(3, 2)), support_t0 + 50));
        cr_assert(is(support_text(request), "1:held 4:plain"));
        cr_assert(eq(u64, request->next_expiry_realtime_usec, 0));
        store_request_free(request);

        /* 3 is in flight. */
        request =
                support_do(store, at(support_ids(STORE_EXPIRE, channel, IDS(3)), support_t0 + 30));
        cr_assert(is(support_id_text(request), "2"));
        cr_assert(eq(u64, request->next_expiry_realtime_usec, 0));
        cr_assert(eq(u64, request->next_due_realtime_usec, support_t0 + 50));
        store_request_free(request);
        request = support_do(store, at(store_request_new(STORE_EXPIRE, channel), support_t0 + 29));
        cr_assert(is(support_id_text(request), ""));
        cr_assert(eq(u64, request->next_expiry_realtime_usec, support_t0 + 30));
        store_request_free(request);
        cr_assert(is(support_parked(store, channel), "2:expired:ttl"));
        cr_assert(is(support_outbox(store, channel), "3:long 4:plain"));
}

Test(store, expiry_goes_by_a_thousand) {
        struct store_request *request = store_request_new(STORE_SEND, channel);

        for (int i = 0; i < 1001; i++)
                support_add(request, "x")->facts.expires_realtime_usec = support_t0 + 1;
        support_expect(store, request, 0);
        request = support_do(store, at(store_request_new(STORE_EXPIRE, channel), support_t0 + 5));
        cr_assert(eq(sz, request->n_ids, 1000));
        cr_assert(eq(u64, request->next_expiry_realtime_usec, support_t0 + 1));
        store_request_free(request);
}

Test(store, reading_keeps_to_its_limits) {
        static const struct {
                uint64_t after_id, messages, bytes;
                const char *expected;
                bool more;
        } rows[] = {
                {0, 0, 0, "1:aaaa 2:bb 3:c 4:dddd", false},
                {1, 0, 0, "2:bb 3:c 4:dddd", false},
                {0, 2, 0, "1:aaaa 2:bb", true},
                {0, 0, 6, "1:aaaa 2:bb", true},
                {0, 0, 7, "1:aaaa 2:bb 3:c", true},
                {0, 0, 1, "1:aaaa", true},
                {3, 9, 99, "4:dddd", false},
                {4, 0, 0, "", false},
                {UINT64_MAX, 0, 0, "", false},
        };
        static const char *const payloads[] = {"aaaa", "bb", "c", "dddd"};

        for (size_t i = 0; i < 4; i++) {
                (void)support_sent(store, channel, payloads[i]);
                (void)support_received(store, channel, payloads[i]);
        }
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                for (int incoming = 0; incoming < 2; incoming++) {
                        struct store_request *request = store_request_new(
                                incoming ? STORE_READ_IN : STORE_READ_OUT, channel);

                        request->after_id = rows[i].after_id;
                        request = support_do(store,
                                             limited(request, rows[i].messages, rows[i].bytes));
                        cr_assert(is(support_text(request), rows[i].expected), "row %zu", i);
                        cr_assert(eq(int, request->more, rows[i].more), "row %zu", i);
                        store_request_free(request);
                }
}

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

Test(store, inbox) {
        struct store_request *request = support_receive(channel, "a");

        request->messages[0].text = true;
        support_expect(store, request, 0);
        (void)support_received(store, channel, "b");
        cr_assert(is(counts_text(), "0/0 2/2 0 0"));
        cr_assert(is(read_in(0), "1 2"));
        cr_assert(is(read_in(0), "1r 2r"));
        (void)support_received(store, channel, "c");
        cr_assert(is(read_in(1), "2r 3"));
        reopen();
        cr_assert(is(read_in(0), "1r 2r 3r"));
        request = support_do(store, store_request_new(STORE_READ_IN, channel));
        cr_assert(request->messages[0].text && !request->messages[1].text);
        cr_assert(eq(u64, request->messages[0].facts.created_realtime_usec, support_t0));
        store_request_free(request);
        support_expect(store, support_ids(STORE_ACKNOWLEDGE, channel, IDS(1, 3)), 0);
        cr_assert(is(read_in(0), "2r"));
        cr_assert(is(counts_text(), "0/0 1/1 0 0"));
}

Test(store, inbox_limits) {
        struct store_request *request = support_receive(channel, "a");

        (void)support_add(request, "b");
        support_expect(store, limited(request, 1, 0), -ENOBUFS);
        cr_assert(is(counts_text(), "0/0 0/0 0 0"));
        for (int i = 0; i < 3; i++)
                (void)support_received(store, channel, "x");
        request = limited(support_receive(channel, "yy"), 3, 3);
        request->drop_oldest = true;
        request = support_do(store, request);
        cr_assert(eq(int, request->error, 0));
        cr_assert(eq(u64, request->n_dropped, 2));
        cr_assert(eq(u64, request->counts.n_unread, 2));
        store_request_free(request);
        cr_assert(is(support_inbox(store, channel), "3:x 4:yy"));
}

Test(store, list) {
        struct store_request *request = support_send(channel, "a");
        static const struct {
                struct store_filter filter;
                uint64_t limit;
                const char *expected;
                bool more;
        } rows[] = {
                {{.any_state = true}, 0, "1:a 2:b 3:c 4:d", false},
                {{.any_state = true, .after_id = 2}, 0, "3:c 4:d", false},
                {{.any_state = true, .after_id = 1}, 2, "2:b 3:c", true},
                {{.any_state = true, .only_id = 3}, 0, "3:c", false},
                {{.any_state = true, .only_id = 9}, 0, "", false},
                {{.any_state = true, .tag = "t"}, 0, "2:b 4:d", false},
                {{.any_state = true, .tag = "t"}, 1, "2:b", true},
                {{.state = MESSAGE_QUEUED}, 0, "2:b", false},
                {{.state = MESSAGE_SENT}, 0, "1:a 4:d", false},
                {{.state = MESSAGE_CANCELLED}, 0, "3:c", false},
                {{.state = MESSAGE_EXPIRED}, 0, "", false},
                {{.any_state = true, .by_uuid = true, .uuid = {0}}, 0, "", false},
                {{.incoming = true, .any_state = true}, 0, "1:in 2:in", false},
                {{.incoming = true, .any_state = true}, 1, "1:in", true},
                {{.incoming = true, .any_state = true, .only_id = 2}, 0, "2:in", false},
                {{.incoming = true, .any_state = true, .only_id = 3}, 0, "", false},
                {{.incoming = true, .any_state = true, .tag = "t"}, 0, "", false},
        };

        request->messages[0].facts.at_most_once = true;
        (void)strcpy(support_add(request, "b")->facts.tag, "t");
        support_set_uuid(support_add(request, "c"), 9);
        (void)strcpy(support_add(request, "d")->facts.tag, "t");
        support_expect(store, request, 0);
        support_expect(store, support_ids(STORE_MARK_SENT, channel, IDS(1)), 0);
        support_expect(store, support_finish(channel, MESSAGE_CANCELLED, IDS(3)), 0);
        (void)support_received(store, channel, "in");
        (void)support_received(store, channel, "in");

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                request = support_ids(STORE_LIST, channel, IDS(4)); /* in flight */
                request->filter = rows[i].filter;
                request->with_payload = true;
                request = support_do(store, limited(request, rows[i].limit, 0));
                cr_assert(is(support_text(request), rows[i].expected), "row %zu", i);
                cr_assert(eq(int, request->more, rows[i].more), "row %zu", i);
                store_request_free(request);
        }

        request = store_request_new(STORE_LIST, channel);
        request->filter.any_state = true;
        request = support_do(store, request);
        cr_assert(is(support_text(request), "1: 2: 3: 4:"), "without payloads");
        cr_assert(eq(sz, request->messages[0].payload_bytes, 1));
        cr_assert(is(request->messages[2].facts.reason, "why"));
        store_request_free(request);
}

Test(store, list_by_uuid) {
        struct store_request *request;
        uint8_t derived[MESSAGE_UUID_BYTES];

        (void)uuid_sent("given", 7, support_t0);
        (void)support_sent(store, channel, "derived");
        request = support_do(store, store_request_new(STORE_READ_OUT, channel));
        memcpy(derived, request->messages[1].facts.uuid, sizeof(derived));
        store_request_free(request);
        for (int i = 0; i < 2; i++) {
                request = store_request_new(STORE_LIST, channel);
                request->filter.any_state = request->filter.by_uuid = true;
                request->with_payload = true;
                if (i == 0)
                        memset(request->filter.uuid, 7, MESSAGE_UUID_BYTES);
                else
                        memcpy(request->filter.uuid, derived, sizeof(derived));
                request = support_do(store, request);
                cr_assert(is(support_text(request), i == 0 ? "1:given" : "2:derived"));
                store_request_free(request);
        }
}

Test(store, list_looks_at_a_part_at_a_time) {
        struct store_request *request = store_request_new(STORE_SEND, channel);

        for (int i = 0; i < 10001; i++)
                (void)support_add(request, "x");
        (void)strcpy(request->messages[10000].facts.tag, "last");
        support_expect(store, request, 0);
        request = store_request_new(STORE_LIST, channel);
        request->filter.any_state = true;
        (void)strcpy(request->filter.tag, "last");
        request = support_do(store, request);
        cr_assert(eq(sz, request->n_messages, 0));
        cr_assert(request->more);
        cr_assert(eq(u64, request->after_id, 10000));
        request->filter.after_id = request->after_id;
        request = support_do(store, request);
        cr_assert(eq(sz, request->n_messages, 1));
        cr_assert(not(request->more));
        store_request_free(request);
}

Test(store, unknown_channel) {
        for (int kind = STORE_CHANNEL_PUT; kind <= STORE_DISCARD; kind++)
                support_expect(store, store_request_new((enum store_kind)kind, 77), -ENOENT);
        support_expect(store, store_request_new(STORE_SEND, 0), -ENOENT);
}

Test(store, channel_remove_takes_everything) {
        uint64_t other = support_channel(store, "other");

        (void)support_sent(store, other, "kept");
        (void)uuid_sent("a", 1, support_t0);
        (void)support_sent(store, channel, "b");
        (void)support_received(store, channel, "in");
        support_expect(store, support_finish(channel, MESSAGE_REJECTED, IDS(2)), 0);
        support_expect(store, store_request_new(STORE_CHANNEL_REMOVE, channel), 0);
        support_expect(store, support_send(channel, "x"), -ENOENT);
        cr_assert(is(support_outbox(store, other), "1:kept"));
        store_free(store);
        cr_assert(eq(i64,
                     support_sql_number("SELECT (SELECT count(*) FROM outbox) + "
                                        "(SELECT count(*) FROM uuid) + (SELECT count(*) FROM "
                                        "inbox) + (SELECT count(*) FROM parked) + "
                                        "(SELECT count(*) FROM channel)"),
                     2));
        store = support_open();
}

/* Channels with every option other than its default. */
static void change_options(struct channel_options *options) {
        char problem[256];
        const char *key;

        for (size_t i = 0; (key = channel_option_key(i)); i++) {
                struct option_value value;
                bool is_default;

                cr_assert(eq(int, channel_options_get(options, key, &value, &is_default), 0));
                switch (value.type) {
                case OPTION_BOOL:
                        value.boolean = !value.boolean;
                        break;
                case OPTION_U32:
                case OPTION_U64:
                        value.number = strcmp(key, "ping-interval") == 0 ? UINT64_MAX : 777777;
                        if (strcmp(key, "in-flight") == 0)
                                value.number = 77;
                        break;
                case OPTION_DOUBLE:
                        value.real = 1.0;
                        break;
                case OPTION_STRING:
                case OPTION_BYTES:
                case OPTION_STRINGS:
                case OPTION_PAIRS:
                        continue;
                }
                cr_assert(eq(int,
                             channel_options_set(options, key, &value, problem, sizeof(problem)),
                             0),
                          "%s", problem);
        }
}

static void set_option(struct channel_options *options, const char *key, enum option_type type,
                       const void *data, size_t len) {
        struct option_value value = {.type = type, .data = data, .len = len};
        char problem[256];

        cr_assert(eq(int, channel_options_set(options, key, &value, problem, sizeof(problem)), 0),
                  "%s", problem);
}

static struct store_channel *load_only(uint64_t id) {
        struct store_channel **channels, *found = NULL;
        size_t n;

        cr_assert(eq(int, store_load_channels(store, &channels, &n), 0));
        for (size_t i = 0; i < n; i++)
                if (channels[i]->id == id)
                        found = channels[i];
                else
                        store_channel_free(channels[i]);
        free(channels);
        return found;
}

static bool value_equal(const struct option_value *a, const struct option_value *b) {
        return a->boolean == b->boolean && a->number == b->number && a->real == b->real &&
               a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

Test(store, channels_come_back_as_they_were) {
        struct store_request *request = support_put("full");
        struct store_channel *put = request->put, *loaded;
        const char *key;

        change_options(&put->options);
        set_option(&put->options, "label", OPTION_STRING, "a label", 7);
        set_option(&put->options, "headers", OPTION_PAIRS, "X-A\0b\0X-C\0d", 12);
        set_option(&put->options, "subprotocols", OPTION_STRINGS, "one\0two", 8);
        set_option(&put->options, "tls-ca", OPTION_BYTES, "pem", 3);
        set_option(&put->options, "delivery", OPTION_STRING, "at-most-once", 12);
        put->suspended = put->was_connected = true;
        put->closed_realtime_usec = 55;
        put->uid = getuid();
        request = support_do(store, request);
        cr_assert(eq(int, request->error, 0));
        put = request->put;
        (void)support_sent(store, put->id, "out");
        (void)support_received(store, put->id, "in");
        reopen();

        loaded = load_only(put->id);
        cr_assert(loaded != NULL);
        cr_assert(eq(int, (int)loaded->uid, (int)getuid()));
        cr_assert(is(loaded->user, put->user));
        cr_assert(is(loaded->name, "full"));
        cr_assert(is(loaded->uri, "ws://localhost/"));
        cr_assert(loaded->suspended && loaded->was_connected && !loaded->orphaned);
        cr_assert(eq(u64, loaded->closed_realtime_usec, 55));
        cr_assert(memcmp(loaded->key, put->key, sizeof(put->key)) == 0);
        cr_assert(eq(u64, loaded->counts.n_queued, 1));
        cr_assert(eq(u64, loaded->last_out_id, 1));
        cr_assert(eq(u64, loaded->last_in_id, 1));
        for (size_t i = 0; (key = channel_option_key(i)); i++) {
                struct option_value a, b;
                bool is_default;

                (void)channel_options_get(&put->options, key, &a, &is_default);
                (void)channel_options_get(&loaded->options, key, &b, &is_default);
                cr_assert(value_equal(&a, &b), "%s", key);
        }
        store_channel_free(loaded);
        store_request_free(request);
}

Test(store, channel_is_changed_by_put) {
        struct store_request *request = support_put("ignored");
        struct store_channel *loaded;

        set_option(&request->put->options, "label", OPTION_STRING, "new", 3);
        free(request->put->uri);
        request->put->uri = strdup("ws://elsewhere/");
        request->put->suspended = true;
        request->channel = channel;
        support_expect(store, request, 0);
        reopen();
        loaded = load_only(channel);
        cr_assert(is(loaded->uri, "ws://elsewhere/"));
        cr_assert(is(loaded->name, "main"));
        cr_assert(is(loaded->options.label, "new"));
        cr_assert(loaded->suspended);
        store_channel_free(loaded);

        /* Back to the default: no row is left. */
        request = support_put("ignored");
        request->channel = channel;
        support_expect(store, request, 0);
        store_free(store);
        cr_assert(eq(i64, support_sql_number("SELECT count(*) FROM option"), 0));
        store = support_open();
}

Test(store, channel_key_is_taken) {
        support_expect(store, support_put("main"), -EEXIST);
        support_expect(store, support_put("other"), 0);
}

Test(store, orphans) {
        static const struct {
                const char *sql;
                bool orphaned;
        } rows[] = {
                {"UPDATE channel SET user='root', uid=0", false},
                {"UPDATE channel SET user='somebody', uid=0", true},
                {"UPDATE channel SET user='somebody', uid=54321", true},
                {"UPDATE channel SET user=NULL, uid=54321", false},
                {"UPDATE channel SET user=NULL, uid=0", true},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct store_channel *loaded;

                store_free(store);
                support_sql(rows[i].sql);
                store = support_open();
                loaded = load_only(channel);
                cr_assert(eq(int, loaded->orphaned, rows[i].orphaned), "row %zu", i);
                store_channel_free(loaded);
        }
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
        reopen();
        cr_assert(eq(u64, counts_now().n_queued, 1000));
}

Test(store, too_large) {
        struct store_request *request = support_send(channel, "x");

        request->messages[0].payload = realloc(request->messages[0].payload, STORE_PAYLOAD_MAX + 1);
        request->messages[0].payload_bytes = STORE_PAYLOAD_MAX + 1;
        support_expect(store, request, -EMSGSIZE);
}

Test(store, large_payloads) {
        const size_t len = 5 * 1024 * 1024;
        struct store_request *request = support_send(channel, "x");
        struct store_message *m = &request->messages[0];

        m->payload = realloc(m->payload, len);
        m->payload_bytes = len;
        for (size_t i = 0; i < len; i++)
                m->payload[i] = (uint8_t)(i * 7 + i / 4096);
        support_expect(store, request, 0);
        reopen();
        request = support_do(store, store_request_new(STORE_READ_OUT, channel));
        m = &request->messages[0];
        cr_assert(eq(sz, m->payload_bytes, len));
        for (size_t i = 0; i < len; i++)
                if (m->payload[i] != (uint8_t)(i * 7 + i / 4096))
                        cr_fail("byte %zu", i);
        store_request_free(request);
}
