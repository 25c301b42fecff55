/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ws.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "certs.h"
#include "connector.h"
#include "moment.h"
#include "netns.h"
#include "peer.h"
#include "server.h"

#define MAX_MESSAGE_BYTES (1024 * 1024)
#define PATIENCE_USEC (20 * USEC_PER_SEC)

static sd_event *event;
static struct connector *connector;

static sem_t may_read; /* for a peer that waits for it */

static void setup(void) {
        netns_enter();
        cr_assert(eq(int, sem_init(&may_read, 0, 0), 0));
        cr_assert(sd_event_new(&event) >= 0);
        cr_assert(eq(int, connector_new(event, &connector), 0));
}

static void teardown(void) {
        connector_free(connector);
        sd_event_unref(event);
}

TestSuite(ws, .init = setup, .fini = teardown, .timeout = 60);

struct client {
        struct ws *ws;
        unsigned n_opened;
        unsigned n_messages;
        unsigned n_pongs;
        unsigned n_drained;
        unsigned n_received;
        unsigned n_closed;
        uint64_t iteration; /* of the loop, in which the last message came */
        unsigned n_in_iteration;
        unsigned most_in_iteration;
        char *message; /* the last one */
        size_t message_len;
        bool text;
        struct cause cause;
        unsigned code;
        /* What a handler does. */
        bool pause_in_opened;
        bool hold_in_opened;
        bool pause_after_each;
        const char *free_in; /* the name of the handler */
        bool close;          /* with ws_close() */
        struct ws **also;    /* and another connection */
};

static void maybe_free(struct client *c, const char *handler) {
        if (!c->free_in || strcmp(c->free_in, handler) != 0)
                return;
        if (c->close)
                ws_close(c->ws, 1001);
        else
                ws_free(c->ws);
        c->ws = NULL;
        if (c->also) {
                ws_free(*c->also);
                *c->also = NULL;
        }
}

static void on_opened(void *userdata) {
        struct client *c = userdata;

        c->n_opened++;
        if (c->pause_in_opened)
                ws_set_paused(c->ws, true);
        if (c->hold_in_opened)
                ws_set_held(c->ws, true);
        maybe_free(c, "opened");
}

static void count_in_iteration(struct client *c) {
        uint64_t iteration;

        cr_assert(sd_event_get_iteration(event, &iteration) >= 0);
        c->n_in_iteration = iteration == c->iteration ? c->n_in_iteration + 1 : 1;
        c->iteration = iteration;
        if (c->n_in_iteration > c->most_in_iteration)
                c->most_in_iteration = c->n_in_iteration;
}

static void on_message(const void *data, size_t len, bool text, void *userdata) {
        struct client *c = userdata;

        cr_assert(c->n_received > 0, "a message before received()");
        c->n_messages++;
        count_in_iteration(c);
        free(c->message);
        c->message = malloc(len + 1);
        if (len > 0)
                (void)memcpy(c->message, data, len);
        c->message[len] = '\0';
        c->message_len = len;
        c->text = text;
        if (c->pause_after_each)
                ws_set_paused(c->ws, true);
        maybe_free(c, "message");
}

static void on_pong(const void *data, size_t len, void *userdata) {
        struct client *c = userdata;

        c->n_pongs++;
        maybe_free(c, "pong");
}

static void on_drained(void *userdata) {
        struct client *c = userdata;

        cr_assert(eq(sz, ws_queued_bytes(c->ws), 0));
        c->n_drained++;
        maybe_free(c, "drained");
}

static void on_received(void *userdata) {
        struct client *c = userdata;

        c->n_received++;
        maybe_free(c, "received");
}

static void on_closed(const struct cause *cause, unsigned close_code, void *userdata) {
        struct client *c = userdata;

        c->n_closed++;
        c->cause = *cause;
        c->code = close_code;
        maybe_free(c, "closed");
}

static const struct ws_handlers handlers = {on_opened,  on_message,  on_pong,
                                            on_drained, on_received, on_closed};

/* A configuration with storage of its own. */
struct target {
        struct ws_config config;
        struct uri uri;
        struct address address;
};

static void target_init(struct target *t, const char *scheme, uint16_t port, const char *path) {
        char text[256], problem[128];

        (void)snprintf(text, sizeof(text), "%s://good.test:%u%s", scheme, port, path);
        *t = (struct target){.config = {
                                     .stream = {.uri = &t->uri,
                                                .addresses = &t->address,
                                                .n_addresses = 1,
                                                .connect_timeout_usec = 5 * USEC_PER_SEC},
                                     .open_timeout_usec = 5 * USEC_PER_SEC,
                                     .max_message_bytes = MAX_MESSAGE_BYTES,
                             }};
        cr_assert(eq(int, uri_parse(text, &t->uri, problem, sizeof(problem)), 0));
        cr_assert(eq(int, address_parse("127.0.0.1", &t->address), 0));
}

static void start(struct client *c, const struct target *t) {
        cr_assert(eq(int, ws_new(connector, &t->config, &handlers, c, &c->ws), 0));
        cr_assert(eq(uint, c->n_opened + c->n_closed, 0), "told from inside the call");
}

static void turn(uint64_t until_usec) {
        cr_assert(moment_now().usec < until_usec, "nothing happens");
        cr_assert(sd_event_run(event, USEC_PER_SEC) >= 0);
}

/* Runs the loop until a counter has got somewhere. */
static void run_until(const unsigned *counter, unsigned value) {
        uint64_t until = moment_now().usec + PATIENCE_USEC;

        while (*counter < value)
                turn(until);
}

static void run_for(uint64_t usec) {
        uint64_t until = moment_now().usec + usec, now;

        while ((now = moment_now().usec) < until)
                cr_assert(sd_event_run(event, until - now) >= 0);
}

static void connect_to(struct client *c, const char *scheme, uint16_t port, const char *path) {
        struct target t;

        target_init(&t, scheme, port, path);
        start(c, &t);
        uri_deinit(&t.uri); /* only read during the call */
        while (c->n_opened + c->n_closed == 0)
                turn(moment_now().usec + PATIENCE_USEC);
        cr_assert(eq(uint, c->n_opened, 1), "%s", c->cause.text);
}

static void client_deinit(struct client *c) {
        ws_free(c->ws);
        free(c->message);
}

/* A server of its own, plain or with TLS. */
struct world {
        struct certs certs;
        struct server server;
        bool tls;
};

static void world_init(struct world *w, bool tls) {
        char path[128];

        w->tls = tls;
        if (!tls) {
                server_start(&w->server, "ws_server.py", "--subprotocol", "superchat", NULL);
                return;
        }
        certs_make(&w->certs);
        certs_path(&w->certs, "good", path, sizeof(path));
        server_start(&w->server, "ws_server.py", "--tls", path, NULL);
}

static void world_deinit(struct world *w) {
        server_stop(&w->server);
        if (w->tls)
                certs_remove(&w->certs);
}

static void open_path(struct client *c, struct world *w, const char *path) {
        struct target t;

        target_init(&t, w->tls ? "wss" : "ws", w->server.port, path);
        t.config.stream.tls_ca = w->certs.ca;
        t.config.stream.tls_ca_len = w->certs.ca_len;
        start(c, &t);
        uri_deinit(&t.uri);
        while (c->n_opened + c->n_closed == 0)
                turn(moment_now().usec + PATIENCE_USEC);
        cr_assert(eq(uint, c->n_opened, 1), "%s", c->cause.text);
}

static char *make_payload(size_t len) {
        char *payload = malloc(len + 1);

        for (size_t i = 0; i < len; i++)
                payload[i] = (char)('a' + (i * 7 + i / 251) % 26);
        payload[len] = '\0';
        return payload;
}

static void check_echo(struct client *c, const char *payload, size_t len, bool text) {
        unsigned n = c->n_messages;

        cr_assert(eq(int, ws_send(c->ws, payload, len, text), 0));
        cr_assert(eq(uint, c->n_messages, n));
        cr_assert(eq(sz, ws_queued_bytes(c->ws), len));
        run_until(&c->n_messages, n + 1);
        cr_assert(eq(sz, c->message_len, len));
        cr_assert(memcmp(c->message, payload, len) == 0);
        cr_assert(eq(int, c->text, text));
}

Test(ws, echo) {
        static const size_t sizes[] = {0, 1, 125, 126, 65535, 65536, MAX_MESSAGE_BYTES};

        for (int tls = 0; tls < 2; tls++) {
                static const char *const paths[] = {"/echo", "/fragments"};
                struct world w;

                world_init(&w, tls);
                for (size_t p = 0; p < 2; p++) {
                        struct client c = {};

                        open_path(&c, &w, paths[p]);
                        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                                char *payload = make_payload(sizes[i]);

                                if (p == 1 && (sizes[i] == 0 || sizes[i] > 65536))
                                        free(payload); /* nothing to cut, or a million pieces */
                                else {
                                        check_echo(&c, payload, sizes[i], true);
                                        payload[0] = '\xff';
                                        check_echo(&c, payload, sizes[i], false);
                                        free(payload);
                                }
                        }
                        cr_assert(c.n_drained > 0);
                        client_deinit(&c);
                }
                world_deinit(&w);
        }
}

Test(ws, refused_to_send) {
        static char too_long[MAX_MESSAGE_BYTES + 1];
        struct client c = {};
        struct world w;

        world_init(&w, false);
        {
                struct target t;

                target_init(&t, "ws", w.server.port, "/echo");
                start(&c, &t);
                cr_assert(eq(int, ws_send(c.ws, "x", 1, true), -ENOTCONN));
                cr_assert(eq(int, ws_ping(c.ws, "x", 1), -ENOTCONN));
                cr_assert(eq(sz, ws_queued_bytes(c.ws), 0));
                uri_deinit(&t.uri);
        }
        run_until(&c.n_opened, 1);
        cr_assert(eq(int, ws_send(c.ws, too_long, sizeof(too_long), false), -EMSGSIZE));
        cr_assert(eq(int, ws_send(c.ws, "\xc3", 1, true), -EILSEQ));
        cr_assert(eq(int, ws_ping(c.ws, too_long, 126), -EMSGSIZE));
        check_echo(&c, "still well", 10, true);
        client_deinit(&c);
        world_deinit(&w);
}

Test(ws, ping_and_pong) {
        for (int tls = 0; tls < 2; tls++) {
                struct client c = {}, d = {};
                struct world w;

                world_init(&w, tls);
                open_path(&c, &w, "/ping"); /* the server says so once we have answered */
                run_until(&c.n_messages, 1);
                cr_assert(eq(str, c.message, (char *)"pong"));
                cr_assert(eq(int, ws_ping(c.ws, "mark", 4), 0));
                run_until(&c.n_pongs, 1);
                run_until(&c.n_drained, 1);

                /* The pong comes behind the echoes of what was sent before the ping. */
                open_path(&d, &w, "/echo");
                for (int i = 0; i < 3; i++)
                        cr_assert(eq(int, ws_send(d.ws, "x", 1, false), 0));
                cr_assert(eq(int, ws_ping(d.ws, NULL, 0), 0));
                run_until(&d.n_pongs, 1);
                run_until(&d.n_messages, 3);
                client_deinit(&c);
                client_deinit(&d);
                world_deinit(&w);
        }
}

Test(ws, steps_and_endpoints) {
        struct address source, peer;
        struct client c = {};
        struct ws_steps steps;
        struct world w;

        world_init(&w, true);
        open_path(&c, &w, "/echo");
        ws_get_steps(c.ws, &steps);
        cr_assert(steps.stream.connected_usec > 0);
        cr_assert(steps.stream.secured_usec > steps.stream.connected_usec);
        cr_assert(steps.opened_usec > steps.stream.secured_usec);
        cr_assert(eq(int, ws_endpoints(c.ws, &source, &peer), 0));
        cr_assert(address_equal(&source, &peer));
        client_deinit(&c);
        world_deinit(&w);
}

Test(ws, headers_and_subprotocols) {
        static const char headers[] = "Authorization\0Bearer secret\0X-App\0a: b";
        static const char offered[] = "chat\0superchat";
        struct client c = {};
        struct target t;
        struct world w;

        world_init(&w, false);
        target_init(&t, "ws", w.server.port, "/headers");
        t.config.headers = headers;
        t.config.headers_len = sizeof(headers);
        t.config.subprotocols = offered;
        t.config.subprotocols_len = sizeof(offered);
        start(&c, &t);
        run_until(&c.n_messages, 1);
        cr_assert(strstr(c.message, "\nAuthorization: Bearer secret\n") != NULL);
        cr_assert(strstr(c.message, "\nX-App: a: b\n") != NULL);
        cr_assert(strstr(c.message, "\nSec-WebSocket-Protocol: chat, superchat\n") != NULL);
        uri_deinit(&t.uri);
        client_deinit(&c);
        world_deinit(&w);
}

Test(ws, closed_by_the_server) {
        static const struct {
                const char *path;
                unsigned code;
                enum cause_kind kind;
        } rows[] = {
                {"/close/1000", 1000, CAUSE_CLOSED},      {"/close/1001", 1001, CAUSE_CLOSED},
                {"/close/1003", 1003, CAUSE_MESSAGE},     {"/close/1011", 1011, CAUSE_UNAVAILABLE},
                {"/close/1012", 1012, CAUSE_UNAVAILABLE}, {"/close/1013", 1013, CAUSE_UNAVAILABLE},
                {"/close/3000", 3000, CAUSE_CREDENTIALS}, {"/close/4401", 4401, CAUSE_CREDENTIALS},
                {"/close/4000", 4000, CAUSE_CLOSED},
        };

        for (int tls = 0; tls < 2; tls++) {
                struct world w;

                world_init(&w, tls);
                for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                        char line[64], expected[64];
                        struct client c = {};

                        open_path(&c, &w, rows[i].path);
                        run_until(&c.n_closed, 1);
                        cr_assert(eq(int, c.cause.kind, rows[i].kind), "row %zu", i);
                        cr_assert(eq(uint, c.code, rows[i].code), "row %zu", i);
                        cr_assert(eq(int, ws_send(c.ws, "x", 1, true), -ENOTCONN));
                        client_deinit(&c);
                        run_for(5 * USEC_PER_MSEC);
                        /* And the server has our answer: its code would be 1006 without. */
                        server_read_line(&w.server, line, sizeof(line));
                        (void)snprintf(expected, sizeof(expected), "closed %u", rows[i].code);
                        cr_assert(eq(str, line, expected));
                }
                world_deinit(&w);
        }
}

/* ws_close(): the server gets what was queued and the code, though the owner is gone at once. */
Test(ws, closed_by_us) {
        for (int tls = 0; tls < 2; tls++) {
                struct client c = {};
                struct world w;
                char line[64];

                world_init(&w, tls);
                open_path(&c, &w, "/echo");
                ws_set_held(c.ws, true); /* is no obstacle */
                cr_assert(eq(int, ws_send(c.ws, "last words", 10, true), 0));
                ws_close(c.ws, 1001);
                c.ws = NULL;
                run_for(50 * USEC_PER_MSEC);
                server_read_line(&w.server, line, sizeof(line));
                cr_assert(eq(str, line, (char *)"closed 1001"));
                cr_assert(eq(uint, c.n_messages + c.n_closed, 0), "told after its end");
                client_deinit(&c);
                world_deinit(&w);
        }
}

/* ws_free(): the server sees a reset and no close frame. */
Test(ws, abandoned) {
        for (int tls = 0; tls < 2; tls++) {
                volatile struct peer_relay relay = {.client_end = -1};
                struct client c = {};
                struct target t;
                struct world w;
                char line[64];

                world_init(&w, tls);
                relay.port = w.server.port;
                target_init(&t, tls ? "wss" : "ws", peer_start(peer_relay, (void *)&relay),
                            "/echo");
                t.config.stream.tls_ca = w.certs.ca;
                t.config.stream.tls_ca_len = w.certs.ca_len;
                start(&c, &t);
                uri_deinit(&t.uri);
                run_until(&c.n_opened, 1);
                check_echo(&c, "x", 1, true);
                client_deinit(&c);
                while (relay.client_end < 0)
                        peer_wait();
                cr_assert(eq(int, relay.client_end, ECONNRESET));
                server_read_line(&w.server, line, sizeof(line));
                cr_assert(eq(str, line, (char *)"closed 1006"));
                world_deinit(&w);
        }
}

Test(ws, closed_while_connecting) {
        struct client c = {};
        struct target t;
        struct world w;

        world_init(&w, false);
        target_init(&t, "ws", w.server.port, "/echo");
        for (unsigned turns = 0; turns < 5; turns++) {
                start(&c, &t);
                for (unsigned i = 0; i < turns && c.n_opened == 0; i++)
                        cr_assert(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);
                ws_close(c.ws, 1000);
                c = (struct client){};
        }
        ws_close(NULL, 1000);
        uri_deinit(&t.uri);
        world_deinit(&w);
}

Test(ws, too_large) {
        struct client c = {};
        struct target t;
        struct world w;
        char line[64];

        world_init(&w, false);
        target_init(&t, "ws", w.server.port, "/send/1000/2");
        t.config.max_message_bytes = 1000;
        start(&c, &t);
        run_until(&c.n_messages, 2);
        client_deinit(&c);
        server_read_line(&w.server, line, sizeof(line));
        uri_deinit(&t.uri);

        c = (struct client){};
        target_init(&t, "ws", w.server.port, "/send/1001/1");
        t.config.max_message_bytes = 1000;
        start(&c, &t);
        run_until(&c.n_closed, 1);
        cr_assert(eq(int, c.cause.kind, CAUSE_PROTOCOL));
        cr_assert(eq(uint, c.code, 0));
        client_deinit(&c);
        run_for(20 * USEC_PER_MSEC);
        server_read_line(&w.server, line, sizeof(line));
        cr_assert(eq(str, line, (char *)"closed 1009"));
        uri_deinit(&t.uri);
        world_deinit(&w);
}

/* Servers that are none. */
struct script {
        const char *answer; /* to the request, or to the frames once upgraded */
        size_t len;
        bool upgrade;
        int end; /* what becomes of the connection: */
#define END_CLOSE 0
#define END_RESET 1
#define END_HANG 2
        char got[512]; /* behind the request */
        size_t got_len;
};

static void serve_script(int fd, void *userdata) {
        struct script *s = userdata;
        char request[8192];
        size_t n = 0;

        if (s->upgrade) {
                peer_upgrade(fd, s->answer, s->len);
        } else {
                peer_read_request(fd, request, sizeof(request));
                peer_write(fd, s->answer, s->len);
        }
        if (s->end == END_RESET)
                peer_reset(fd);
        else if (s->end == END_CLOSE)
                (void)shutdown(fd, SHUT_WR);
        if (s->end != END_RESET)
                while ((n = (size_t)read(fd, s->got + s->got_len, sizeof(s->got) - s->got_len)) >
                               0 &&
                       n < sizeof(s->got)) {
                        s->got_len += n;
                        peer_tell();
                }
}

static void serve_endless_headers(int fd, void *userdata) {
        char request[8192];

        peer_read_request(fd, request, sizeof(request));
        peer_write(fd, "HTTP/1.1 101 x\r\n", 16);
        for (int i = 0; i < 100000; i++)
                peer_write(fd, "X: y\r\n", 6);
}

static struct cause outcome(uint16_t port) {
        struct client c = {};
        struct target t;

        target_init(&t, "ws", port, "/chat?token=secret");
        t.config.open_timeout_usec = 300 * USEC_PER_MSEC;
        start(&c, &t);
        run_until(&c.n_closed, 1);
        uri_deinit(&t.uri);
        client_deinit(&c);
        cr_assert(strstr(c.cause.text, "secret") == NULL);
        return c.cause;
}

#define ANSWER(text) .answer = text, .len = sizeof(text) - 1

Test(ws, no_websocket_there) {
        static struct {
                struct script script;
                enum cause_kind kind;
                uint64_t retry_after_usec;
        } rows[] = {
                {{ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), .end = END_HANG},
                 CAUSE_PROTOCOL,
                 0},
                {{ANSWER("HTTP/1.1 401 no\r\n\r\n")}, CAUSE_CREDENTIALS, 0},
                {{ANSWER("HTTP/1.1 404 no\r\n\r\n")}, CAUSE_REFUSED, 0},
                {{ANSWER("HTTP/1.1 503 no\r\nRetry-After: 120\r\n\r\n")},
                 CAUSE_UNAVAILABLE,
                 120 * USEC_PER_SEC},
                {{ANSWER("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"),
                  .end = END_HANG},
                 CAUSE_PROTOCOL,
                 0},
                {{ANSWER("\x16\x03\x01garbage"), .end = END_HANG}, CAUSE_PROTOCOL, 0},
                {{ANSWER("HTTP/1.1 101 x\r\nno colon\r\n"), .end = END_HANG}, CAUSE_PROTOCOL, 0},
                {{ANSWER("")}, CAUSE_LOST, 0},
                {{ANSWER("HTTP/1.1 101 x\r\n")}, CAUSE_LOST, 0},
                {{ANSWER(""), .end = END_RESET}, CAUSE_LOST, 0},
                {{ANSWER(""), .end = END_HANG}, CAUSE_TIMEOUT, 0},
                {{ANSWER("HTTP/1.1 101 x\r\n"), .end = END_HANG}, CAUSE_TIMEOUT, 0},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct cause cause = outcome(peer_start(serve_script, &rows[i].script));

                cr_assert(eq(int, cause.kind, rows[i].kind), "row %zu: %s", i, cause.text);
                cr_assert(eq(u64, cause.retry_after_usec, rows[i].retry_after_usec));
                cr_assert(cause.text[0] != '\0');
        }
        cr_assert(eq(int, outcome(peer_start(serve_endless_headers, NULL)).kind, CAUSE_PROTOCOL));
}

/* Once it was a WebSocket. */
Test(ws, ends_of_a_connection) {
        static struct {
                struct script script;
                unsigned n_messages;
                enum cause_kind kind;
                const char *close_payload; /* that we must have sent */
        } rows[] = {
                {{ANSWER(""), .upgrade = true}, 0, CAUSE_LOST, NULL},
                {{ANSWER("\x81\x01x"), .upgrade = true}, 1, CAUSE_LOST, NULL},
                {{ANSWER("\x81\x01x\x81\x01y\x88\x02\x03\xe8"), .upgrade = true},
                 2,
                 CAUSE_CLOSED,
                 "\x03\xe8"},
                {{ANSWER("\x81\x01x\x83\x01y"), .upgrade = true}, 1, CAUSE_PROTOCOL, "\x03\xea"},
                {{ANSWER("\x81\x01\xff"), .upgrade = true}, 0, CAUSE_PROTOCOL, "\x03\xef"},
                {{ANSWER("\x89\x7f"), .upgrade = true}, 0, CAUSE_PROTOCOL, "\x03\xea"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct script *script = &rows[i].script;
                struct client c = {};
                uint8_t *got = (uint8_t *)script->got;

                connect_to(&c, "ws", peer_start(serve_script, script), "/");
                run_until(&c.n_closed, 1);
                cr_assert(eq(int, c.cause.kind, rows[i].kind), "row %zu: %s", i, c.cause.text);
                cr_assert(eq(uint, c.n_messages, rows[i].n_messages), "row %zu", i);
                cr_assert(eq(uint, c.n_opened, 1));
                client_deinit(&c);
                run_for(20 * USEC_PER_MSEC);
                if (!rows[i].close_payload)
                        continue;
                cr_assert(eq(sz, script->got_len, 8), "row %zu", i);
                for (size_t j = 0; j < 2; j++)
                        cr_assert(eq(uint, got[6 + j] ^ got[2 + j],
                                     (uint8_t)rows[i].close_payload[j]));
                cr_assert(eq(uint, got[0], 0x88));
        }
}

/* A server that dies: the end of the stream without a goodbye, of TLS neither. */
Test(ws, killed_server) {
        for (int tls = 0; tls < 2; tls++) {
                struct client c = {};
                struct world w;

                world_init(&w, tls);
                open_path(&c, &w, "/echo");
                check_echo(&c, "x", 1, true);
                world_deinit(&w);
                run_until(&c.n_closed, 1);
                cr_assert(eq(int, c.cause.kind, CAUSE_LOST), "%s", c.cause.text);
                client_deinit(&c);
        }
}

Test(ws, freed_in_its_handlers) {
        static const struct {
                const char *handler;
                unsigned n_messages; /* told before it */
        } rows[] = {
                {"opened", 0}, {"received", 0}, {"message", 1},
                {"pong", 1},   {"drained", 2},  {"closed", 2},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                for (int how = 0; how < 3; how++) {
                        /* Two messages and a pong at once, then the end. */
                        static struct script script = {ANSWER("\x81\x01x\x8a\x01p\x81\x01y"),
                                                       .upgrade = true};
                        struct client other = {};
                        struct client c = {.free_in = rows[i].handler, .close = how == 1};
                        struct world w;

                        world_init(&w, false);
                        if (how == 2) {
                                open_path(&other, &w, "/echo");
                                c.also = &other.ws;
                        }
                        script.end = strcmp(rows[i].handler, "drained") == 0 ? END_HANG : END_CLOSE;
                        connect_to(&c, "ws", peer_start(serve_script, &script), "/");
                        if (c.ws)
                                (void)ws_send(c.ws, "z", 1, true);
                        while (c.ws)
                                turn(moment_now().usec + PATIENCE_USEC);
                        run_for(5 * USEC_PER_MSEC);
                        cr_assert(eq(uint, c.n_messages, rows[i].n_messages), "%s",
                                  rows[i].handler);
                        client_deinit(&c);
                        client_deinit(&other);
                        world_deinit(&w);
                }
        }
}

/* Paused from the start, the frames that came with the upgrade response are kept. */
Test(ws, paused_from_the_start) {
        static struct script script = {ANSWER("\x81\x01x\x81\x01y"), .upgrade = true,
                                       .end = END_HANG};
        struct client c = {.pause_in_opened = true};

        connect_to(&c, "ws", peer_start(serve_script, &script), "/");
        run_for(30 * USEC_PER_MSEC);
        cr_assert(eq(uint, c.n_messages, 0));
        c.pause_after_each = true;
        ws_set_paused(c.ws, false);
        run_until(&c.n_messages, 1);
        run_for(30 * USEC_PER_MSEC);
        cr_assert(eq(uint, c.n_messages, 1), "another one while paused");
        ws_set_paused(c.ws, false);
        run_until(&c.n_messages, 2);
        client_deinit(&c);
}

/* Paused after each message, with the rest in wslay's, TLS's or the kernel's buffer. */
Test(ws, paused_again_and_again) {
        for (int tls = 0; tls < 2; tls++) {
                struct client c = {.pause_after_each = true};
                struct world w;

                world_init(&w, tls);
                open_path(&c, &w, "/send/700/300");
                for (unsigned i = 1; i <= 300; i++) {
                        run_until(&c.n_messages, i);
                        cr_assert(eq(uint, c.n_messages, i));
                        ws_set_paused(c.ws, false);
                }
                client_deinit(&c);
                world_deinit(&w);
        }
}

/* While paused the server feels it, and nothing is read. */
Test(ws, paused_is_back_pressure) {
        struct client c = {.pause_after_each = true};
        struct world w;
        unsigned n;

        world_init(&w, false);
        open_path(&c, &w, "/send/100000/200");
        run_until(&c.n_messages, 1);
        run_for(100 * USEC_PER_MSEC);
        n = c.n_received;
        run_for(100 * USEC_PER_MSEC);
        cr_assert(eq(uint, c.n_received, n));
        cr_assert(eq(uint, c.n_messages, 1));
        c.pause_after_each = false;
        ws_set_paused(c.ws, false);
        run_until(&c.n_messages, 200);
        client_deinit(&c);
        world_deinit(&w);
}

Test(ws, held) {
        static struct script script = {ANSWER("\x89\x01p"), .upgrade = true, .end = END_HANG};
        struct client c = {.hold_in_opened = true};

        connect_to(&c, "ws", peer_start(serve_script, &script), "/");
        cr_assert(eq(int, ws_send(c.ws, "x", 1, true), 0));
        run_for(50 * USEC_PER_MSEC);
        cr_assert(eq(sz, script.got_len, 0));
        cr_assert(eq(sz, ws_queued_bytes(c.ws), 1));
        cr_assert(eq(uint, c.n_received, 1), "reading does not go on");
        ws_set_held(c.ws, false);
        run_until(&c.n_drained, 1);
        cr_assert(eq(uint, c.n_received, 1), "nothing came");
        while (script.got_len < 14) /* the message and the pong */
                peer_wait();
        client_deinit(&c);
}

static void serve_slow_reader(int fd, void *userdata) {
        size_t n = 0;

        peer_upgrade(fd, NULL, 0);
        while (sem_wait(&may_read) < 0 && errno == EINTR)
                ;
        (void)peer_read_end(fd, &n);
        *(size_t *)userdata = n;
}

/* A server that does not read: what is handed over waits, the loop rests, drained() comes late. */
Test(ws, server_that_does_not_read) {
        char *payload = make_payload(MAX_MESSAGE_BYTES);
        uint64_t before, after;
        static size_t got;
        struct client c = {};
        size_t queued;

        connect_to(&c, "ws", peer_start(serve_slow_reader, &got), "/");
        for (int i = 0; i < 16; i++)
                cr_assert(eq(int, ws_send(c.ws, payload, MAX_MESSAGE_BYTES, false), 0));
        run_for(300 * USEC_PER_MSEC);
        queued = ws_queued_bytes(c.ws);
        cr_assert(queued > 0 && queued < 16 * (size_t)MAX_MESSAGE_BYTES);
        cr_assert(eq(uint, c.n_drained, 0));
        cr_assert(sd_event_get_iteration(event, &before) >= 0);
        run_for(100 * USEC_PER_MSEC);
        cr_assert(sd_event_get_iteration(event, &after) >= 0);
        cr_assert(after - before < 20, "a busy loop");
        (void)sem_post(&may_read);
        run_until(&c.n_drained, 1);
        ws_close(c.ws, 1000);
        c.ws = NULL;
        run_for(1200 * USEC_PER_MSEC); /* the peer never closes: reset after a second */
        while (got == 0)
                peer_wait();
        cr_assert(got > 16 * (size_t)MAX_MESSAGE_BYTES);
        free(payload);
        client_deinit(&c);
}

/* What does not go out at once is not waited for. */
Test(ws, close_does_not_wait) {
        char *payload = make_payload(MAX_MESSAGE_BYTES);
        static size_t got;
        struct client c = {};

        connect_to(&c, "ws", peer_start(serve_slow_reader, &got), "/");
        for (int i = 0; i < 16; i++)
                cr_assert(eq(int, ws_send(c.ws, payload, MAX_MESSAGE_BYTES, false), 0));
        ws_close(c.ws, 1000);
        c.ws = NULL;
        run_for(20 * USEC_PER_MSEC);
        (void)sem_post(&may_read);
        free(payload);
        client_deinit(&c);
}

/* A server that pings and never reads the answers: they do not pile up. */
Test(ws, pings_without_end) {
        static char pings[127 * 8192];
        static struct script script = {
                .answer = pings, .len = sizeof(pings), .upgrade = true, .end = END_HANG};
        struct client c = {.hold_in_opened = true};

        for (size_t i = 0; i < sizeof(pings); i += 127) {
                pings[i] = (char)0x89;
                pings[i + 1] = 125;
        }
        connect_to(&c, "ws", peer_start(serve_script, &script), "/");
        run_for(300 * USEC_PER_MSEC);
        ws_set_held(c.ws, false);
        run_for(100 * USEC_PER_MSEC);
        cr_assert(eq(sz, script.got_len, 131), "not one pong to the newest");
        client_deinit(&c);
}

/* However much a server sends at once, a turn of the loop takes a part of it only. */
Test(ws, reading_leaves_room) {
        static char frames[2 * 100000];
        static struct script many = {
                .answer = frames, .len = sizeof(frames), .upgrade = true, .end = END_HANG};
        struct client c = {.pause_in_opened = true}, large = {.pause_in_opened = true};
        struct world w;

        for (size_t i = 0; i < sizeof(frames); i += 2)
                frames[i] = (char)0x82;
        connect_to(&c, "ws", peer_start(serve_script, &many), "/");
        run_for(50 * USEC_PER_MSEC);
        ws_set_paused(c.ws, false);
        run_until(&c.n_messages, 100000);
        cr_assert(c.most_in_iteration <= 256, "%u messages", c.most_in_iteration);
        client_deinit(&c);

        world_init(&w, false);
        open_path(&large, &w, "/send/10000/100");
        run_for(50 * USEC_PER_MSEC);
        ws_set_paused(large.ws, false);
        run_until(&large.n_messages, 100);
        cr_assert(large.most_in_iteration <= 7, "%u * 10000 bytes", large.most_in_iteration);
        client_deinit(&large);
        world_deinit(&w);
}

Test(ws, writing_leaves_room) {
        char *payload = make_payload(MAX_MESSAGE_BYTES);
        size_t before, most = 0, got = 0;
        struct client c = {};

        (void)sem_post(&may_read);
        connect_to(&c, "ws", peer_start(serve_slow_reader, &got), "/");
        cr_assert(eq(int, ws_send(c.ws, payload, MAX_MESSAGE_BYTES, false), 0));
        while (c.n_drained == 0) {
                before = ws_queued_bytes(c.ws);
                turn(moment_now().usec + PATIENCE_USEC);
                if (before - ws_queued_bytes(c.ws) > most)
                        most = before - ws_queued_bytes(c.ws);
        }
        cr_assert(most <= (size_t)80 * 1024, "%zu bytes", most);
        ws_free(c.ws);
        while (got == 0)
                peer_wait();
        free(payload);
}

/* 0 under the sanitizer, whose own memory says nothing. */
static uint64_t resident_bytes(void) {
#ifdef __SANITIZE_ADDRESS__
        return 0;
#endif
        FILE *file = fopen("/proc/self/statm", "re");
        unsigned long size, resident;

        cr_assert(fscanf(file, "%lu %lu", &size, &resident) == 2);
        (void)fclose(file);
        return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Idle connections: not one turn of the loop, and little memory. The bound is generous; without
 * care for libcurl's trust store it would be 900 kB each (see connect_options.c). */
Test(ws, idle_and_small) {
        struct client clients[101] = {};
        uint64_t before = 0;
        struct world w;

        world_init(&w, true);
        for (size_t i = 0; i < 101; i++) {
                open_path(&clients[i], &w, "/silent");
                if (i == 0)
                        before = resident_bytes();
        }
        run_for(100 * USEC_PER_MSEC);
        cr_assert(resident_bytes() - before < 100 * UINT64_C(100000), "%lu bytes each",
                  (resident_bytes() - before) / 100);
        for (uint64_t until = moment_now().usec + USEC_PER_SEC; moment_now().usec < until;)
                cr_assert(eq(int, sd_event_run(event, 1100 * USEC_PER_MSEC), 0), "woke up");
        for (size_t i = 0; i < 101; i++)
                client_deinit(&clients[i]);
        world_deinit(&w);
}
