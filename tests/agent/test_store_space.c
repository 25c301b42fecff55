/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A full disk, and our own limit. */

#include "store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
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

TestSuite(store_space, .init = setup, .fini = support_deinit, .timeout = 100);

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
        cr_assert(lt(int, 0, (int)accepted));
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
        cr_assert(lt(i64, 0, size_of("queue.ballast")), "the log alone is enough to drain");

        cr_assert(unlink(support_path("others")) == 0);
        again = send_until_refused(store, channel, max, len, &error);
        cr_assert(lt(int, 0, (int)again));
        cr_assert(eq(int, (int)drain(store, channel), (int)again));
        store_free(store);
        cr_assert(umount(support_directory) == 0);
}

Test(store_space, others_fill_a_tiny_disk) {
        fill_and_drain("2m", 500, 300);
}

Test(store_space, others_fill_a_small_disk) {
        fill_and_drain("8m", 2000, 300);
}

Test(store_space, others_fill_a_disk_of_large_messages) {
        fill_and_drain("8m", 10, 100000);
}

Test(store_space, we_fill_the_disk) {
        fill_and_drain("8m", UINT_MAX, 1000);
}

/* A log that was cut off, and a disk that was full before we came: the ballast goes. */
Test(store_space, ballast_is_the_last_resort) {
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
        cr_assert(lt(i64, 0, size_of("queue.ballast")));
        store_free(store);
        cr_assert(umount(support_directory) == 0);
}

Test(store_space, our_own_limit) {
        struct store *store = support_open_limited(4 * SMALL_LIMIT);
        uint64_t channel = support_channel(store, "main");
        struct store_request *request;
        unsigned first, second;
        int error;

        first = send_until_refused(store, channel, UINT_MAX, 300, &error);
        cr_assert(eq(int, error, -ENOSPC));
        cr_assert(lt(int, 6000, (int)first), "%u", first);
        /* All or none here too. */
        request = support_send(channel, "a");
        for (int i = 0; i < 300; i++)
                (void)support_add(request, "b");
        support_expect(store, request, -ENOSPC);
        cr_assert(eq(int, (int)drain(store, channel), (int)first));
        cr_assert(le(i64, size_of("queue.db"), (int64_t)(4 * SMALL_LIMIT)));
        second = send_until_refused(store, channel, UINT_MAX, 300, &error);
        cr_assert(lt(int, (int)(first - first / 10), (int)second), "%u after %u", second, first);
        cr_assert(eq(int, (int)drain(store, channel), (int)second));
        store_free(store);
}

/* Near the limit, too: of requests in one transaction only those fail that do not fit. */
Test(store_space, only_what_does_not_fit_is_refused) {
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

Test(store_space, log_keeps_its_size) {
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

Test(store_space, what_is_received_does_not_overtake_what_was_refused) {
        static char large[200001], middle[20001];
        struct store_request *requests[2];
        struct store *store = support_open_limited(UINT64_C(1) << 20);
        uint64_t channel = support_channel(store, "test");

        memset(large, 'l', sizeof(large) - 1);
        memset(middle, 'm', sizeof(middle) - 1);
        for (int error = 0; error == 0;) {
                struct store_request *fill = support_do(store, support_receive(channel, middle));

                error = fill->error;
                store_request_free(fill);
        }
        for (int i = 0; i < 2; i++) {
                requests[0] = support_receive(channel, large);
                requests[1] = support_receive(channel, "small");
                requests[0]->round = requests[1]->round;
                for (size_t n = 0; n < 2; n++)
                        store_submit(store, requests[n]);
                for (size_t n = 0; n < 2; n++)
                        support_wait(store);
                cr_assert(eq(int, requests[0]->error, -ENOSPC));
                cr_assert(eq(int, requests[1]->error, -ENOSPC));
                for (size_t n = 0; n < 2; n++)
                        store_request_free(requests[n]);
        }
        /* In a later round, and without the one that is too large. */
        support_expect(store, support_receive(channel, "small"), 0);
        store_free(store);
}
