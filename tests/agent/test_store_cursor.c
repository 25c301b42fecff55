/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

TestSuite(store_cursor, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

/* A message that the server calls `id`, and that moves the cursor there. */
static struct store_request *receive(const char *payload, const char *id, const char *epoch) {
        struct store_request *request = support_receive(channel, payload);

        request->messages[0].server_id = strdup(id);
        request->moves_cursor = true;
        cr_assert(eq(int, cursor_set(&request->cursor, id, epoch), 0));
        return request;
}

static bool is_duplicate(struct store_request *request) {
        bool duplicate;

        request = support_do(store, request);
        cr_assert(eq(int, request->error, 0));
        duplicate = request->messages[0].duplicate;
        store_request_free(request);
        return duplicate;
}

static void move(const char *text, const char *epoch) {
        struct store_request *request = store_request_new(STORE_RECEIVE, channel);

        request->moves_cursor = true;
        cr_assert(eq(int, cursor_set(&request->cursor, text, epoch), 0));
        support_expect(store, request, 0);
}

/* What a restart would find, as "text/epoch". */
static const char *cursor_on_disk(void) {
        static char line[256];
        struct store_channel **channels;
        size_t n;

        fixture_reopen();
        cr_assert(eq(int, store_load_channels(store, &channels, &n), 0));
        cr_assert(eq(sz, n, 1));
        (void)snprintf(line, sizeof(line), "%s/%s",
                       channels[0]->cursor.text ? channels[0]->cursor.text : "unknown",
                       channels[0]->cursor.epoch ? channels[0]->cursor.epoch : "none");
        store_channel_free(channels[0]);
        free(channels);
        return line;
}

Test(store_cursor, moves_with_the_message) {
        cr_assert(is(cursor_on_disk(), "unknown/none"));
        cr_assert(not(is_duplicate(receive("a", "1", "e1"))));
        cr_assert(is(cursor_on_disk(), "1/e1"));
        cr_assert(not(is_duplicate(receive("b", "2", NULL))));
        cr_assert(is(cursor_on_disk(), "2/none"));
        (void)support_received(store, channel, "one that moves nothing");
        cr_assert(is(cursor_on_disk(), "2/none"));
}

Test(store_cursor, is_known_and_empty_or_not_known) {
        move("", "e1");
        cr_assert(is(cursor_on_disk(), "/e1"));
        move(NULL, NULL);
        cr_assert(is(cursor_on_disk(), "unknown/none"));
}

Test(store_cursor, stays_when_the_message_is_not_stored) {
        move("1", "e1");
        support_expect(store, support_limited(receive("too much", "2", "e2"), 0, 3), -ENOBUFS);
        cr_assert(is(cursor_on_disk(), "1/e1"));
        /* What was refused is no repeat when it comes again. */
        cr_assert(not(is_duplicate(receive("b", "2", "e2"))));
}

Test(store_cursor, duplicates_are_left_out_and_move_nothing) {
        cr_assert(not(is_duplicate(receive("a", "1", "e"))));
        cr_assert(not(is_duplicate(receive("b", "2", "e"))));
        cr_assert(is_duplicate(receive("a", "1", "e")));
        cr_assert(is(cursor_on_disk(), "2/e"));
        cr_assert(is_duplicate(receive("b", "2", "e"))); /* after a restart too */
        cr_assert(is(support_inbox(store, channel), "1:a 2:b"));
        cr_assert(is(fixture_counts(), "0/0 2/2 0 0"));
        /* Acknowledged or not; identical content proves nothing. */
        support_expect(store, support_ids(STORE_ACKNOWLEDGE, channel, IDS(1, 2)), 0);
        cr_assert(is_duplicate(receive("a", "1", "e")));
        cr_assert(not(is_duplicate(receive("a", "3", "e"))));
        /* The server has begun to count anew: this is another one. */
        cr_assert(not(is_duplicate(receive("other", "1", "e"))));
        cr_assert(is_duplicate(receive("other", "1", "e")));
}

Test(store_cursor, window_of_duplicates_is_bounded) {
        struct store_request *request = support_receive(channel, "x");
        char id[16];

        request->messages[0].server_id = strdup("0");
        for (int i = 1; i < 1025; i++) {
                (void)snprintf(id, sizeof(id), "%d", i);
                support_add(request, "x")->server_id = strdup(id);
        }
        support_expect(store, request, 0);
        cr_assert(is_duplicate(receive("x", "1", "e")));
        cr_assert(not(is_duplicate(receive("x", "0", "e")))); /* the one that is forgotten */
        fixture_reopen();
        cr_assert(not(is_duplicate(receive("x", "1", "e"))));
        cr_assert(is_duplicate(receive("x", "1024", "e")));
        store_free(store);
        cr_assert(eq(int, (int)support_sql_number("SELECT count(*) FROM seen"), 1024));
        store = support_open();
}

Test(store_cursor, goes_with_the_channel) {
        cr_assert(not(is_duplicate(receive("a", "1", "e"))));
        support_expect(store, store_request_new(STORE_CHANNEL_REMOVE, channel), 0);
        store_free(store);
        cr_assert(eq(int, (int)support_sql_number("SELECT count(*) FROM seen"), 0));
        store = support_open();
}

/* The tables of the first version, with a channel and messages in both directions. */
static void become_version_1(void) {
        support_sql("DROP INDEX seen_digest; DROP TABLE seen;"
                    "ALTER TABLE channel DROP COLUMN n_seen;"
                    "ALTER TABLE channel DROP COLUMN cursor;"
                    "ALTER TABLE channel DROP COLUMN epoch; PRAGMA user_version=1");
}

Test(store_cursor, queue_of_the_first_version_is_kept) {
        (void)support_sent(store, channel, "out");
        (void)support_received(store, channel, "in");
        store_free(store);
        become_version_1();
        store = support_open();
        cr_assert(is(support_outbox(store, channel), "1:out"));
        cr_assert(is(support_inbox(store, channel), "2:in"));
        cr_assert(is(cursor_on_disk(), "unknown/none"));
        cr_assert(not(is_duplicate(receive("a", "1", "e1"))));
        cr_assert(is_duplicate(receive("a", "1", "e1")));
        cr_assert(is(cursor_on_disk(), "1/e1"));
        store_free(store);
        cr_assert(eq(int, (int)support_sql_number("PRAGMA user_version"), 2));
        store = support_open();
}

Test(store_cursor, damaged_queue_of_the_first_version_is_left_as_it_is) {
        struct store *refused;
        char problem[512];

        (void)support_sent(store, channel, "out");
        store_free(store);
        become_version_1();
        support_sql("ALTER TABLE outbox RENAME payload TO stuff");
        cr_assert(eq(int, store_open(support_directory, 0, &refused, problem, sizeof(problem)),
                     -EUCLEAN));
        cr_assert(eq(int, (int)support_sql_number("PRAGMA user_version"), 1));
        cr_assert(eq(int, (int)support_sql_number("SELECT count(*) FROM outbox"), 1));
        support_sql("ALTER TABLE outbox RENAME stuff TO payload");
        store = support_open();
        cr_assert(is(support_outbox(store, channel), "1:out"));
}
