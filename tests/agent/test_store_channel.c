/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_fixture.h"

TestSuite(store_channel, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

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

Test(store_channel, channels_come_back_as_they_were) {
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
        fixture_reopen();

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
        cr_assert(eq(u64, loaded->last_id, 2));
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

Test(store_channel, channel_is_changed_by_put) {
        struct store_request *request = support_put("ignored");
        struct store_channel *loaded;

        set_option(&request->put->options, "label", OPTION_STRING, "new", 3);
        free(request->put->uri);
        request->put->uri = strdup("ws://elsewhere/");
        request->put->suspended = true;
        request->channel = channel;
        support_expect(store, request, 0);
        fixture_reopen();
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

Test(store_channel, channel_key_is_taken) {
        support_expect(store, support_put("main"), -EEXIST);
        support_expect(store, support_put("other"), 0);
}

Test(store_channel, orphans) {
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

Test(store_channel, channel_remove_takes_everything) {
        uint64_t other = support_channel(store, "other");

        (void)support_sent(store, other, "kept");
        (void)fixture_sent_uuid("a", 1, support_t0);
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
