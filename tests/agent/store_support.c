/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_support.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "moment.h"

char support_directory[64];
uint64_t support_t0;

static char text[65536];

void support_init(void) {
        /* In memory where that can be had: nothing here needs a disk that is slow. */
        (void)strcpy(support_directory, access("/dev/shm", W_OK) == 0
                                                ? "/dev/shm/wherry-store-XXXXXX"
                                                : "/tmp/wherry-store-XXXXXX");
        cr_assert(mkdtemp(support_directory) != NULL);
        support_t0 = moment_now().realtime_usec;
}

void support_deinit(void) {
        char command[128];

        (void)snprintf(command, sizeof(command), "rm -rf '%s'", support_directory);
        cr_assert(system(command) == 0);
}

void support_run(const char *command) {
        char line[512];

        (void)snprintf(line, sizeof(line), "cd '%s' && %s", support_directory, command);
        cr_assert(eq(int, system(line), 0), "%s", line);
}

const char *support_path(const char *name) {
        static char path[256];

        (void)snprintf(path, sizeof(path), "%s/%s", support_directory, name);
        return path;
}

struct store *support_open(void) {
        return support_open_limited(0);
}

struct store *support_open_limited(uint64_t limit_bytes) {
        struct store *store = NULL;
        char problem[512] = "";
        int r;

        r = store_open(support_directory, limit_bytes, &store, problem, sizeof(problem));
        cr_assert(eq(int, r, 0), "%s", problem);
        return store;
}

struct store_request *support_wait(struct store *store) {
        struct pollfd wait = {.fd = store_fd(store), .events = POLLIN};
        struct store_request *request;

        while (!(request = store_take_done(store)))
                (void)poll(&wait, 1, -1);
        return request;
}

struct store_request *support_do(struct store *store, struct store_request *request) {
        if (request->now_realtime_usec == 0)
                request->now_realtime_usec = support_t0;
        store_submit(store, request);
        return support_wait(store);
}

void support_expect(struct store *store, struct store_request *request, int error) {
        request = support_do(store, request);
        cr_assert(eq(int, request->error, error));
        store_request_free(request);
}

struct store_request *support_put(const char *name) {
        struct store_request *request = store_request_new(STORE_CHANNEL_PUT, 0);

        request->put = calloc(1, sizeof(*request->put));
        request->put->app_id = strdup("");
        request->put->name = strdup(name);
        request->put->uri = strdup("ws://localhost/");
        cr_assert(eq(int, channel_options_init(&request->put->options), 0));
        return request;
}

uint64_t support_channel(struct store *store, const char *name) {
        struct store_request *request = support_do(store, support_put(name));
        uint64_t id = request->put->id;

        cr_assert(eq(int, request->error, 0));
        store_request_free(request);
        return id;
}

struct store_message *support_add(struct store_request *request, const char *payload) {
        size_t n = request->n_messages;
        struct store_message *m;

        /* Full at every power of two. */
        if ((n & (n - 1)) == 0)
                request->messages = reallocarray(request->messages, n == 0 ? 1 : n * 2,
                                                 sizeof(*request->messages));
        m = &request->messages[request->n_messages++];
        *m = (struct store_message){.facts.created_realtime_usec = support_t0};
        m->payload_bytes = strlen(payload);
        m->payload = (uint8_t *)strdup(payload);
        return m;
}

void support_set_uuid(struct store_message *message, uint8_t byte) {
        message->facts.uuid_given = true;
        memset(message->facts.uuid, byte, sizeof(message->facts.uuid));
}

struct store_request *support_send(uint64_t channel, const char *payload) {
        struct store_request *request = store_request_new(STORE_SEND, channel);

        (void)support_add(request, payload);
        return request;
}

struct store_request *support_receive(uint64_t channel, const char *payload) {
        struct store_request *request = store_request_new(STORE_RECEIVE, channel);
        static uint64_t round;

        request->round = ++round; /* none stands behind another */
        (void)support_add(request, payload);
        return request;
}

struct store_request *support_ids(enum store_kind kind, uint64_t channel, const uint64_t *ids) {
        struct store_request *request = store_request_new(kind, channel);

        while (ids[request->n_ids] != 0)
                request->n_ids++;
        request->ids = calloc(request->n_ids + 1, sizeof(*ids));
        memcpy(request->ids, ids, request->n_ids * sizeof(*ids));
        return request;
}

struct store_request *support_finish(uint64_t channel, enum message_state state,
                                     const uint64_t *ids) {
        struct store_request *request = support_ids(STORE_FINISH, channel, ids);

        request->state = state;
        (void)strcpy(request->reason, "why");
        return request;
}

static uint64_t first_id(struct store *store, struct store_request *request) {
        uint64_t id;

        request = support_do(store, request);
        cr_assert(eq(int, request->error, 0));
        id = request->messages[0].facts.id;
        store_request_free(request);
        return id;
}

uint64_t support_sent(struct store *store, uint64_t channel, const char *payload) {
        return first_id(store, support_send(channel, payload));
}

uint64_t support_received(struct store *store, uint64_t channel, const char *payload) {
        return first_id(store, support_receive(channel, payload));
}

const char *support_text(const struct store_request *request) {
        size_t used = 0;

        text[0] = '\0';
        for (size_t i = 0; i < request->n_messages && used < sizeof(text); i++) {
                const struct store_message *m = &request->messages[i];

                used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%" PRIu64 ":%.*s",
                                         i > 0 ? " " : "", m->facts.id, (int)m->payload_bytes,
                                         m->payload ? (const char *)m->payload : "");
        }
        return text;
}

const char *support_id_text(const struct store_request *request) {
        size_t used = 0;

        text[0] = '\0';
        for (size_t i = 0; i < request->n_ids && used < sizeof(text); i++)
                used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%" PRIu64,
                                         i > 0 ? " " : "", request->ids[i]);
        return text;
}

static const char *read_all(struct store *store, enum store_kind kind, uint64_t channel) {
        struct store_request *request = support_do(store, store_request_new(kind, channel));

        cr_assert(eq(int, request->error, 0));
        (void)support_text(request);
        store_request_free(request);
        return text;
}

const char *support_outbox(struct store *store, uint64_t channel) {
        return read_all(store, STORE_READ_OUT, channel);
}

const char *support_inbox(struct store *store, uint64_t channel) {
        return read_all(store, STORE_READ_IN, channel);
}

const char *support_parked(struct store *store, uint64_t channel) {
        struct store_request *request = store_request_new(STORE_LIST, channel);
        size_t used = 0;

        request->filter.any_state = true;
        request = support_do(store, request);
        cr_assert(eq(int, request->error, 0));
        text[0] = '\0';
        for (size_t i = 0; i < request->n_messages; i++) {
                const struct message_facts *facts = &request->messages[i].facts;

                if (message_state_is_final(facts->state))
                        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                                 "%s%" PRIu64 ":%s:%s", used > 0 ? " " : "",
                                                 facts->id, message_state_string(facts->state),
                                                 facts->reason);
        }
        store_request_free(request);
        return text;
}

static sqlite3 *open_sql(void) {
        sqlite3 *sql;

        cr_assert(eq(int, sqlite3_open(support_path("queue.db"), &sql), SQLITE_OK));
        return sql;
}

void support_sql(const char *statement) {
        sqlite3 *sql = open_sql();
        int code = sqlite3_exec(sql, statement, NULL, NULL, NULL);

        cr_assert(eq(int, code, SQLITE_OK), "%s: %s", statement, sqlite3_errmsg(sql));
        (void)sqlite3_close(sql);
}

int64_t support_sql_number(const char *statement) {
        sqlite3 *sql = open_sql();
        sqlite3_stmt *row;
        int64_t number;

        cr_assert(eq(int, sqlite3_prepare_v2(sql, statement, -1, &row, NULL), SQLITE_OK));
        cr_assert(eq(int, sqlite3_step(row), SQLITE_ROW));
        number = sqlite3_column_int64(row, 0);
        (void)sqlite3_finalize(row);
        (void)sqlite3_close(sql);
        return number;
}

struct store_request *support_at(struct store_request *request, uint64_t usec) {
        request->now_realtime_usec = usec;
        return request;
}

struct store_request *support_limited(struct store_request *request, uint64_t messages,
                                      uint64_t bytes) {
        request->limit_messages = messages;
        request->limit_bytes = bytes;
        return request;
}
