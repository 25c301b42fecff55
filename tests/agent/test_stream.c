/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
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

static sd_event *event;
static struct connector *connector;

static void setup(void) {
        netns_enter();
        cr_assert(sd_event_new(&event) >= 0);
        cr_assert(eq(int, connector_new(event, &connector), 0));
}

static void teardown(void) {
        connector_free(connector);
        sd_event_unref(event);
}

TestSuite(stream, .init = setup, .fini = teardown, .timeout = 60);

struct client {
        struct stream *stream;
        unsigned n_connected;
        unsigned n_failed;
        unsigned n_ready;
        struct cause cause;
        const char *first; /* written when connected; "x" unless set */
        bool free_at_once; /* in whatever handler comes first */
        size_t n_received;
        ssize_t last; /* what the last stream_recv() said */
};

static bool freed(struct client *c) {
        if (!c->free_at_once)
                return false;
        stream_free(c->stream);
        c->stream = NULL;
        return true;
}

static void on_connected(void *userdata) {
        struct client *c = userdata;

        const char *first = c->first ? c->first : "x";
        ssize_t n;

        c->n_connected++;
        n = stream_send(c->stream, first, strlen(first));
        cr_assert(n == (ssize_t)strlen(first) || n == -ECONNRESET || n == -EPIPE);
        if (!freed(c))
                stream_set_wants(c->stream, true, false);
}

static void on_failed(const struct cause *cause, void *userdata) {
        struct client *c = userdata;

        c->n_failed++;
        c->cause = *cause;
        (void)freed(c);
}

/* Reads a little each time, so that what TLS holds back must be told again. */
static void on_ready(void *userdata) {
        struct client *c = userdata;
        char buffer[1000];

        c->n_ready++;
        c->last = stream_recv(c->stream, buffer, sizeof(buffer));
        if (c->last > 0)
                c->n_received += (size_t)c->last;
        else if (c->last != -EAGAIN)
                stream_set_wants(c->stream, false, false);
}

static const struct stream_handlers handlers = {on_connected, on_failed, on_ready};

/* A configuration with storage of its own. */
struct target {
        struct stream_config config;
        struct uri uri;
        struct uri proxy;
        struct address addresses[3];
};

static void target_init(struct target *t, const char *uri, const char *address) {
        char problem[128];

        *t = (struct target){.config = {
                                     .uri = &t->uri,
                                     .addresses = t->addresses,
                                     .n_addresses = 1,
                                     .connect_timeout_usec = 5 * USEC_PER_SEC,
                             }};
        cr_assert(eq(int, uri_parse(uri, &t->uri, problem, sizeof(problem)), 0));
        cr_assert(eq(int, address_parse(address, &t->addresses[0]), 0));
}

static void target_init_port(struct target *t, const char *scheme_and_host, uint16_t port) {
        char text[128];

        (void)snprintf(text, sizeof(text), "%s:%u", scheme_and_host, port);
        target_init(t, text, "127.0.0.1");
}

static void target_deinit(struct target *t) {
        uri_deinit(&t->uri);
        uri_deinit(&t->proxy);
}

static void start(struct client *c, const struct target *t) {
        cr_assert(eq(int, stream_new(connector, &t->config, &handlers, c, &c->stream), 0));
        cr_assert(eq(uint, c->n_connected + c->n_failed, 0), "told from inside the call");
}

/* Connects or fails. */
static void run(struct client *c) {
        while (c->n_connected + c->n_failed == 0)
                cr_assert(sd_event_run(event, UINT64_MAX) >= 0);
}

static struct cause outcome(const struct target *t) {
        struct client c = {};

        start(&c, t);
        run(&c);
        stream_free(c.stream);
        return c.cause;
}

static void serve_hang(int fd, void *userdata) {
        size_t n = 0;

        (void)peer_read_end(fd, &n);
}

static void serve_close(int fd, void *userdata) {
        size_t n = 0;

        (void)shutdown(fd, SHUT_WR);
        (void)peer_read_end(fd, &n);
}

static void serve_reset(int fd, void *userdata) {
        peer_reset(fd);
}

static void serve_garbage(int fd, void *userdata) {
        static const char garbage[] = "220 mail.example ESMTP ready\r\n220 and more of that\r\n";
        size_t n = 0;

        peer_write(fd, garbage, strlen(garbage));
        (void)peer_read_end(fd, &n);
}

static void serve_bytes(int fd, void *userdata) {
        char buffer[5000] = "";

        peer_write(fd, buffer, sizeof(buffer));
        serve_close(fd, userdata);
}

Test(stream, plain) {
        struct target t;
        struct client c = {};
        struct address source, peer;
        struct stream_steps steps;

        target_init_port(&t, "ws://good.test", peer_start(serve_bytes, NULL));
        start(&c, &t);
        cr_assert(eq(int, stream_endpoints(c.stream, &source, &peer), -ENOTCONN));
        run(&c);
        cr_assert(eq(uint, c.n_connected, 1), "%s", c.cause.text);
        cr_assert(eq(int, stream_endpoints(c.stream, &source, &peer), 0));
        cr_assert(address_equal(&peer, &t.addresses[0]));
        cr_assert(address_equal(&source, &t.addresses[0]));
        stream_get_steps(c.stream, &steps);
        cr_assert(steps.connected_usec > 0 && steps.secured_usec >= steps.connected_usec);
        while (c.n_received < 5000 || c.last != 0)
                cr_assert(sd_event_run(event, UINT64_MAX) >= 0);
        stream_free(c.stream);
        target_deinit(&t);
}

Test(stream, failures_of_the_network) {
        static const struct {
                const char *uri;
                const char *address;
                const char *interface;
                enum cause_kind kind;
        } rows[] = {
                {"ws://good.test:1", "127.0.0.1", NULL, CAUSE_REFUSED},
                {"wss://good.test:1", "127.0.0.1", NULL, CAUSE_REFUSED},
                {"ws://127.0.0.1:1", "127.0.0.1", NULL, CAUSE_REFUSED},
                {"ws://[::1]:1", "::1", NULL, CAUSE_REFUSED},
                {"ws://good.test:1", "127.0.0.1", "lo", CAUSE_REFUSED},
                {"ws://good.test:1", "198.51.100.1", NULL, CAUSE_NO_PATH},
                {"ws://good.test:1", "2001:db8::1", NULL, CAUSE_NO_PATH},
                {"ws://good.test:1", "127.0.0.1", "gone0", CAUSE_NO_PATH},
                {"ws://good.test:1", "192.0.2.1", NULL, CAUSE_TIMEOUT},
        };

        /* Packets to it come back in and are dropped: a black hole. */
        shell("ip route add 192.0.2.0/24 dev lo");
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct target t;
                struct cause cause;

                target_init(&t, rows[i].uri, rows[i].address);
                t.config.interface = rows[i].interface;
                t.config.connect_timeout_usec = 300 * USEC_PER_MSEC;
                cause = outcome(&t);
                cr_assert(eq(int, cause.kind, rows[i].kind), "row %zu: %s", i, cause.text);
                cr_assert(cause.text[0] != '\0');
                target_deinit(&t);
        }
}

/* What counts is the address that there is a way to. */
Test(stream, refused_beside_unreachable) {
        struct target t;
        struct cause cause;

        target_init(&t, "ws://good.test:1", "127.0.0.1");
        cr_assert(eq(int, address_parse("2001:db8::1", &t.addresses[1]), 0));
        t.config.n_addresses = 2;
        cause = outcome(&t);
        cr_assert(eq(int, cause.kind, CAUSE_REFUSED), "%s", cause.text);
        target_deinit(&t);
}

/* Also when the kernel finds out later that there is none to the other. */
Test(stream, refused_before_unreachable) {
        struct target t;
        struct cause cause;

        shell("ip link add silent0 type veth peer name silent1 && ip link set silent0 up && "
              "ip link set silent1 up && ip address add 192.0.2.2/24 dev silent0");
        netns_sysctl("ipv4/neigh/silent0/retrans_time_ms", "50");
        target_init(&t, "ws://good.test:1", "127.0.0.1");
        cr_assert(eq(int, address_parse("192.0.2.77", &t.addresses[1]), 0));
        t.config.n_addresses = 2;
        cause = outcome(&t);
        cr_assert(eq(int, cause.kind, CAUSE_REFUSED), "%s", cause.text);
        t.addresses[0] = t.addresses[1];
        t.config.n_addresses = 1;
        cause = outcome(&t);
        cr_assert(eq(int, cause.kind, CAUSE_NO_PATH), "%s", cause.text);
        target_deinit(&t);
}

Test(stream, bad_arguments) {
        struct client c = {};
        struct target t;

        target_init(&t, "ws://good.test:1", "127.0.0.1");
        t.config.interface = "a-name-longer-than-any";
        cr_assert(eq(int, stream_new(connector, &t.config, &handlers, &c, &c.stream), -EINVAL));
        t.config.interface = NULL;
        t.config.n_addresses = 0;
        cr_assert(eq(int, stream_new(connector, &t.config, &handlers, &c, &c.stream), -EINVAL));
        target_deinit(&t);
}

/* A dead IPv6 address in front of a live IPv4 one, and a dead one of the same family. */
Test(stream, next_address) {
        static const char *const dead[] = {"2001:db8::1", "192.0.2.1"};
        uint16_t port = peer_start(serve_hang, NULL);

        cr_assert(eq(int,
                     system("ip route add 192.0.2.0/24 dev lo && "
                            "ip -6 route add 2001:db8::/32 dev lo"),
                     0));
        for (size_t i = 0; i < 2; i++) {
                struct client c = {};
                struct target t;
                uint64_t before = moment_now().usec;

                target_init_port(&t, "ws://good.test", port);
                t.addresses[1] = t.addresses[0];
                cr_assert(eq(int, address_parse(dead[i], &t.addresses[0]), 0));
                t.config.n_addresses = 2;
                t.config.connect_timeout_usec = 2 * USEC_PER_SEC;
                start(&c, &t);
                run(&c);
                cr_assert(eq(uint, c.n_connected, 1), "%s", c.cause.text);
                cr_assert(moment_now().usec - before < 1500 * USEC_PER_MSEC);
                stream_free(c.stream);
                target_deinit(&t);
        }
}

/* The addresses of one connection are not those of the next, and nothing is kept of the names. */
Test(stream, addresses_do_not_leak) {
        struct target t;
        struct client c = {};
        struct cause cause;

        target_init_port(&t, "ws://good.test", peer_start(serve_hang, NULL));
        start(&c, &t);
        run(&c);
        cr_assert(eq(uint, c.n_connected, 1));
        cr_assert(eq(int, address_parse("127.0.0.2", &t.addresses[0]), 0));
        cause = outcome(&t);
        cr_assert(eq(int, cause.kind, CAUSE_REFUSED), "%s", cause.text);
        stream_free(c.stream);
        target_deinit(&t);
}

Test(stream, environment_is_ignored) {
        struct target t;
        struct cause cause;

        (void)setenv("http_proxy", "http://127.0.0.1:1", 1);
        (void)setenv("HTTPS_PROXY", "http://127.0.0.1:1", 1);
        (void)setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
        target_init_port(&t, "ws://good.test", peer_start(serve_hang, NULL));
        cause = outcome(&t);
        cr_assert(eq(int, cause.kind, CAUSE_NONE), "%s", cause.text);
        target_deinit(&t);
}

Test(stream, tls) {
        static const struct {
                const char *certificate;
                const char *host;
                bool own_ca;
                const char *pin; /* "good": the right one */
                bool tls13_only;
                bool server_tls12;
                enum cause_kind kind;
                const char *text;
        } rows[] = {
                {"good", "good.test", true, NULL, false, false, CAUSE_NONE, ""},
                {"good", "localhost", true, "good", true, false, CAUSE_NONE, ""},
                {"good", "127.0.0.1", true, NULL, false, true, CAUSE_NONE, ""},
                {"good", "wrong.test", true, NULL, false, false, CAUSE_CERTIFICATE, "wrong.test"},
                {"other", "good.test", true, NULL, false, false, CAUSE_CERTIFICATE, "good.test"},
                {"expired", "good.test", true, NULL, false, false, CAUSE_CERTIFICATE, "expired"},
                {"stranger", "good.test", true, NULL, false, false, CAUSE_CERTIFICATE, "issuer"},
                {"good", "good.test", false, NULL, false, false, CAUSE_CERTIFICATE, "issuer"},
                {"good", "good.test", true, "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                 false, false, CAUSE_CERTIFICATE, "public key"},
                {"good", "good.test", true, NULL, true, true, CAUSE_PROTOCOL, "TLS"},
        };
        struct certs certs;

        certs_make(&certs);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char path[128], host[64], pins[2 * CERTS_PIN_SIZE] = "";
                struct server server;
                struct target t;
                struct cause cause;

                certs_path(&certs, rows[i].certificate, path, sizeof(path));
                server_start(&server, "ws_server.py", "--tls", path,
                             rows[i].server_tls12 ? "--tls12" : NULL, NULL);
                (void)snprintf(host, sizeof(host), "wss://%s", rows[i].host);
                target_init_port(&t, host, server.port);
                if (rows[i].own_ca) {
                        t.config.tls_ca = certs.ca;
                        t.config.tls_ca_len = certs.ca_len;
                }
                if (rows[i].pin && strcmp(rows[i].pin, "good") == 0) {
                        /* One of two pins is enough. */
                        (void)memset(pins, 'A', CERTS_PIN_SIZE - 1);
                        (void)memcpy(pins, "sha256//", 8);
                        pins[CERTS_PIN_SIZE - 2] = '=';
                        (void)strcpy(pins + CERTS_PIN_SIZE, certs.pin);
                        t.config.tls_pins_len = sizeof(pins);
                } else if (rows[i].pin) {
                        (void)strcpy(pins, rows[i].pin);
                        t.config.tls_pins_len = strlen(pins) + 1;
                }
                t.config.tls_pins = pins;
                t.config.tls13_only = rows[i].tls13_only;
                cause = outcome(&t);
                cr_assert(eq(int, cause.kind, rows[i].kind), "row %zu: %s", i, cause.text);
                cr_assert(strstr(cause.text, rows[i].text) != NULL, "row %zu: %s", i, cause.text);
                target_deinit(&t);
                server_stop(&server);
        }
        certs_remove(&certs);
}

/* A server that was reached and is the wrong one: the next address is not tried. */
Test(stream, certificate_decides) {
        struct server server;
        struct certs certs;
        struct target t;
        struct cause cause;
        char path[128];

        certs_make(&certs);
        certs_path(&certs, "good", path, sizeof(path));
        server_start(&server, "ws_server.py", "--tls", path, NULL);
        target_init_port(&t, "wss://wrong.test", server.port);
        cr_assert(eq(int, address_parse("127.0.0.2", &t.addresses[1]), 0));
        t.config.n_addresses = 2;
        cause = outcome(&t);
        cr_assert(eq(int, cause.kind, CAUSE_CERTIFICATE), "%s", cause.text);
        target_deinit(&t);
        server_stop(&server);
        certs_remove(&certs);
}

/* The system's store is trusted unless there is an authority of the connection's own; then not even
 * the directory beside the bundle is. */
Test(stream, system_store) {
        static const enum cause_kind kinds[] = {CAUSE_NONE, CAUSE_CERTIFICATE};
        struct server server;
        struct certs certs;
        char path[128];

        certs_make(&certs);
        certs_path(&certs, "good", path, sizeof(path));
        server_start(&server, "ws_server.py", "--tls", path, NULL);
        shell("mount -t tmpfs tmpfs /etc/ssl/certs && cp %s/ca.pem "
              "/etc/ssl/certs/ca-certificates.crt",
              certs.directory);
        certs_make_directory(&certs, "/etc/ssl/certs");
        for (int own = 0; own < 2; own++) {
                static char stranger[8192];
                struct target t;
                struct cause cause;
                FILE *file;

                target_init_port(&t, "wss://good.test", server.port);
                if (own) {
                        certs_path(&certs, "stranger", path, sizeof(path));
                        file = fopen(path, "re");
                        t.config.tls_ca_len = fread(stranger, 1, sizeof(stranger), file);
                        t.config.tls_ca = stranger;
                        (void)fclose(file);
                }
                cause = outcome(&t);
                cr_assert(eq(int, cause.kind, kinds[own]), "own %d: %s", own, cause.text);
                target_deinit(&t);
        }
        server_stop(&server);
        certs_remove(&certs);
}

Test(stream, no_tls_there) {
        static const struct {
                peer_serve serve;
                enum cause_kind kind;
        } rows[] = {
                {serve_garbage, CAUSE_PROTOCOL},
                {serve_close, CAUSE_PROTOCOL},
                {serve_reset, CAUSE_LOST},
                {serve_hang, CAUSE_TIMEOUT},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct target t;
                struct cause cause;

                target_init_port(&t, "wss://good.test", peer_start(rows[i].serve, NULL));
                t.config.connect_timeout_usec = 300 * USEC_PER_MSEC;
                cause = outcome(&t);
                cr_assert(eq(int, cause.kind, rows[i].kind), "row %zu: %s", i, cause.text);
                target_deinit(&t);
        }
}

static void use_proxy(struct target *t, uint16_t port) {
        char text[64], problem[128];

        (void)snprintf(text, sizeof(text), "http://proxy.test:%u", port);
        cr_assert(eq(int, uri_parse_proxy(text, &t->proxy, problem, sizeof(problem)), 0));
        t->config.proxy = &t->proxy;
}

Test(stream, proxy) {
        struct server proxy, server;
        struct certs certs;
        char path[128], line[128], expected[128];

        (void)setenv("no_proxy", "*", 1);
        certs_make(&certs);
        certs_path(&certs, "good", path, sizeof(path));
        server_start(&server, "ws_server.py", "--tls", path, NULL);
        server_start(&proxy, "proxy.py", NULL);
        for (int tls = 0; tls < 2; tls++) {
                uint16_t port = tls ? server.port : peer_start(serve_bytes, NULL);
                struct client c = {};
                struct target t;

                target_init_port(&t, tls ? "wss://good.test" : "ws://good.test", port);
                use_proxy(&t, proxy.port);
                t.config.tls_ca = certs.ca;
                t.config.tls_ca_len = certs.ca_len;
                start(&c, &t);
                run(&c);
                cr_assert(eq(uint, c.n_connected, 1), "%s", c.cause.text);
                server_read_line(&proxy, line, sizeof(line));
                (void)snprintf(expected, sizeof(expected), "connect good.test:%u", port);
                cr_assert(eq(str, line, expected));
                while (!tls && (c.n_received < 5000 || c.last != 0))
                        cr_assert(sd_event_run(event, UINT64_MAX) >= 0);
                stream_free(c.stream);
                target_deinit(&t);
        }
        server_stop(&proxy);
        server_stop(&server);
        certs_remove(&certs);
}

Test(stream, failures_of_the_proxy) {
        static const struct {
                const char *status; /* NULL: the peer */
                peer_serve serve;
                enum cause_kind kind;
        } rows[] = {
                {"403", NULL, CAUSE_REFUSED},      {"407", NULL, CAUSE_REFUSED},
                {"502", NULL, CAUSE_UNAVAILABLE},  {NULL, serve_close, CAUSE_LOST},
                {NULL, serve_hang, CAUSE_TIMEOUT},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct server proxy;
                struct target t;
                struct cause cause;

                target_init(&t, "wss://good.test:1", "127.0.0.1");
                t.config.connect_timeout_usec = USEC_PER_SEC;
                if (rows[i].status) {
                        server_start(&proxy, "proxy.py", "--status", rows[i].status, NULL);
                        use_proxy(&t, proxy.port);
                } else {
                        use_proxy(&t, peer_start(rows[i].serve, NULL));
                }
                cause = outcome(&t);
                cr_assert(eq(int, cause.kind, rows[i].kind), "row %zu: %s", i, cause.text);
                cr_assert(strstr(cause.text, "proxy.test") != NULL, "row %zu: %s", i, cause.text);
                target_deinit(&t);
                if (rows[i].status)
                        server_stop(&proxy);
        }
}

Test(stream, freed_in_its_handlers) {
        for (int i = 0; i < 3; i++) {
                struct client c = {.free_at_once = true};
                struct target t;

                target_init_port(&t, "ws://good.test", i > 0 ? 1 : peer_start(serve_hang, NULL));
                if (i == 2) /* fails before anything is tried */
                        cr_assert(eq(int, address_parse("198.51.100.1", &t.addresses[0]), 0));
                start(&c, &t);
                run(&c);
                cr_assert(c.stream == NULL);
                target_deinit(&t);
        }
}

struct end {
        volatile int end;
        size_t n;
        bool close_first;
};

static void serve_end(int fd, void *userdata) {
        struct end *end = userdata;

        if (end->close_first) {
                peer_write(fd, "rest", 4);
                (void)shutdown(fd, SHUT_WR);
        }
        end->end = peer_read_end(fd, &end->n);
}

/* Dropped in the middle of TLS, it is a reset as well. */
Test(stream, freed_in_the_tls_handshake) {
        static struct end end = {.end = -1};
        struct client c = {};
        struct target t;

        target_init_port(&t, "wss://good.test", peer_start(serve_end, &end));
        start(&c, &t);
        while (end.n == 0)
                cr_assert(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);
        stream_free(c.stream);
        while (end.end < 0)
                peer_wait();
        cr_assert(eq(int, end.end, ECONNRESET));
        target_deinit(&t);
}

/* Dropped while it connects: at once, and nothing is told. */
Test(stream, freed_while_connecting) {
        struct server server;
        struct certs certs;
        char path[128];

        shell("ip route add 192.0.2.0/24 dev lo");
        certs_make(&certs);
        certs_path(&certs, "good", path, sizeof(path));
        server_start(&server, "ws_server.py", "--tls", path, NULL);
        for (int turns = 0; turns < 12; turns++) {
                struct client c = {};
                struct target t;
                uint64_t before;

                target_init_port(&t, "wss://good.test", server.port);
                if (turns % 2)
                        cr_assert(eq(int, address_parse("192.0.2.1", &t.addresses[0]), 0));
                start(&c, &t);
                for (int i = 0; i < turns && c.n_connected + c.n_failed == 0; i++)
                        cr_assert(sd_event_run(event, 20 * USEC_PER_MSEC) >= 0);
                before = moment_now().usec;
                stream_free(c.stream);
                cr_assert(moment_now().usec - before < 100 * USEC_PER_MSEC);
                target_deinit(&t);
        }
        cr_assert(sd_event_run(event, 20 * USEC_PER_MSEC) >= 0);
        server_stop(&server);
        certs_remove(&certs);
}

/* Each way to end an established stream, as the server sees it. The relay in between shows that
 * after stream_free() not one more byte comes, of TLS neither. */
Test(stream, abandoned_and_finished) {
        struct server server;
        struct certs certs;
        char path[128];

        certs_make(&certs);
        certs_path(&certs, "good", path, sizeof(path));
        server_start(&server, "ws_server.py", "--tls", path, NULL);
        for (int tls = 0; tls < 2; tls++) {
                volatile struct peer_relay relay = {.client_end = -1};
                struct client c = {};
                struct target t;
                size_t n;

                relay.port = tls ? server.port : peer_start(serve_hang, NULL);
                target_init_port(&t, tls ? "wss://good.test" : "ws://good.test",
                                 peer_start(peer_relay, (void *)&relay));
                t.config.tls_ca = certs.ca;
                t.config.tls_ca_len = certs.ca_len;
                start(&c, &t);
                run(&c);
                cr_assert(eq(uint, c.n_connected, 1), "%s", c.cause.text);
                for (n = 0; n != relay.n_from_client || n == 0;) { /* all has arrived */
                        n = relay.n_from_client;
                        cr_assert(sd_event_run(event, 20 * USEC_PER_MSEC) >= 0);
                }
                stream_free(c.stream);
                while (relay.client_end < 0)
                        peer_wait();
                cr_assert(eq(int, relay.client_end, ECONNRESET));
                cr_assert(eq(sz, relay.n_from_client, n), "wrote something at its end");
                target_deinit(&t);
        }
        server_stop(&server);
        certs_remove(&certs);
}

/* stream_finish(): what was written arrives; then closed in order when the server closes, by reset
 * after a second when it does not, or when the connector goes. */
Test(stream, finished) {
        for (int i = 0; i < 3; i++) {
                struct end end = {.end = -1, .close_first = i == 0};
                struct client c = {};
                struct target t;
                uint64_t before;

                target_init_port(&t, "ws://good.test", peer_start(serve_end, &end));
                start(&c, &t);
                run(&c);
                cr_assert(stream_send(c.stream, "goodbye", 7) == 7);
                before = moment_now().usec;
                stream_finish(c.stream);
                if (i == 2) {
                        connector_free(connector);
                        connector = NULL;
                }
                while (end.end < 0 && i < 2)
                        cr_assert(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);
                while (end.end < 0)
                        peer_wait();
                cr_assert(eq(int, end.end, i == 0 ? 0 : ECONNRESET), "case %d", i);
                if (i == 1)
                        cr_assert(moment_now().usec - before >= 900 * USEC_PER_MSEC &&
                                  moment_now().usec - before < 3 * USEC_PER_SEC);
                else
                        cr_assert(moment_now().usec - before < 900 * USEC_PER_MSEC);
                if (i == 0)
                        cr_assert(eq(sz, end.n, strlen("xgoodbye")));
                target_deinit(&t);
        }
}

/* TLS reads a whole record, of which the caller takes a part: the rest must be told without epoll.
 */
Test(stream, tls_holds_data_back) {
        struct client c = {
                .first = "GET /send/60000/1 HTTP/1.1\r\nHost: good.test\r\nUpgrade: websocket\r\n"
                         "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                         "Sec-WebSocket-Version: 13\r\n\r\n",
        };
        struct server server;
        struct certs certs;
        struct target t;
        char path[128];

        certs_make(&certs);
        certs_path(&certs, "good", path, sizeof(path));
        server_start(&server, "ws_server.py", "--tls", path, NULL);
        target_init_port(&t, "wss://good.test", server.port);
        t.config.tls_ca = certs.ca;
        t.config.tls_ca_len = certs.ca_len;
        start(&c, &t);
        run(&c);
        while (c.n_received < 60000)
                cr_assert(sd_event_run(event, 5 * USEC_PER_SEC) > 0, "stands still after %zu",
                          c.n_received);
        stream_free(c.stream);
        target_deinit(&t);
        server_stop(&server);
        certs_remove(&certs);
}

/* With nothing wanted, a dead connection costs nothing; with nothing happening, a live one too. */
Test(stream, idle_is_idle) {
        struct client c = {}, dead = {};
        struct target t;
        uint64_t iteration, until;

        target_init_port(&t, "ws://good.test", peer_start(serve_hang, NULL));
        start(&c, &t);
        run(&c);
        target_deinit(&t);
        target_init_port(&t, "ws://good.test", peer_start(serve_reset, NULL));
        start(&dead, &t);
        run(&dead);
        if (dead.stream && dead.n_connected > 0)
                stream_set_wants(dead.stream, false, false);
        for (int i = 0; i < 20; i++)
                cr_assert(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);
        cr_assert(sd_event_get_iteration(event, &iteration) >= 0);
        until = moment_now().usec + 500 * USEC_PER_MSEC;
        while (moment_now().usec < until)
                cr_assert(eq(int, sd_event_run(event, 600 * USEC_PER_MSEC), 0), "woke up");
        stream_free(c.stream);
        stream_free(dead.stream);
        target_deinit(&t);
}

/* libcurl tidies its list of connections when another is made, at most once a second. It must not
 * find ours there: not the one whose server has closed unnoticed, not an idle one. */
Test(stream, others_do_not_disturb) {
        uint16_t closing = peer_start(serve_close, NULL), hanging = peer_start(serve_hang, NULL);
        struct client first = {}, second = {};
        struct target t;

        target_init_port(&t, "ws://good.test", closing);
        start(&first, &t);
        run(&first);
        stream_set_wants(first.stream, false, false);
        for (uint64_t until = moment_now().usec + 1100 * USEC_PER_MSEC; moment_now().usec < until;)
                cr_assert(sd_event_run(event, 100 * USEC_PER_MSEC) >= 0);
        target_deinit(&t);

        target_init_port(&t, "ws://good.test", hanging);
        start(&second, &t);
        run(&second);
        cr_assert(eq(uint, second.n_connected, 1));
        stream_set_wants(first.stream, true, false);
        while (first.n_ready == 0)
                cr_assert(sd_event_run(event, UINT64_MAX) >= 0);
        cr_assert(eq(int, (int)first.last, 0), "not the end of the stream but %zd", first.last);
        stream_free(first.stream);
        stream_free(second.stream);
        target_deinit(&t);
}
