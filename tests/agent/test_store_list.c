/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "store_fixture.h"

TestSuite(store_list, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

Test(store_list, reading_keeps_to_its_limits) {
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

        uint64_t other = support_channel(store, "other");

        for (size_t i = 0; i < 4; i++) {
                (void)support_sent(store, channel, payloads[i]);
                (void)support_received(store, other, payloads[i]);
        }
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                for (int incoming = 0; incoming < 2; incoming++) {
                        struct store_request *request =
                                store_request_new(incoming ? STORE_READ_IN : STORE_READ_OUT,
                                                  incoming ? other : channel);

                        request->after_id = rows[i].after_id;
                        request = support_do(
                                store, support_limited(request, rows[i].messages, rows[i].bytes));
                        cr_assert(is(support_text(request), rows[i].expected), "row %zu", i);
                        cr_assert(eq(int, request->more, rows[i].more), "row %zu", i);
                        store_request_free(request);
                }
}

Test(store_list, list) {
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
                {{.incoming = true, .any_state = true}, 0, "5:in 6:in", false},
                {{.incoming = true, .any_state = true}, 1, "5:in", true},
                {{.incoming = true, .any_state = true, .only_id = 6}, 0, "6:in", false},
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
                request = support_do(store, support_limited(request, rows[i].limit, 0));
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

Test(store_list, list_by_uuid) {
        struct store_request *request;
        uint8_t derived[MESSAGE_UUID_BYTES];

        (void)fixture_sent_uuid("given", 7, support_t0);
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

Test(store_list, list_looks_at_a_part_at_a_time) {
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
