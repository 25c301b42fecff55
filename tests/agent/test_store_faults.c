/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every call to the disk and to malloc fails once, and for good. */

#include "store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "faulty_sqlite.h"
#include "log.h"
#include "store_support.h"

/* With so small a limit the log is moved into the file every few requests. */
#define SMALL_LIMIT (UINT64_C(1) << 20)

static void setup(void) {
        support_init();
        faulty_sqlite_install();
        log_set_level(LOG_CRIT); /* the faults are ours */
}

TestSuite(store_faults, .init = setup, .fini = support_deinit, .timeout = 100);

#define N_STEPS 12

/* One step, with the same UUID as often as it takes: at most so often. */
static int try_step(struct store *store, uint64_t channel, unsigned step, int times) {
        int error = 0;

        for (int i = 0; i < times; i++) {
                struct store_request *request;
                char payload[] = {(char)('a' + step), '\0'};

                request = support_send(channel, payload);
                support_set_uuid(&request->messages[0], (uint8_t)step);
                request = support_do(store, request);
                error = request->error;
                store_request_free(request);
                if (error == 0)
                        return 0;
                cr_assert(error == -EIO || error == -ENOSPC || error == -ENOMEM, "error %d", error);
        }
        return error;
}

static void run_steps(struct store *store, uint64_t channel, const char *what) {
        bool accepted[N_STEPS + 1];
        struct store_request *request;
        uint64_t id = 0;

        for (unsigned step = 1; step <= N_STEPS; step++)
                accepted[step] = try_step(store, channel, step, 2) == 0;
        for (unsigned call = 0; call < FAULTY_CALL_COUNT; call++)
                faulty_sqlite_fail((enum faulty_call)call, 0, 0, false);

        /* What was accepted is there, in order. */
        request = support_do(store, store_request_new(STORE_READ_OUT, channel));
        cr_assert(eq(int, request->error, 0), "%s", what);
        for (unsigned step = 1, at = 0; step <= N_STEPS; step++) {
                if (!accepted[step])
                        continue;
                while (at < request->n_messages && request->messages[at].payload[0] != 'a' + step)
                        at++;
                cr_assert(at < request->n_messages, "%s: %u was accepted and is lost: %s", what,
                          step, support_text(request));
        }
        store_request_free(request);

        /* And all works again: nothing twice. */
        for (unsigned step = 1; step <= N_STEPS; step++)
                cr_assert(eq(int, try_step(store, channel, step, 1), 0), "%s", what);
        request = support_do(store, store_request_new(STORE_READ_OUT, channel));
        cr_assert(eq(sz, request->n_messages, N_STEPS), "%s", what);
        cr_assert(eq(u64, request->counts.n_queued, N_STEPS), "%s", what);
        for (size_t i = 0; i < N_STEPS; i++) {
                cr_assert(request->messages[i].facts.id > id);
                id = request->messages[i].facts.id;
        }
        store_request_free(request);
}

/* Every one of the first calls fails once, and every one fails with all after it. */
static void sweep(enum faulty_call call, int code, unsigned n, unsigned stride) {
        for (unsigned nth = 1; nth <= n; nth += stride)
                for (int forever = 0; forever < 2; forever++) {
                        struct store *store = support_open_limited(SMALL_LIMIT);
                        char name[32], what[64];
                        uint64_t channel;

                        (void)snprintf(name, sizeof(name), "c%u-%d", nth, forever);
                        (void)snprintf(what, sizeof(what), "call %d, nth %u, forever %d", call, nth,
                                       forever);
                        channel = support_channel(store, name);
                        faulty_sqlite_fail(call, nth, code, forever != 0);
                        run_steps(store, channel, what);
                        support_expect(store, store_request_new(STORE_CHANNEL_REMOVE, channel), 0);
                        store_free(store);
                }
}

Test(store_faults, write_fails) {
        sweep(FAULTY_WRITE, SQLITE_IOERR_WRITE, 90, 1);
}

Test(store_faults, write_finds_the_disk_full) {
        sweep(FAULTY_WRITE, SQLITE_FULL, 90, 1);
}

Test(store_faults, sync_fails) {
        sweep(FAULTY_SYNC, SQLITE_IOERR_FSYNC, 24, 1);
}

Test(store_faults, truncate_fails) {
        sweep(FAULTY_TRUNCATE, SQLITE_IOERR_TRUNCATE, 6, 1);
}

Test(store_faults, read_fails) {
        sweep(FAULTY_READ, SQLITE_IOERR_READ, 30, 1);
}

Test(store_faults, memory_runs_out) {
        sweep(FAULTY_MALLOC, SQLITE_NOMEM, 200, 1);
}

/* While it is being opened: it opens or says why, and the next time all is there. */
static void sweep_open(uint64_t channel, enum faulty_call call, int code, unsigned n) {
        for (unsigned nth = 1; nth <= n; nth++) {
                char problem[512] = "";
                struct store *store;
                int r;

                faulty_sqlite_fail(call, nth, code, true);
                r = store_open(support_directory, SMALL_LIMIT, &store, problem, sizeof(problem));
                faulty_sqlite_fail(call, 0, 0, false);
                cr_assert(r < 0 ? strstr(problem, "queue.db") != NULL : problem[0] == '\0');
                if (r == 0)
                        store_free(store);
                store = support_open_limited(SMALL_LIMIT);
                cr_assert(is(support_outbox(store, channel), "1:a"), "nth %u", nth);
                store_free(store);
        }
}

Test(store_faults, opening_fails_cleanly) {
        struct store *store = support_open_limited(SMALL_LIMIT);
        uint64_t channel = support_channel(store, "main");

        (void)support_sent(store, channel, "a");
        store_free(store);
        sweep_open(channel, FAULTY_READ, SQLITE_IOERR_READ, 30);
        sweep_open(channel, FAULTY_WRITE, SQLITE_IOERR_WRITE, 10);
        sweep_open(channel, FAULTY_OPEN, SQLITE_CANTOPEN, 4);
        sweep_open(channel, FAULTY_MALLOC, SQLITE_NOMEM, 400);
}
