/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Opening the store: whose files they are, and whatever may stand in them. */

#include "store.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "store_support.h"

static void setup(void) {
        support_init();
        log_set_level(LOG_CRIT); /* what is wrong is our doing */
}

TestSuite(store_files, .init = setup, .fini = support_deinit, .timeout = 60);

static unsigned mode_of(const char *name) {
        struct stat st;

        cr_assert(stat(support_path(name), &st) == 0, "%s", name);
        return st.st_mode & 07777;
}

/* Opening fails so, with a sentence that has these words in it. */
static void expect_refused(int error, const char *words) {
        struct store *store = NULL;
        char problem[512] = "";
        int r;

        r = store_open(support_directory, 0, &store, problem, sizeof(problem));
        cr_assert(eq(int, r, error), "%s", problem);
        cr_assert(strstr(problem, support_directory) != NULL, "%s", problem);
        cr_assert(strstr(problem, words) != NULL, "%s", problem);
}

Test(store_files, for_the_owner_alone) {
        static const char *const names[] = {"queue.db", "queue.db-wal", "queue.ballast"};

        (void)umask(0);
        cr_assert(chmod(support_directory, 0755) == 0);
        for (int round = 0; round < 2; round++) {
                store_free(support_open());
                cr_assert(eq(int, (int)mode_of("."), 0700));
                for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                        cr_assert(eq(int, (int)mode_of(names[i]), 0600), "%s", names[i]);
                support_run("chmod 666 queue.* && chmod 777 .");
        }
}

Test(store_files, directories_are_made) {
        struct store *store;
        char problem[512];

        cr_assert(eq(int,
                     store_open(support_path("a/b/../b//c/"), 0, &store, problem, sizeof(problem)),
                     0));
        store_free(store);
        cr_assert(eq(int, (int)mode_of("a/b/c/queue.db"), 0600));
        cr_assert(eq(int, (int)mode_of("a/b"), 0700));
        /* Relative to where we are. */
        cr_assert(chdir(support_directory) == 0);
        cr_assert(eq(int, store_open("relative", 0, &store, problem, sizeof(problem)), 0));
        store_free(store);
        cr_assert(eq(int, (int)mode_of("relative/queue.db"), 0600));
}

Test(store_files, another_users_are_refused) {
        if (geteuid() != 0)
                cr_skip_test("only root can give files away");
        store_free(support_open());
        support_run("chown 12345 queue.db");
        expect_refused(-EACCES, "queue.db belongs to another user");
        support_run("chown 0 queue.db && chown 12345 queue.ballast");
        expect_refused(-EACCES, "queue.ballast belongs to another user");
        support_run("chown 0 queue.ballast && chown 12345 .");
        expect_refused(-EACCES, "belongs to another user");
        support_run("chown 0 .");
        store_free(support_open());
}

Test(store_files, links_and_folders_are_refused) {
        support_run("ln -s elsewhere queue.db");
        expect_refused(-EACCES, "wrong kind");
        support_run("rm queue.db && mkdir queue.db");
        expect_refused(-EACCES, "wrong kind");
        support_run("rmdir queue.db && ln -s elsewhere queue.ballast");
        expect_refused(-EACCES, "wrong kind");
}

Test(store_files, what_cannot_be_made) {
        struct store *store;
        char problem[512] = "";

        support_run("touch file");
        cr_assert(eq(int, store_open(support_path("file"), 0, &store, problem, sizeof(problem)),
                     -ENOTDIR));
        cr_assert(strstr(problem, "file: Not a directory") != NULL, "%s", problem);
        cr_assert(lt(int, store_open("/proc/wherry", 0, &store, problem, sizeof(problem)), 0));
        cr_assert(strstr(problem, "/proc/wherry") != NULL, "%s", problem);
}

Test(store_files, unreadable_for_this_user) {
        pid_t child;
        int status;

        if (geteuid() != 0)
                cr_skip_test("only root can become another");
        store_free(support_open());
        child = fork();
        if (child == 0) {
                struct store *store;
                char problem[512] = "";

                if (setuid(12345) < 0)
                        _exit(2);
                _exit(store_open(support_directory, 0, &store, problem, sizeof(problem)) ==
                                              -EACCES &&
                                      strstr(problem, support_directory) != NULL
                              ? 0
                              : 1);
        }
        cr_assert(waitpid(child, &status, 0) == child);
        cr_assert(eq(int, status, 0));
}

Test(store_files, one_at_a_time) {
        struct store *store = support_open();
        uint64_t channel = support_channel(store, "main");
        pid_t child;
        int status;

        expect_refused(-EBUSY, "in use by another process");
        child = fork();
        if (child == 0) {
                struct store *other;
                char problem[512] = "";

                _exit(store_open(support_directory, 0, &other, problem, sizeof(problem)) == -EBUSY
                              ? 0
                              : 1);
        }
        cr_assert(waitpid(child, &status, 0) == child);
        cr_assert(eq(int, status, 0));
        /* The first goes on. */
        (void)support_sent(store, channel, "a");
        expect_refused(-EBUSY, "in use by another process");
        store_free(store);
        store_free(support_open());
}

/* A queue with something in it, in the file itself, not in its log. */
static void make_queue(void) {
        struct store *store = support_open();
        uint64_t channel = support_channel(store, "main");

        for (int i = 0; i < 200; i++)
                (void)support_sent(store, channel, "payload payload payload payload payload");
        store_free(store);
        support_sql("PRAGMA wal_checkpoint(TRUNCATE)");
        support_run("rm -f queue.db-shm");
}

Test(store_files, damaged_is_refused_and_left_alone) {
        static const struct {
                const char *command;
                const char *sql;
                int error;
                const char *words;
        } rows[] = {
                {"dd if=/dev/urandom of=queue.db bs=4096 count=3 conv=notrunc status=none", NULL,
                 -EUCLEAN, "move it"},
                {"head -c 5000 /dev/zero > queue.db", NULL, -EUCLEAN, "move it"},
                {"echo 'not a database at all, but long enough to have a header of its own, and "
                 "then some more of it' > queue.db",
                 NULL, -EUCLEAN, "file is not a database"},
                {"truncate -s 20000 queue.db", NULL, -EUCLEAN, "move it"},
                {"printf 'x' | dd of=queue.db bs=1 seek=28672 conv=notrunc status=none", NULL,
                 -EUCLEAN, "move it"},
                {"dd if=/dev/zero of=queue.db bs=4096 seek=2 count=6 conv=notrunc status=none",
                 NULL, -EUCLEAN, "move it"},
                {"rm queue.db", "CREATE TABLE theirs(a)", -EUCLEAN, "another program"},
                {":", "PRAGMA application_id=1", -EUCLEAN, "another program"},
                {":", "PRAGMA user_version=0", -EUCLEAN, "no version"},
                {":", "PRAGMA user_version=3", -EPROTO, "newer version"},
                {":", "DROP TABLE outbox", -EUCLEAN, "move it"},
                {":", "ALTER TABLE outbox RENAME payload TO stuff", -EUCLEAN, "move it"},
        };

        make_queue();
        support_run("mkdir good && cp queue.db good");
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                support_run("rm -f queue.* && cp good/queue.db .");
                support_run(rows[i].command);
                if (rows[i].sql)
                        support_sql(rows[i].sql);
                support_run("rm -f queue.db-wal queue.db-shm && cp -p queue.db good/before");
                expect_refused(rows[i].error, rows[i].words);
                support_run("cmp queue.db good/before && test ! -s queue.db-wal");
        }
        support_run("rm -f queue.* && cp good/queue.db .");
        store_free(support_open());
}

/* The log beside it holds every page, and yet the file is not taken for what it is not. */
Test(store_files, damaged_beside_its_log) {
        static const char *const commands[] = {
                "echo garbage > queue.db",
                "dd if=/dev/urandom of=queue.db bs=4096 count=20 conv=notrunc status=none",
                "truncate -s 0 queue.db",
        };

        for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
                struct store *store;

                support_run("rm -rf queue.* copy");
                store = support_open();
                (void)support_channel(store, "main");
                support_run("mkdir copy && cp queue.* copy"); /* as kill -9 leaves it */
                store_free(store);
                support_run("rm queue.* && mv copy/queue.* .");
                support_run(commands[i]);
                support_run("rm -rf before && mkdir before && cp queue.db queue.db-wal before");
                expect_refused(-EUCLEAN, "move it");
                support_run("cmp queue.db before/queue.db && cmp queue.db-wal before/queue.db-wal");
        }
}

/* After a clean end the file alone is the whole queue, for whoever copies it. */
Test(store_files, file_is_whole_after_the_end) {
        struct store *store = support_open();
        uint64_t channel = support_channel(store, "main");

        (void)support_sent(store, channel, "a");
        store_free(store);
        support_run("rm queue.db-wal");
        store = support_open();
        cr_assert(is(support_outbox(store, channel), "1:a"));
        store_free(store);
        /* And what the log still holds hides no damage. */
        support_run("dd if=/dev/zero of=queue.db bs=4096 seek=1 count=3 conv=notrunc status=none");
        expect_refused(-EUCLEAN, "move it");
}

/* A file that a power cut left behind before anything was in it. */
Test(store_files, begun_and_not_finished) {
        static const struct {
                const char *command;
                const char *sql;
        } rows[] = {
                {": > queue.db", NULL},
                {"rm queue.*", "PRAGMA journal_mode=WAL"},
                {"rm queue.db", NULL}, /* its log stays, and belongs to nothing */
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct store *store;

                support_run(rows[i].command);
                if (rows[i].sql)
                        support_sql(rows[i].sql);
                store = support_open();
                cr_assert(eq(u64, support_channel(store, "main"), 1), "row %zu", i);
                store_free(store);
        }
}

/* One bit of every page, and of the header: it opens or is refused, and never crashes. */
Test(store_files, flipped_bits) {
        unsigned refused = 0, opened = 0;
        struct stat st;

        make_queue();
        support_run("mkdir good && cp queue.db good");
        cr_assert(stat(support_path("queue.db"), &st) == 0);
        for (off_t at = 0; at < st.st_size; at += at < 112 ? 7 : 509) {
                struct store *store;
                char problem[512];
                uint8_t byte;
                int fd;

                support_run("rm -f queue.* && cp good/queue.db .");
                fd = open(support_path("queue.db"), O_RDWR | O_CLOEXEC);
                cr_assert(pread(fd, &byte, 1, at) == 1);
                byte ^= (uint8_t)(1 << (at % 8));
                cr_assert(pwrite(fd, &byte, 1, at) == 1);
                (void)close(fd);
                if (store_open(support_directory, 0, &store, problem, sizeof(problem)) < 0) {
                        refused++;
                        continue;
                }
                opened++;
                store_request_free(support_do(store, store_request_new(STORE_READ_OUT, 1)));
                store_request_free(support_do(store, support_send(1, "x")));
                store_free(store);
        }
        cr_assert(lt(int, 0, (int)refused));
        cr_assert(lt(int, 0, (int)opened));
}

/* ---- rows that this program would not have written ---- */

/* Does everything once with what is there; only errors are allowed. */
static void do_everything(uint64_t channel) {
        struct store *store = support_open();
        struct store_channel **channels;
        struct store_request *request;
        size_t n;

        cr_assert(eq(int, store_load_channels(store, &channels, &n), 0));
        for (size_t i = 0; i < n; i++)
                store_channel_free(channels[i]);
        free(channels);
        for (int kind = STORE_CHANNEL_PUT; kind <= STORE_DISCARD; kind++) {
                if (kind == STORE_CHANNEL_PUT || kind == STORE_CHANNEL_REMOVE)
                        continue;
                request = support_ids((enum store_kind)kind, channel, IDS(1, 2, 3));
                request->state = MESSAGE_CANCELLED;
                request->filter.any_state = true;
                request->with_payload = true;
                if (kind == STORE_SEND || kind == STORE_RECEIVE)
                        support_set_uuid(support_add(request, "new"), 1);
                store_request_free(support_do(store, request));
        }
        store_free(store);
}

Test(store_files, odd_rows_harm_nobody) {
        static const char *const rows[] = {
                "UPDATE channel SET last_id=-5, offered_in=-1 WHERE id=1",
                "UPDATE channel SET last_id=9223372036854775807 WHERE id=1",
                "UPDATE channel SET n_queued=-1, queued_bytes='many', n_unread=1e300 WHERE id=1",
                "UPDATE channel SET n_queued=0, queued_bytes=0, n_parked=0 WHERE id=1",
                "UPDATE channel SET n_parked=9223372036854775807, n_final_uuids=9999999 WHERE id=1",
                "UPDATE channel SET key='short' WHERE id=1",
                "UPDATE channel SET key=x'00' WHERE id=1",
                "UPDATE channel SET uid='root' WHERE id=1",
                "UPDATE channel SET uid=-1 WHERE id=1",
                "UPDATE channel SET uid=99999999999 WHERE id=1",
                "UPDATE channel SET user=5, name=x'00' WHERE id=1",
                "UPDATE channel SET uri=x'ff00ff' WHERE id=1",
                "UPDATE channel SET name=char(0, 65), app_id=7 WHERE id=1",
                "UPDATE channel SET id=-3 WHERE name='main'",
                "UPDATE channel SET suspended='no', closed=-9, was_connected=1e9 WHERE id=1",
                "INSERT INTO option VALUES(1, 'a-later-option', 'zz', 5)",
                "INSERT INTO option VALUES(1, 'label', 'u', 5)",
                "INSERT INTO option VALUES(1, 'label', 's', x'00ff')",
                "INSERT INTO option VALUES(1, 'label', 's', zeroblob(1000000))",
                "INSERT INTO option VALUES(1, 'in-flight', 'u', -1)",
                "INSERT INTO option VALUES(1, 'headers', 'a{ss}', x'4100')",
                "INSERT INTO option VALUES(1, 'headers', 'a{ss}', x'414243')",
                "INSERT INTO option VALUES(1, 'backoff-factor', 'd', 'nan')",
                "INSERT INTO option VALUES(1, 'backoff-factor', 'd', 9e999)",
                "INSERT INTO option VALUES(1, x'00', x'00', NULL)",
                "UPDATE outbox SET payload=5 WHERE channel=1",
                "UPDATE outbox SET payload='text' WHERE id=1 AND channel=1",
                "UPDATE outbox SET payload=zeroblob(70000000) WHERE id=1 AND channel=1",
                "UPDATE outbox SET created=-1, expires=-1, not_before=-1 WHERE channel=1",
                "UPDATE outbox SET created='x', expires='y', not_before='z' WHERE channel=1",
                "UPDATE outbox SET expires=1e300, not_before=x'00' WHERE channel=1",
                "UPDATE outbox SET frame=99, at_most_once=-7, max_tries=-1 WHERE channel=1",
                "UPDATE outbox SET frame='text', max_tries=9223372036854775807 WHERE channel=1",
                "UPDATE outbox SET uuid=x'01', tag=zeroblob(1000) WHERE channel=1",
                "UPDATE outbox SET uuid='0123456789abcdef', tag=5 WHERE channel=1",
                "UPDATE outbox SET tag=printf('%.*c', 100000, 'x') WHERE channel=1",
                "UPDATE outbox SET id=-2 WHERE id=2 AND channel=1",
                "UPDATE outbox SET id='two' WHERE id=2 AND channel=1",
                "UPDATE outbox SET id=1.5 WHERE id=2 AND channel=1",
                "UPDATE outbox SET channel=77 WHERE channel=1",
                "INSERT INTO attempt VALUES(1, 1, -5, 1)",
                "INSERT INTO attempt VALUES(77, 5, 'x', 'y'), (1, -4, 3, 1), (-1, -1, -1, -1)",
                "INSERT INTO attempt VALUES('a', 'b', 'c', 1)",
                "INSERT INTO attempt VALUES(1, 1.5, 0, 1), (1, 'x', 0, 1), (1.5, 1, 0, 1)",
                "UPDATE parked SET state='lost'",
                "UPDATE parked SET state='queued'",
                "UPDATE parked SET state=x'00', reason=5",
                "UPDATE parked SET reason=zeroblob(100), finished=-1",
                "UPDATE parked SET finished='long ago', tries=-1",
                "UPDATE parked SET payload=zeroblob(70000000)",
                "INSERT INTO parked SELECT channel, 1, created, expires, not_before, at_most_once,"
                " frame, max_tries, uuid, tag, tries, state, reason, finished, payload FROM parked",
                "UPDATE uuid SET digest=x'00'",
                "UPDATE uuid SET digest=5, id=-1",
                "UPDATE uuid SET finished='x'",
                "UPDATE uuid SET uuid='text'",
                "UPDATE inbox SET payload=5, text='yes', received=-1",
                "UPDATE inbox SET payload=zeroblob(70000000)",
                "UPDATE inbox SET id=-1",
                "UPDATE sqlite_sequence SET seq=9223372036854775807",
                "UPDATE sqlite_sequence SET seq='x'",
                "DELETE FROM sqlite_sequence",
                "DELETE FROM channel WHERE id=1",
                "CREATE TRIGGER t AFTER INSERT ON outbox BEGIN DELETE FROM outbox; END",
                "CREATE TRIGGER t AFTER DELETE ON outbox BEGIN SELECT raise(ABORT, 'no'); END",
        };
        struct store *store = support_open();
        uint64_t channel = support_channel(store, "main"), other = support_channel(store, "other");
        struct store_request *request = support_send(channel, "one");

        support_set_uuid(&request->messages[0], 1);
        (void)support_add(request, "two");
        (void)support_add(request, "three");
        support_expect(store, request, 0);
        support_expect(store, support_finish(channel, MESSAGE_REJECTED, IDS(5)), 0);
        (void)support_received(store, channel, "in");
        (void)support_sent(store, other, "untouched");
        store_free(store);
        support_sql("PRAGMA wal_checkpoint(TRUNCATE)");
        support_run("mkdir good && cp queue.db good");

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                support_run("rm -f queue.* && cp good/queue.db .");
                support_sql(rows[i]);
                support_run("rm -f queue.db-shm");
                do_everything(channel);
                store = support_open();
                request = support_do(store, store_request_new(STORE_READ_OUT, other));
                cr_assert(is(support_text(request), "1:untouched"), "%s", rows[i]);
                store_request_free(request);
                store_free(store);
        }
}

Test(store_files, ids_go_on_behind_what_is_there) {
        struct store *store = support_open();
        uint64_t channel = support_channel(store, "main");

        for (int i = 0; i < 3; i++) {
                (void)support_sent(store, channel, "a");
                (void)support_received(store, channel, "b");
        }
        support_expect(store, support_finish(channel, MESSAGE_REJECTED, IDS(3)), 0);
        store_free(store);
        support_sql("UPDATE channel SET last_id='x'");
        store = support_open();
        cr_assert(eq(u64, support_sent(store, channel, "a"), 7));
        cr_assert(eq(u64, support_received(store, channel, "b"), 8));
        store_free(store);
}

/* What cannot be understood is left out; what only a later version knows stays. */
Test(store_files, odd_options) {
        static const struct {
                const char *sql;
                bool loaded;
        } rows[] = {
                {"INSERT INTO option VALUES(1, 'a-later-option', 'zz', 5)", true},
                {"INSERT INTO option VALUES(1, 'tls-min', 's', '1.1')", false},
                {"INSERT INTO option VALUES(1, 'tls-min', 'u', 1)", false},
                {"INSERT INTO option VALUES(1, 'tls-pin', 'as', 'x')", false},
                {"INSERT INTO option VALUES(1, 'label', 's', x'41')", false},
                {"INSERT INTO option VALUES(1, 'label', 's', 'fine')", true},
        };
        struct store *store = support_open();
        struct store_request *put;

        (void)support_channel(store, "main");
        (void)support_channel(store, "other");
        store_free(store);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct store_channel **channels;
                size_t n;

                support_sql("DELETE FROM option");
                support_sql(rows[i].sql);
                store = support_open();
                cr_assert(eq(int, store_load_channels(store, &channels, &n), 0));
                cr_assert(eq(sz, n, rows[i].loaded ? 2 : 1), "row %zu", i);
                while (n > 0)
                        store_channel_free(channels[--n]);
                free(channels);
                if (i == 0) {
                        put = support_put("ignored");
                        put->channel = 1;
                        support_expect(store, put, 0);
                }
                store_free(store);
                cr_assert(eq(i64, support_sql_number("SELECT count(*) FROM option"), 1), "row %zu",
                          i);
        }
}
