/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Power cuts and kill -9: what was accepted is there, in order. */

#include "store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

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

TestSuite(store_crash, .init = setup, .fini = support_deinit, .timeout = 100);

static struct store *open_in(const char *name) {
        char problem[512] = "";
        struct store *store;
        int r;

        r = store_open(support_path(name), SMALL_LIMIT, &store, problem, sizeof(problem));
        cr_assert(eq(int, r, 0), "%s", problem);
        return store;
}

/* Opens a mirrored store with a channel. */
static struct store *open_mirrored(uint64_t *ret_channel) {
        struct store *store = support_open_limited(SMALL_LIMIT);
        char mirror[128];

        *ret_channel = support_channel(store, "main");
        store_free(store);
        support_run("mkdir mirror && cp queue.* mirror");
        (void)snprintf(mirror, sizeof(mirror), "%s", support_path("mirror"));
        faulty_sqlite_mirror(support_directory, mirror);
        return support_open_limited(SMALL_LIMIT);
}

/* The outbox that a power cut would leave, as text. */
static const char *outbox_after_power_cut(uint64_t channel) {
        struct store *after;
        const char *text;

        support_run("rm -rf cut && cp -r mirror cut");
        after = open_in("cut");
        text = support_outbox(after, channel);
        store_free(after);
        return text;
}

/* What had been synced when a request came back is enough to have its outcome. */
Test(store_crash, power_cut_loses_nothing) {
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
Test(store_crash, power_cut_after_a_failed_sync) {
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
                                                 : channels[0]->last_id + 1;
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
                        cr_assert(lt(u64, *highest, notes[i].id), "an id came twice");
                        *highest = notes[i].id;
                } else {
                        cr_assert(lt(u64, *delivered, notes[i].delivered));
                        *delivered = notes[i].delivered;
                }
        cr_assert(lt(u64, 0, n));
        first = read->messages[0].facts.id;
        cr_assert(lt(u64, *delivered, first), "delivered, and there again");
        cr_assert(le(u64, first, *delivered + 1 + MAX_OUTSTANDING), "lost");
        for (size_t i = 0; i < n; i++)
                cr_assert(eq(u64, read->messages[i].facts.id, first + i));
        cr_assert(ge(u64, first + n - 1, *highest), "lost");
        /* Now we know more than what came back. */
        *delivered = first - 1;
        *highest = first + n - 1;
        store_request_free(read);
}

Test(store_crash, kill_loses_nothing) {
        struct store *store = support_open_limited(16 * SMALL_LIMIT);
        uint64_t channel = support_channel(store, "main"), highest = 0, delivered = 0;
        /* Room for two pipes full: what is written while we do not run, and until the kill. */
        static struct note notes[16384];

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
        cr_assert(lt(u64, 1000, highest));
}
