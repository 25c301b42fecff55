/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The agent and servers that fail: at every step of connecting, and afterwards. */

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_world.h"
#include "cleanup.h"
#include "moment.h"

static struct agent_world world;

static void setup(void) {
        world_start(&world);
}

static void teardown(void) {
        world_stop(&world);
}

TestSuite(servers, .init = setup, .fini = teardown, .timeout = 60);

/* A channel that is quick to try again, so that a test need not wait for it. */
static char *open_quick(const char *name, const char *uri) {
        return client_open(&world.app, name, uri, 5, "backoff-first", "t", UINT64_C(50000),
                           "backoff-cap", "t", UINT64_C(400000), "backoff-jitter", "d", 0.0,
                           "connect-timeout", "t", UINT64_C(200000), "open-timeout", "t",
                           UINT64_C(200000));
}

static void expect_error(const char *path, const char *name, const char *part) {
        CLEANUP(freep) char *error = NULL, *wanted = NULL;

        cr_assert(asprintf(&wanted, "(org.wherry.Error.%s ", name) > 0);
        client_wait(&world.app, path, "Error", wanted);
        error = client_get(&world.app, path, "Error");
        cr_assert(strstr(error, part), "%s", error);
}

Test(servers, restart) {
        CLEANUP(freep) char *path = open_quick("a", WORLD_ECHO);

        client_wait(&world.app, path, "State", "connected");
        (void)world_expect_open(&world, "10.1.0.2");
        world_send_and_wait(&world, path, "m", 0, 10);
        recorder_kill(&world.server);
        client_wait(&world.app, path, "State", "backoff");
        expect_error(path, "Refused", "");
        client_send_many(&world.app, path, "m", 10, 10);
        world_restart_server(&world);
        (void)world_expect_open(&world, "10.1.0.2");
        world_send_and_wait(&world, path, "m", 20, 1);
        (void)world_expect_in_order(&world, "m", 21, 10);
        client_wait(&world.app, path, "State", "connected");
        client_wait(&world.app, path, "Error", "( )");
        client_wait(&world.app, path, "Attempt", "0");
        client_wait(&world.app, path, "NextAttempt", "0");
}

/* It stays up for a moment: such a link is nothing to build on. */
Test(servers, accepts_and_closes) {
        CLEANUP(freep)
        char *path =
                client_open(&world.app, "a", WORLD_SERVER("/close/1001"), 5, "backoff-first", "t",
                            UINT64_C(100000), "backoff-jitter", "d", 0.0, "backoff-cap", "t",
                            UINT64_C(1600000), "max-attempts", "u", 4, "give-up", "s", "slow");
        uint64_t gap_usec = 100000, before_usec, next_usec;
        const struct recorded *open = recorder_next(&world.server, "open");

        before_usec = open->usec;
        for (unsigned i = 0; i < 3; i++) {
                open = recorder_next(&world.server, "open");
                cr_assert_geq(open->usec - before_usec, gap_usec);
                cr_assert_lt(open->usec - before_usec, gap_usec + 100000);
                before_usec = open->usec;
                gap_usec *= 2;
        }
        /* The fourth failure passes the limit; it goes on at the cap. */
        client_wait(&world.app, path, "State", "failed");
        expect_error(path, "GaveUp", "1001");
        next_usec = client_number(&world.app, path, "NextAttempt");
        cr_assert_gt(next_usec, before_usec + 1500000);
        open = recorder_next(&world.server, "open");
        cr_assert_geq(open->usec - before_usec, 1600000);
        cr_assert_lt(open->usec - before_usec, 1800000);
        cr_assert_eq(recorder_count(&world.server, "open"), 5);
}

/* How often the file has the text. */
static unsigned count_in_file(const char *path, const char *text) {
        FILE *file = fopen(path, "re");
        char line[512];
        unsigned n = 0;

        cr_assert(file);
        while (fgets(line, sizeof(line), file))
                n += strstr(line, text) != NULL;
        (void)fclose(file);
        return n;
}

Test(servers, user_is_told_once) {
        CLEANUP(freep) char *path = NULL, *log = NULL;
        int stderr_fd = dup(STDERR_FILENO);

        cr_assert(asprintf(&log, "%s/log.test", world.daemon.directory) > 0);
        cr_assert(setenv("WHERRY_TEST_LOG_LEVEL", "--log-level=notice", 1) == 0);
        cr_assert(freopen(log, "w", stderr));
        world_restart_agent(&world);
        cr_assert(dup2(stderr_fd, STDERR_FILENO) >= 0 && close(stderr_fd) == 0);
        path = client_open(&world.app, "a", WORLD_SERVER("/close/1001"), 4, "backoff-first", "t",
                           UINT64_C(10000), "backoff-cap", "t", UINT64_C(20000), "max-attempts",
                           "u", 3, "give-up", "s", "slow");
        client_wait(&world.app, path, "State", "failed");
        /* It connects again and again, but is never good. */
        for (unsigned i = 0; i < 10; i++)
                (void)recorder_next(&world.server, "open");
        cr_assert_eq(count_in_file(log, "gave up"), 1);
}

Test(servers, gives_up_for_good_until_asked) {
        CLEANUP(freep)
        char *path =
                client_open(&world.app, "a", WORLD_SERVER("/refuse/503"), 5, "backoff-first", "t",
                            UINT64_C(10000), "backoff-cap", "t", UINT64_C(20000), "max-attempts",
                            "u", 3, "give-up", "s", "stop", "ping-interval", "t", UINT64_MAX);

        client_wait(&world.app, path, "State", "failed");
        expect_error(path, "GaveUp", "503");
        client_wait(&world.app, path, "NextAttempt", "0");
        /* A new message only queues. */
        (void)client_send(&world.app, path, "m", 0);
        world_pass(&world, 200000);
        cr_assert_eq(recorder_count(&world.server, "request"), 3);
        client_do(&world.app, path, "Reconnect", "");
        client_wait(&world.app, path, "State", "failed");
        world_pass(&world, 200000);
        cr_assert_eq(recorder_count(&world.server, "request"), 4);
}

Test(servers, no_answer_to_the_upgrade) {
        CLEANUP(freep) char *path = open_quick("a", WORLD_SERVER("/never"));

        (void)recorder_next(&world.server, "request");
        expect_error(path, "Timeout", "upgrade");
        (void)recorder_next(&world.server, "request");
}

Test(servers, black_hole) {
        CLEANUP(freep) char *path = open_quick("a", "ws://" WORLD_BLACK_HOLE ":8080/");
        CLEANUP(freep) char *other = world_open_connected(&world, "b", WORLD_ECHO);
        uint64_t begin_usec = moment_boottime_usec();

        expect_error(path, "Timeout", "took too long");
        cr_assert_lt(moment_boottime_usec() - begin_usec, 1000000);
        client_wait(&world.app, path, "Attempt", "4");
        world_send_and_wait(&world, other, "m", 0, 10);
        client_wait(&world.app, NULL, "Status", "degraded");
}

Test(servers, refused_connection) {
        CLEANUP(freep) char *path = open_quick("a", "ws://203.0.113.1:9/");

        expect_error(path, "Refused", "");
        client_wait(&world.app, path, "Attempt", "4");
}

/* What is no WebSocket, or a broken one: the channel says so and tries again. */
static const struct {
        const char *path;
        const char *error;
        const char *part;
        unsigned code; /* that the server is told; 0: none */
} broken[] = {
        {"/refuse/404", "Refused", "404", 0},
        {"/refuse/500", "Refused", "500", 0},
        {"/send/1048577", "Protocol", "", 1009},               /* over max-message */
        {"/raw/827f000000010000000061", "Protocol", "", 1009}, /* 4 GiB are announced */
        {"/raw/f200", "Protocol", "", 1002},                   /* reserved bits */
        {"/raw/8300", "Protocol", "", 1002},                   /* reserved opcode */
        {"/raw/818461616161616161", "Protocol", "", 1002},     /* a server masks nothing */
        {"/raw/0900", "Protocol", "", 1002},                   /* a ping in pieces */
        {"/raw/8100800161", "Protocol", "", 1002},             /* goes on with nothing */
        {"/raw/8102c328", "Protocol", "", 1007},               /* not UTF-8 */
        {"/raw/827fffffffffffffffff", "Protocol", "", 1002},   /* a negative length */
        {"/raw/880100", "Protocol", "", 1002},                 /* half a close code */
};

/* How the first connection to that path ended at the server. */
static unsigned next_code(const char *path) {
        const struct recorded *event;
        unsigned connection;

        do
                event = recorder_next(&world.server, "open");
        while (strcmp(event->text, path) != 0);
        connection = event->connection;
        do
                event = recorder_next(&world.server, "close");
        while (event->connection != connection);
        return event->code;
}

Test(servers, broken) {
        for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
                CLEANUP(freep) char *path = NULL, *uri = NULL, *name = NULL;

                cr_assert(asprintf(&name, "broken%zu", i) > 0);
                cr_assert(asprintf(&uri, WORLD_SERVER("%s"), broken[i].path) > 0);
                path = open_quick(name, uri);
                expect_error(path, broken[i].error, broken[i].part);
                if (broken[i].code != 0)
                        cr_expect_eq(next_code(broken[i].path), broken[i].code, "%s", uri);
                client_wait(&world.app, path, "Attempt", "3");
                client_do(&world.app, path, "Close", "a{sv}", 1, "discard", "b", true);
        }
}

Test(servers, no_http) {
        CLEANUP(freep) char *path = open_quick("a", "ws://203.0.113.1:8081/");

        expect_error(path, "Protocol", "");
        client_wait(&world.app, path, "Attempt", "3");
}

Test(servers, wants_credentials) {
        CLEANUP(freep) char *path = open_quick("a", WORLD_SERVER("/refuse/401"));
        CLEANUP(freep) char *over = open_quick("b", WORLD_SERVER("/close/4401"));

        client_wait(&world.app, path, "State", "failed");
        expect_error(path, "NeedsCredentials", "401");
        client_wait(&world.app, path, "NextAttempt", "0");
        client_wait(&world.app, over, "State", "failed");
        expect_error(over, "NeedsCredentials", "4401");
        world_pass(&world, 200000);
        cr_assert_eq(recorder_count(&world.server, "request"), 1);
        cr_assert_eq(recorder_count(&world.server, "open"), 1);
        client_do(&world.app, path, "SetOptions", "a{sv}", 1, "headers", "a{ss}", 1,
                  "Authorization", "Bearer x");
        (void)recorder_next(&world.server, "open");
}

Test(servers, poison_is_parked_and_the_rest_flows) {
        static const char *const uris[] = {WORLD_SERVER("/poison/1009"),
                                           WORLD_SERVER("/poison/1011")};

        for (size_t i = 0; i < 2; i++) {
                CLEANUP(freep) char *path = open_quick(i == 0 ? "a" : "b", uris[i]);
                uint64_t id;

                (void)client_send(&world.app, path, "first", 0);
                id = client_send(&world.app, path, "poison", 0);
                (void)client_send(&world.app, path, "second", 0);
                (void)recorder_next_message(&world.server, "second");
                client_wait_message(&world.app, path, id, "rejected poison");
                client_wait(&world.app, path, "Parked", "1");
                client_wait(&world.app, path, "Queued", "0");
        }
}

Test(servers, other_channels_for_a_host_try_when_one_is_good) {
        CLEANUP(freep) char *first = NULL, *second = NULL;
        uint64_t begin_usec;

        recorder_kill(&world.server);
        second = client_open(&world.app, "slow", WORLD_SINK, 2, "backoff-first", "t",
                             UINT64_C(60000000), "backoff-jitter", "d", 0.0);
        client_wait(&world.app, second, "State", "backoff");
        world_restart_server(&world);
        begin_usec = moment_boottime_usec();
        first = client_open(&world.app, "a", WORLD_ECHO, 1, "good-after", "t", UINT64_C(100000));
        client_wait(&world.app, second, "State", "connected");
        cr_assert_lt(moment_boottime_usec() - begin_usec, 5000000);
        cr_assert_geq(moment_boottime_usec() - begin_usec, 100000);
}

Test(servers, app_moves_a_channel_to_another_server) {
        CLEANUP(freep) char *path = open_quick("a", "ws://" WORLD_BLACK_HOLE ":8080/");

        (void)client_send(&world.app, path, "m 0", 0);
        expect_error(path, "Timeout", "");
        client_do(&world.app, path, "SetUri", "s", WORLD_ECHO);
        (void)recorder_next_message(&world.server, "m 0");
        client_wait(&world.app, path, "Uri", WORLD_ECHO);
}
