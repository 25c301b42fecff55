/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

struct store *store;
uint64_t channel;

void fixture_setup(void) {
        support_init();
        store = support_open();
        channel = support_channel(store, "main");
}

void fixture_teardown(void) {
        store_free(store);
        support_deinit();
}

void fixture_reopen(void) {
        store_free(store);
        store = support_open();
}

/* The counts of the channel, by a request that changes nothing. */
struct store_counts fixture_counts_now(void) {
        struct store_request *request = support_do(store, store_request_new(STORE_LIST, channel));
        struct store_counts counts = request->counts;

        store_request_free(request);
        return counts;
}

/* "queued/bytes unread/bytes parked oldest" */
const char *fixture_counts(void) {
        struct store_counts c = fixture_counts_now();
        static char line[128];

        (void)snprintf(line, sizeof(line), "%d/%d %d/%d %d %d", (int)c.n_queued,
                       (int)c.queued_bytes, (int)c.n_unread, (int)c.unread_bytes, (int)c.n_parked,
                       (int)c.oldest_queued_id);
        return line;
}

struct store_request *fixture_send_uuid(const char *payload, uint8_t uuid) {
        struct store_request *request = support_send(channel, payload);

        support_set_uuid(&request->messages[0], uuid);
        return request;
}

uint64_t fixture_sent_uuid(const char *payload, uint8_t uuid, uint64_t now) {
        struct store_request *request =
                support_do(store, support_at(fixture_send_uuid(payload, uuid), now));
        uint64_t id = request->messages[0].facts.id;

        cr_assert(eq(int, request->error, 0));
        store_request_free(request);
        return id;
}
