/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent_bus.h"
#include "cleanup.h"
#include "die.h"
#include "faulty_sqlite.h"
#include "log.h"
#include "moment.h"
#include "names.h"
#include "store_support.h"

static struct agent_bus ab;

static void setup(void) {
        support_init();
        faulty_sqlite_install();
        log_set_level(LOG_CRIT); /* the faults are ours */
}

static void teardown(void) {
        agent_bus_stop(&ab);
        support_deinit();
}

TestSuite(agent, .init = setup, .fini = teardown, .timeout = 60);

static uint64_t add_channel(struct store *store, const char *name) {
        struct store_request *request = support_put(name);
        uint64_t id;

        request->put->uid = getuid();
        request->put->suspended = true;
        request = support_do(store, request);
        id = request->put->id;
        cr_assert(eq(int, request->error, 0));
        store_request_free(request);
        return id;
}

static void start(void) {
        (void)strcpy(ab.directory, support_directory);
        agent_bus_start(&ab);
}

static const char *path_of(uint64_t id) {
        static char path[64];

        (void)snprintf(path, sizeof(path), AGENT_CHANNEL_PATH "/%" PRIu64, id);
        return path;
}

#define CALL(path, member, ...)                                                               \
        do {                                                                                  \
                CLEANUP(sd_bus_error_free) sd_bus_error error_ = SD_BUS_ERROR_NULL;           \
                sd_bus_message *m_ = agent_bus_call(&ab, path, member, &error_, __VA_ARGS__); \
                cr_assert(m_ != NULL, "%s: %s", member, error_.message);                      \
                sd_bus_message_unref(m_);                                                     \
        } while (false)

/* The syncs of the store so far, and some more. */
static void wait_for_syncs(unsigned more) {
        unsigned wanted = faulty_sqlite_calls(FAULTY_SYNC) + more;
        uint64_t deadline_usec = moment_now().usec + 10 * USEC_PER_SEC;

        while (faulty_sqlite_calls(FAULTY_SYNC) < wanted) {
                if (moment_now().usec > deadline_usec)
                        die("the store does nothing");
                (void)sd_bus_wait(ab.bus, USEC_PER_MSEC);
        }
}

static uint64_t last_received;

static int on_received(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        if (sd_bus_message_read(m, "t", &last_received) < 0)
                die("Received has no id");
        ++*(unsigned *)userdata;
        return 0;
}

static void count_received(unsigned *n) {
        cr_assert(ge(int,
                     sd_bus_match_signal(ab.bus, NULL, NULL, NULL, AGENT_CHANNEL_INTERFACE,
                                         "Received", on_received, n),
                     0));
}

static bool reaches_within(const unsigned *n, unsigned wanted, uint64_t usec) {
        uint64_t deadline_usec = moment_now().usec + usec;

        while (*n < wanted && moment_now().usec < deadline_usec)
                if (sd_bus_process(ab.bus, NULL) == 0)
                        (void)sd_bus_wait(ab.bus, 10 * USEC_PER_MSEC);
        return *n >= wanted;
}

Test(agent, all_channels_go_on_when_the_disk_takes_again_what_it_refused) {
        struct store *store = support_open();
        uint64_t refused = add_channel(store, "refused"), other = add_channel(store, "other");
        unsigned n_received = 0;

        (void)support_received(store, other, "hello");
        store_free(store);
        start();
        count_received(&n_received);
        /* Nobody waits for the expiry: it is tried until the disk takes it. */
        CALL(path_of(refused), "Send", "aya{sv}", 1, 'x', 1, "ttl", "t", 300 * USEC_PER_MSEC);
        faulty_sqlite_fail(FAULTY_SYNC, 1, SQLITE_IOERR_FSYNC, true);
        wait_for_syncs(2);
        /* Between two tries, not during one: they are a second apart. */
        cr_assert(not(reaches_within(&n_received, 1, 100 * USEC_PER_MSEC)));
        CALL(path_of(other), "Subscribe", "ua{sv}", 10, 0);
        cr_assert(not(reaches_within(&n_received, 1, 100 * USEC_PER_MSEC)));
        faulty_sqlite_fail(FAULTY_SYNC, 0, 0, false);
        cr_assert(reaches_within(&n_received, 1, 10 * USEC_PER_SEC));
}

Test(agent, unsubscribing_gives_credit_to_the_other_channels) {
        struct store *store = support_open();
        uint64_t big = add_channel(store, "big"), small = add_channel(store, "small");
        CLEANUP(freep) char *payload = calloc(1, (9 << 20) + 1);
        unsigned n_received = 0;

        memset(payload, 'x', 9 << 20);
        (void)support_received(store, big, payload);
        (void)support_received(store, small, "hello");
        store_free(store);
        start();
        count_received(&n_received);
        CALL(path_of(big), "Subscribe", "ua{sv}", 10, 0);
        cr_assert(reaches_within(&n_received, 1, 10 * USEC_PER_SEC));
        /* More than a connection's credit is out. */
        CALL(path_of(small), "Subscribe", "ua{sv}", 10, 0);
        cr_assert(not(reaches_within(&n_received, 2, 100 * USEC_PER_MSEC)));
        CALL(path_of(big), "Unsubscribe", "");
        cr_assert(reaches_within(&n_received, 2, 10 * USEC_PER_SEC));
}

static void call_async(const char *path, const char *member, const char *types, ...) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        va_list ap;

        va_start(ap, types);
        if (sd_bus_message_new_method_call(ab.bus, &m, NULL, path, AGENT_CHANNEL_INTERFACE,
                                           member) < 0 ||
            sd_bus_message_appendv(m, types, ap) < 0 || sd_bus_send(ab.bus, m, NULL) < 0 ||
            sd_bus_flush(ab.bus) < 0)
                die("%s", member);
        va_end(ap);
}

Test(agent, what_is_not_acknowledged_in_time_comes_again_also_during_a_read) {
        struct store *store = support_open();
        uint64_t other = add_channel(store, "other"), id = add_channel(store, "test"), ids[3];
        unsigned n_received = 0;

        for (size_t i = 0; i < 3; i++)
                ids[i] = support_received(store, id, "hello");
        store_free(store);
        start();
        count_received(&n_received);
        CALL(path_of(id), "Subscribe", "ua{sv}", 2, 1, "ack-timeout", "t", 200 * USEC_PER_MSEC);
        cr_assert(reaches_within(&n_received, 2, 10 * USEC_PER_SEC));
        /* The read that this makes room for stands behind a slow commit when the time is up. */
        faulty_sqlite_hold_sync();
        call_async(path_of(other), "Send", "aya{sv}", 1, 'x', 0);
        faulty_sqlite_wait_held();
        call_async(path_of(id), "Acknowledge", "at", 1, ids[0]);
        cr_assert(not(reaches_within(&n_received, 3, 400 * USEC_PER_MSEC)));
        faulty_sqlite_release_sync();
        cr_assert(reaches_within(&n_received, 3, 10 * USEC_PER_SEC));
        cr_assert(eq(u64, last_received, ids[1]));
}
