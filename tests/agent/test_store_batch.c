/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Group commit: what shares a transaction, and what does not share its fate. */

#include "store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <poll.h>

#include "faulty_sqlite.h"
#include "log.h"
#include "store_support.h"

static void setup(void) {
        support_init();
        faulty_sqlite_install();
        log_set_level(LOG_CRIT); /* the faults are ours */
}

TestSuite(store_batch, .init = setup, .fini = support_deinit, .timeout = 100);

Test(store_batch, one_commit_for_all_that_gathered) {
        struct store *store = support_open();
        uint64_t channel = support_channel(store, "main");
        struct pollfd readable = {.fd = store_fd(store), .events = POLLIN};
        struct store_request *request;
        unsigned syncs;

        cr_assert(store_take_done(store) == NULL);
        faulty_sqlite_hold_sync();
        store_submit(store, support_send(channel, "first"));
        faulty_sqlite_wait_held();
        syncs = faulty_sqlite_calls(FAULTY_SYNC);
        for (int i = 0; i < 50; i++) {
                request = support_send(channel, "x");
                if (i == 25) {
                        /* This one is over its limits, which is nobody else's trouble. */
                        (void)support_add(request, "y");
                        request->limit_messages = 26;
                }
                store_submit(store, request);
        }
        cr_assert(eq(int, poll(&readable, 1, 20), 0), "given back before the commit");
        faulty_sqlite_release_sync();
        for (int i = 0; i < 51; i++) {
                request = support_wait(store);
                cr_assert(eq(int, request->error, i == 26 ? -ENOBUFS : 0), "request %d", i);
                store_request_free(request);
        }
        cr_assert(eq(int, (int)(faulty_sqlite_calls(FAULTY_SYNC) - syncs), 1));
        store_free(store);
}

Test(store_batch, reading_never_waits_for_the_disk) {
        struct store *store = support_open();
        uint64_t channel = support_channel(store, "main");
        unsigned syncs;

        (void)support_sent(store, channel, "x");
        (void)support_received(store, channel, "x");
        syncs = faulty_sqlite_calls(FAULTY_SYNC);
        cr_assert(is(support_outbox(store, channel), "1:x"));
        cr_assert(is(support_inbox(store, channel), "2:x"));
        cr_assert(is(support_parked(store, channel), ""));
        cr_assert(eq(int, (int)faulty_sqlite_calls(FAULTY_SYNC), (int)syncs));
        /* But the next sending does. */
        (void)support_sent(store, channel, "y");
        cr_assert(eq(int, (int)faulty_sqlite_calls(FAULTY_SYNC), (int)syncs + 1));
        store_free(store);
}

Test(store_batch, failed_commit_fails_all_its_requests) {
        struct store *store = support_open();
        uint64_t channel = support_channel(store, "main");

        (void)support_sent(store, channel, "a");
        faulty_sqlite_hold_sync();
        store_submit(store, support_send(channel, "b"));
        faulty_sqlite_wait_held();
        for (int i = 0; i < 5; i++)
                store_submit(store, i == 2 ? store_request_new(STORE_READ_OUT, channel)
                                           : support_send(channel, "c"));
        faulty_sqlite_fail(FAULTY_SYNC, 1, SQLITE_IOERR_FSYNC, false);
        faulty_sqlite_release_sync();
        for (int i = 0; i < 6; i++) {
                struct store_request *request = support_wait(store);

                cr_assert(eq(int, request->error, i == 0 ? 0 : -EIO), "request %d", i);
                cr_assert(i == 0 || request->messages == NULL || request->kind == STORE_SEND);
                store_request_free(request);
        }
        /* Their outcome was unknown; here they are there, and the counts say so. */
        cr_assert(is(support_outbox(store, channel), "1:a 2:b 3:c 4:c 5:c 6:c"));
        cr_assert(eq(u64, support_sent(store, channel, "d"), 7));
        store_free(store);
}
