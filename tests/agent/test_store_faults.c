/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The store on a disk that fails, is full, or loses its power, and under kill -9. */

#include "store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faulty_sqlite.h"
#include "log.h"
#include "store_support.h"

#define is(actual, expected) eq(str, (char *)(actual), (char *)(expected))

/* With so small a limit the log is moved into the file every few requests. */
#define SMALL_LIMIT (UINT64_C(1) << 20)

static void setup(void) {
        support_init();
        faulty_sqlite_install();
        log_set_level(LOG_CRIT); /* the faults are ours */
}

TestSuite(store_faults, .init = setup, .fini = support_deinit, .timeout = 100);

Test(store_faults, one_commit_for_all_that_gathered) {
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

Test(store_faults, reading_never_waits_for_the_disk) {
        struct store *store = support_open();
        uint64_t channel = support_channel(store, "main");
        unsigned syncs;

        (void)support_sent(store, channel, "x");
        (void)support_received(store, channel, "x");
        syncs = faulty_sqlite_calls(FAULTY_SYNC);
        cr_assert(is(support_outbox(store, channel), "1:x"));
        cr_assert(is(support_inbox(store, channel), "1:x"));
        cr_assert(is(support_parked(store, channel), ""));
        cr_assert(eq(int, (int)faulty_sqlite_calls(FAULTY_SYNC), (int)syncs));
        /* But the next sending does. */
        (void)support_sent(store, channel, "y");
        cr_assert(eq(int, (int)faulty_sqlite_calls(FAULTY_SYNC), (int)syncs + 1));
        store_free(store);
}

Test(store_faults, failed_commit_fails_all_its_requests) {
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

/* ---- faults anywhere ---- */

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

/* ---- power cut ---- */

static struct store *open_in(const char *name) {
        char problem[512] = "";
        struct store *store;
        int r;

        r = store_open(support_path(name), SMALL_LIMIT, &store, problem, sizeof(problem));
        cr_assert(eq(int, r, 0), "%s", problem);
        return store;
}

/* Runs a shell command in the test's directory. */
static void run(const char *command) {
        char line[512];

        (void)snprintf(line, sizeof(line), "cd '%s' && %s", support_directory, command);
        cr_assert(eq(int, system(line), 0), "%s", line);
}

/* Opens a mirrored store with a channel. */
static struct store *open_mirrored(uint64_t *ret_channel) {
        struct store *store = support_open_limited(SMALL_LIMIT);
        char mirror[128];

        *ret_channel = support_channel(store, "main");
        store_free(store);
        run("mkdir mirror && cp queue.* mirror");
        (void)snprintf(mirror, sizeof(mirror), "%s", support_path("mirror"));
        faulty_sqlite_mirror(support_directory, mirror);
        return support_open_limited(SMALL_LIMIT);
}

/* The outbox that a power cut would leave, as text. */
static const char *outbox_after_power_cut(uint64_t channel) {
        struct store *after;
        const char *text;

        run("rm -rf cut && cp -r mirror cut");
        after = open_in("cut");
        text = support_outbox(after, channel);
        store_free(after);
        return text;
}

/* What had been synced when a request came back is enough to have its outcome. */
Test(store_faults, power_cut_loses_nothing) {
        uint64_t channel;
        struct store *store = open_mirrored(&channel);

        for (unsigned i = 1; i <= 100; i++) {
                char expected[64];

                (void)support_sent(store, channel, "x");
                if (i < 4)
                        continue;
                support_expect(store, support_finish(channel, MESSAGE_DELIVERED, IDS(i - 3)), 0);
                (void)snprintf(expected, sizeof(expected), "%u:x %u:x %u:x", i - 2, i - 1, i);
                cr_assert(is(outbox_after_power_cut(channel), expected));
        }
        store_free(store);
}

/* After a sync that failed the kernel takes pages for clean that never reached the disk: nothing
 * that is accepted later may build on them. */
Test(store_faults, power_cut_after_a_failed_sync) {
        uint64_t channel;
        struct store *store = open_mirrored(&channel);

        for (unsigned nth = 1; nth <= 12; nth++) {
                struct store_request *request;
                char expected[256];

                faulty_sqlite_fail(FAULTY_SYNC, nth, SQLITE_IOERR_FSYNC, false);
                for (unsigned i = 0; i < 12; i++)
                        store_request_free(support_do(store, support_send(channel, "x")));
                faulty_sqlite_fail(FAULTY_SYNC, 0, 0, false);
                support_expect(store, support_send(channel, "last"), 0);
                (void)snprintf(expected, sizeof(expected), "%s", support_outbox(store, channel));
                cr_assert(is(outbox_after_power_cut(channel), expected), "nth %u", nth);

                request = support_do(store, store_request_new(STORE_READ_OUT, channel));
                request->kind = STORE_FINISH;
                request->state = MESSAGE_DELIVERED;
                request->ids = calloc(request->n_messages, sizeof(*request->ids));
                for (size_t i = 0; i < request->n_messages; i++)
                        request->ids[request->n_ids++] = request->messages[i].facts.id;
                support_expect(store, request, 0);
        }
        store_free(store);
}

/* ---- full disk ---- */

static void mount_small(const char *size) {
        char options[64];

        if (unshare(CLONE_NEWNS) < 0)
                cr_skip_test("needs a mount namespace: %s", strerror(errno));
        cr_assert(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
        (void)snprintf(options, sizeof(options), "size=%s", size);
        cr_assert(mount("tmpfs", support_directory, "tmpfs", 0, options) == 0);
}

/* Others take all that is left. */
static void fill_disk(void) {
        static const char block[4096];
        int fd = open(support_path("others"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

        cr_assert(fd >= 0);
        while (write(fd, block, sizeof(block)) > 0)
                ;
        cr_assert(eq(int, errno, ENOSPC));
        (void)close(fd);
}

/* Sends until it is refused: how many were taken, at most `max`. */
static unsigned send_until_refused(struct store *store, uint64_t channel, unsigned max, size_t len,
                                   int *ret_error) {
        unsigned n = 0;

        *ret_error = 0;
        while (n < max && *ret_error == 0) {
                struct store_request *request = support_send(channel, "");

                request->messages[0].payload = realloc(request->messages[0].payload, len);
                memset(request->messages[0].payload, 'x', len);
                request->messages[0].payload_bytes = len;
                request = support_do(store, request);
                *ret_error = request->error;
                n += request->error == 0;
                store_request_free(request);
        }
        return n;
}

/* Reads and delivers all: how many came, in order. */
static unsigned drain(struct store *store, uint64_t channel) {
        uint64_t last = 0;
        unsigned n = 0;

        for (;;) {
                struct store_request *read = store_request_new(STORE_READ_OUT, channel);
                struct store_request *finish = store_request_new(STORE_FINISH, channel);

                read->limit_messages = 64;
                read->limit_bytes = 256 * 1024;
                read = support_do(store, read);
                cr_assert(eq(int, read->error, 0));
                if (read->n_messages == 0) {
                        cr_assert(eq(u64, read->counts.n_queued, 0));
                        store_request_free(read);
                        store_request_free(finish);
                        return n;
                }
                finish->state = MESSAGE_DELIVERED;
                finish->ids = calloc(read->n_messages, sizeof(*finish->ids));
                for (size_t i = 0; i < read->n_messages; i++) {
                        cr_assert(read->messages[i].facts.id > last);
                        last = finish->ids[finish->n_ids++] = read->messages[i].facts.id;
                        n++;
                }
                store_request_free(read);
                support_expect(store, finish, 0);
        }
}

static int64_t size_of(const char *name) {
        struct stat st;

        cr_assert(stat(support_path(name), &st) == 0);
        return st.st_size;
}

static void fill_and_drain(const char *size, unsigned max, size_t len) {
        unsigned accepted, again;
        struct store *store;
        uint64_t channel;
        int error;

        mount_small(size);
        store = support_open();
        channel = support_channel(store, "main");
        accepted = send_until_refused(store, channel, max, len, &error);
        cr_assert(gt(int, (int)accepted, 0));
        fill_disk();
        accepted += send_until_refused(store, channel, UINT_MAX, len, &error);
        cr_assert(eq(int, error, -ENOSPC));
        if (len < 1000) {
                /* Not even for little things is there room. */
                support_expect(store, support_put("another"), -ENOSPC);
                support_expect(store, support_receive(channel, "in"), -ENOSPC);
        }

        /* Restarted on the full disk. */
        store_free(store);
        store = support_open();
        (void)send_until_refused(store, channel, 1, len, &error);
        cr_assert(eq(int, error, -ENOSPC));
        cr_assert(eq(int, (int)drain(store, channel), (int)accepted));
        cr_assert(gt(i64, size_of("queue.ballast"), 0), "the log alone is enough to drain");

        cr_assert(unlink(support_path("others")) == 0);
        again = send_until_refused(store, channel, max, len, &error);
        cr_assert(gt(int, (int)again, 0));
        cr_assert(eq(int, (int)drain(store, channel), (int)again));
        store_free(store);
        cr_assert(umount(support_directory) == 0);
}

Test(store_faults, others_fill_a_tiny_disk) {
        fill_and_drain("2m", 500, 300);
}

Test(store_faults, others_fill_a_small_disk) {
        fill_and_drain("8m", 2000, 300);
}

Test(store_faults, others_fill_a_disk_of_large_messages) {
        fill_and_drain("8m", 10, 100000);
}

Test(store_faults, we_fill_the_disk) {
        fill_and_drain("8m", UINT_MAX, 1000);
}

/* A log that was cut off, and a disk that was full before we came: the ballast goes. */
Test(store_faults, ballast_is_the_last_resort) {
        struct store *store;
        uint64_t channel;
        int error;

        mount_small("8m");
        store = support_open();
        channel = support_channel(store, "main");
        cr_assert(eq(int, (int)send_until_refused(store, channel, 500, 300, &error), 500));
        store_free(store);
        support_sql("PRAGMA locking_mode=EXCLUSIVE; PRAGMA wal_checkpoint(TRUNCATE)");
        fill_disk();
        store = support_open();
        cr_assert(eq(int, (int)drain(store, channel), 500));
        cr_assert(eq(i64, size_of("queue.ballast"), 0));
        (void)send_until_refused(store, channel, 1, 300, &error);
        cr_assert(eq(int, error, -ENOSPC));
        cr_assert(unlink(support_path("others")) == 0);
        cr_assert(eq(int, (int)send_until_refused(store, channel, 10, 300, &error), 10));
        cr_assert(gt(i64, size_of("queue.ballast"), 0));
        store_free(store);
        cr_assert(umount(support_directory) == 0);
}

Test(store_faults, our_own_limit) {
        struct store *store = support_open_limited(4 * SMALL_LIMIT);
        uint64_t channel = support_channel(store, "main");
        struct store_request *request;
        unsigned first, second;
        int error;

        first = send_until_refused(store, channel, UINT_MAX, 300, &error);
        cr_assert(eq(int, error, -ENOSPC));
        cr_assert(gt(int, (int)first, 6000), "%u", first);
        /* All or none here too. */
        request = support_send(channel, "a");
        for (int i = 0; i < 300; i++)
                (void)support_add(request, "b");
        support_expect(store, request, -ENOSPC);
        cr_assert(eq(int, (int)drain(store, channel), (int)first));
        cr_assert(le(i64, size_of("queue.db"), (int64_t)(4 * SMALL_LIMIT)));
        second = send_until_refused(store, channel, UINT_MAX, 300, &error);
        cr_assert(gt(int, (int)second, (int)(first - first / 10)), "%u after %u", second, first);
        cr_assert(eq(int, (int)drain(store, channel), (int)second));
        store_free(store);
}

/* Near the limit, too: of requests in one transaction only those fail that do not fit. */
Test(store_faults, only_what_does_not_fit_is_refused) {
        static const int expected[] = {0, 0, -ENOSPC, 0, 0};
        struct store *store = support_open_limited(4 * SMALL_LIMIT);
        uint64_t channel = support_channel(store, "main");

        faulty_sqlite_hold_sync();
        store_submit(store, support_send(channel, "first"));
        faulty_sqlite_wait_held();
        for (int i = 1; i < 5; i++) {
                struct store_request *request =
                        i == 4 ? support_finish(channel, MESSAGE_DELIVERED, IDS(1))
                               : support_send(channel, "small");

                if (i == 2) {
                        struct store_message *m = &request->messages[0];

                        m->payload_bytes = 4 * SMALL_LIMIT;
                        m->payload = realloc(m->payload, m->payload_bytes);
                        memset(m->payload, 'x', m->payload_bytes);
                }
                store_submit(store, request);
        }
        faulty_sqlite_release_sync();
        for (int i = 0; i < 5; i++) {
                struct store_request *request = support_wait(store);

                cr_assert(eq(int, request->error, expected[i]), "request %d", i);
                store_request_free(request);
        }
        cr_assert(is(support_outbox(store, channel), "2:small 3:small"));
        store_free(store);
}

Test(store_faults, log_keeps_its_size) {
        struct store *store = support_open();
        uint64_t channel = support_channel(store, "main");
        int64_t size = size_of("queue.db-wal");
        int error;

        cr_assert(ge(i64, size, 4 << 20));
        cr_assert(eq(i64, size_of("queue.ballast"), 1 << 20));
        cr_assert(eq(int, (int)send_until_refused(store, channel, 5000, 1000, &error), 5000));
        cr_assert(eq(int, (int)drain(store, channel), 5000));
        store_free(store);
        cr_assert(eq(i64, size_of("queue.db-wal"), 4 << 20));
        store = support_open();
        cr_assert(eq(i64, size_of("queue.db-wal"), 4 << 20));
        store_free(store);
}

/* ---- kill -9 ---- */

#define N_KILLS 50
#define MAX_OUTSTANDING 20

struct note {
        uint64_t id;
        uint64_t delivered; /* id that was taken out */
};

/* Sends and delivers until killed; notes on the pipe what has come back. */
static void child_run(int notes, unsigned outstanding) {
        struct store *store = support_open_limited(16 * SMALL_LIMIT);
        struct store_channel **channels;
        uint64_t channel, first;
        size_t n;

        cr_assert(store_load_channels(store, &channels, &n) == 0 && n == 1);
        channel = channels[0]->id;
        first = channels[0]->counts.n_queued > 0 ? channels[0]->counts.oldest_queued_id
                                                 : channels[0]->last_out_id + 1;
        for (unsigned i = 0; i < outstanding; i++)
                store_submit(store, support_send(channel, "x"));
        for (;;) {
                struct store_request *done = support_wait(store);
                struct note note = {0};

                if (done->kind == STORE_SEND)
                        note.id = done->messages[0].facts.id;
                else
                        note.delivered = done->ids[0];
                if (done->error < 0 || write(notes, &note, sizeof(note)) != sizeof(note))
                        _exit(1);
                store_request_free(done);
                if (note.id > 0 && note.id % 4 == 0)
                        store_submit(store,
                                     support_finish(channel, MESSAGE_DELIVERED, IDS(first++)));
                else
                        store_submit(store, support_send(channel, "x"));
        }
}

/* Ids are given and delivered in order, so what is in the file is one unbroken run of them: it
 * begins behind what was delivered, but for requests that had not come back, and ends not before
 * the last that came back. */
static void check_notes(struct store *store, uint64_t channel, const struct note *notes,
                        size_t n_notes, uint64_t *highest, uint64_t *delivered) {
        struct store_request *read = support_do(store, store_request_new(STORE_READ_OUT, channel));
        uint64_t first, n = read->n_messages;

        cr_assert(eq(int, read->error, 0));
        cr_assert(eq(u64, read->counts.n_queued, n));
        for (size_t i = 0; i < n_notes; i++)
                if (notes[i].id > 0) {
                        cr_assert(gt(u64, notes[i].id, *highest), "an id came twice");
                        *highest = notes[i].id;
                } else {
                        cr_assert(gt(u64, notes[i].delivered, *delivered));
                        *delivered = notes[i].delivered;
                }
        cr_assert(gt(u64, n, 0));
        first = read->messages[0].facts.id;
        cr_assert(gt(u64, first, *delivered), "delivered, and there again");
        cr_assert(le(u64, first, *delivered + 1 + MAX_OUTSTANDING), "lost");
        for (size_t i = 0; i < n; i++)
                cr_assert(eq(u64, read->messages[i].facts.id, first + i));
        cr_assert(ge(u64, first + n - 1, *highest), "lost");
        /* Now we know more than what came back. */
        *delivered = first - 1;
        *highest = first + n - 1;
        store_request_free(read);
}

Test(store_faults, kill_loses_nothing) {
        struct store *store = support_open_limited(16 * SMALL_LIMIT);
        uint64_t channel = support_channel(store, "main"), highest = 0, delivered = 0;
        static struct note notes[4096];

        store_free(store);
        for (unsigned round = 0; round < N_KILLS; round++) {
                unsigned wanted = (unsigned)rand() % 600;
                size_t have = 0;
                ssize_t len;
                pid_t child;
                int fds[2];

                cr_assert(pipe(fds) == 0);
                child = fork();
                if (child == 0)
                        child_run(fds[1], 1 + round % MAX_OUTSTANDING);
                (void)close(fds[1]);
                while (have < sizeof(notes) &&
                       (len = read(fds[0], (char *)notes + have, sizeof(notes) - have)) > 0) {
                        have += (size_t)len;
                        if (have >= wanted * sizeof(notes[0]))
                                (void)kill(child, SIGKILL);
                }
                (void)kill(child, SIGKILL);
                cr_assert(waitpid(child, NULL, 0) == child);
                (void)close(fds[0]);
                store = support_open_limited(16 * SMALL_LIMIT);
                check_notes(store, channel, notes, have / sizeof(notes[0]), &highest, &delivered);
                store_free(store);
        }
        cr_assert(gt(u64, highest, 1000));
}
