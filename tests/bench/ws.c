/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a WebSocket connection of the agent costs, by hand: echoes a second beside a floor (blocking
 * calls and prepared frames, same server), how long the loop stands still, memory. Needs root. */

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include "certs.h"
#include "child.h"
#include "connector.h"
#include "die.h"
#include "echo_server.h"
#include "moment.h"
#include "netns.h"
#include "peer.h"
#include "server.h"
#include "ws.h"

#define PAYLOAD_BYTES 256
#define FRAME_BYTES (4 + 4 + PAYLOAD_BYTES) /* header, mask, payload */
#define ECHO_BYTES (4 + PAYLOAD_BYTES)
#define N_ECHOES 20000
#define N_RUNS 5
#define BIG_BYTES ((size_t)1024 * 1024)
#define N_BIG 300

static struct certs certs;

/* A blocking socket with or without TLS. */
struct line {
        int fd;
        SSL *ssl;
};

static size_t line_read(struct line *l, void *buffer, size_t size) {
        ssize_t n = l->ssl ? SSL_read(l->ssl, buffer, (int)size) : read(l->fd, buffer, size);

        return n > 0 ? (size_t)n : 0;
}

static void line_write(struct line *l, const void *data, size_t len) {
        if (!l->ssl)
                peer_write(l->fd, data, len);
        else if (len > 0)
                (void)SSL_write(l->ssl, data, (int)len);
}

/* Frames may stand behind it: byte by byte. */
static void line_read_response(struct line *l, char *text, size_t size) {
        size_t len = 0;

        text[0] = '\0';
        while (!strstr(text, "\r\n\r\n") && len + 1 < size && line_read(l, text + len, 1) == 1)
                text[++len] = '\0';
}

/* The floor: prepared frames, blocking calls. */
static double floor_rate(uint16_t port, bool tls, unsigned window) {
        static const char request[] = "GET / HTTP/1.1\r\n"
                                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        static uint8_t frames[64 * FRAME_BYTES], answer[64 * ECHO_BYTES];
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons(port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct line l = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        SSL_CTX *context = tls ? SSL_CTX_new(TLS_client_method()) : NULL;
        size_t sent = window, bytes = 0;
        uint64_t before;
        char response[512];

        if (connect(l.fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                die("no server at port %u", port);
        if (tls) {
                l.ssl = SSL_new(context);
                (void)SSL_set_fd(l.ssl, l.fd);
                if (SSL_connect(l.ssl) != 1)
                        die("TLS of the floor");
        }
        for (unsigned i = 0; i < 64; i++)
                (void)memcpy(frames + (size_t)i * FRAME_BYTES, "\x82\xfe\x01\x00mask", 8);
        line_write(&l, request, strlen(request));
        line_read_response(&l, response, sizeof(response));
        before = moment_now().usec;
        line_write(&l, frames, (size_t)window * FRAME_BYTES);
        while (bytes < (size_t)N_ECHOES * ECHO_BYTES) {
                size_t n = line_read(&l, answer, sizeof(answer)), more;

                bytes += n;
                more = bytes / ECHO_BYTES + window - sent;
                if (n == 0)
                        die("the server is gone");
                if (sent + more > N_ECHOES)
                        more = N_ECHOES - sent;
                line_write(&l, frames, more * FRAME_BYTES);
                sent += more;
        }
        before = moment_now().usec - before;
        SSL_free(l.ssl);
        SSL_CTX_free(context);
        (void)close(l.fd);
        return (double)N_ECHOES * 1e6 / (double)before;
}

struct client {
        struct ws *ws;
        unsigned window;
        unsigned n_messages;
        unsigned n_sent;
        unsigned n_wanted;
        size_t len;
        bool open;
};

static uint8_t payload[BIG_BYTES];

static void send_more(struct client *c) {
        for (; c->n_sent < c->n_wanted && c->n_sent < c->n_messages + c->window; c->n_sent++)
                (void)ws_send(c->ws, payload, c->len, false);
}

static void on_opened(void *userdata) {
        struct client *c = userdata;

        c->open = true;
        send_more(c);
}

static void on_message(const void *data, size_t len, bool text, void *userdata) {
        struct client *c = userdata;

        c->n_messages++;
        send_more(c);
}

static void on_pong(const void *data, size_t len, void *userdata) {
}

static void on_nothing(void *userdata) {
}

static void on_closed(const struct cause *cause, unsigned close_code, void *userdata) {
        die("closed: %s", cause->text);
}

static void open_client(struct client *c, struct connector *connector, uint16_t port, bool tls,
                        bool own_ca) {
        static const struct ws_handlers handlers = {on_opened,  on_message, on_pong,
                                                    on_nothing, on_nothing, on_closed};
        struct address address;
        char text[64], problem[128];
        struct uri uri;
        struct ws_config config = {
                .stream = {.uri = &uri,
                           .addresses = &address,
                           .n_addresses = 1,
                           .tls_ca = certs.ca,
                           .tls_ca_len = own_ca ? certs.ca_len : 0,
                           .connect_timeout_usec = 5 * USEC_PER_SEC},
                .open_timeout_usec = 5 * USEC_PER_SEC,
                .max_message_bytes = BIG_BYTES,
        };

        (void)snprintf(text, sizeof(text), "%s://good.test:%u/silent", tls ? "wss" : "ws", port);
        if (uri_parse(text, &uri, problem, sizeof(problem)) < 0 ||
            address_parse("127.0.0.1", &address) < 0 ||
            ws_new(connector, &config, &handlers, c, &c->ws) < 0)
                die("no connection to %s", text);
        uri_deinit(&uri);
}

static uint64_t cpu_usec(void) {
        struct timespec now;

        (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

/* One turn of the loop; returns how long it worked. Not by the wall clock: on a busy machine that
 * shows how long others did. */
static uint64_t turn(sd_event *event) {
        uint64_t before;

        if (sd_event_prepare(event) == 0 && sd_event_wait(event, UINT64_MAX) <= 0)
                die("the loop");
        before = cpu_usec();
        (void)sd_event_dispatch(event);
        return cpu_usec() - before;
}

static double our_rate(sd_event *event, struct connector *connector, uint16_t port, bool tls,
                       unsigned window) {
        struct client c = {.window = window, .len = PAYLOAD_BYTES};
        uint64_t before;

        open_client(&c, connector, port, tls, true);
        while (!c.open)
                (void)turn(event);
        before = moment_now().usec;
        c.n_wanted = N_ECHOES;
        send_more(&c);
        while (c.n_messages < N_ECHOES)
                (void)turn(event);
        before = moment_now().usec - before;
        ws_free(c.ws);
        return (double)N_ECHOES * 1e6 / (double)before;
}

static int compare_double(const void *a, const void *b) {
        return (*(const double *)a > *(const double *)b) -
               (*(const double *)a < *(const double *)b);
}

static int compare_usec(const void *a, const void *b) {
        return (*(const uint64_t *)a > *(const uint64_t *)b) -
               (*(const uint64_t *)a < *(const uint64_t *)b);
}

static void bench_rates(sd_event *event, struct connector *connector, uint16_t port, bool tls) {
        static const unsigned windows[] = {1, 64};

        for (size_t w = 0; w < 2; w++) {
                double floors[N_RUNS], ours[N_RUNS];

                for (size_t i = 0; i < N_RUNS; i++) {
                        floors[i] = floor_rate(port, tls, windows[w]);
                        ours[i] = our_rate(event, connector, port, tls, windows[w]);
                }
                qsort(floors, N_RUNS, sizeof(double), compare_double);
                qsort(ours, N_RUNS, sizeof(double), compare_double);
                printf("%-3s %u bytes, window %2u: %8.0f echoes/s, floor %8.0f (%.2f)\n",
                       tls ? "wss" : "ws", PAYLOAD_BYTES, windows[w], ours[N_RUNS / 2],
                       floors[N_RUNS / 2], ours[N_RUNS / 2] / floors[N_RUNS / 2]);
        }
}

static void bench_stall(sd_event *event, struct connector *connector, uint16_t port, bool tls) {
        static uint64_t usec[4000000];
        struct client c = {.window = 2, .len = BIG_BYTES};
        size_t n = 0;
        uint64_t before;

        open_client(&c, connector, port, tls, true);
        while (!c.open)
                (void)turn(event);
        before = moment_now().usec;
        c.n_wanted = N_BIG;
        send_more(&c);
        while (c.n_messages < N_BIG)
                usec[n++ % 4000000] = turn(event);
        before = moment_now().usec - before;
        qsort(usec, n, sizeof(uint64_t), compare_usec);
        printf("%-3s 1 MiB messages: turn of the loop p99 %.2f ms, longest %.2f ms (target 10), "
               "%.0f MB/s each way\n",
               tls ? "wss" : "ws", (double)usec[n * 99 / 100] / 1000, (double)usec[n - 1] / 1000,
               (double)(N_BIG * BIG_BYTES) / (double)before);
        ws_free(c.ws);
}

static double resident_kb(void) {
        FILE *file = fopen("/proc/self/statm", "re");
        unsigned long size, resident;

        if (!file || fscanf(file, "%lu %lu", &size, &resident) != 2)
                die("/proc/self/statm");
        (void)fclose(file);
        return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1000;
}

/* In a process of its own, whose heap has no holes yet. */
static void bench_memory(const char *what, uint16_t port, bool tls, bool own_ca) {
        pid_t pid = fork();

        if (pid == 0) {
                struct client clients[101] = {};
                struct connector *connector;
                uint64_t longest = 0;
                double before = 0;
                sd_event *event;

                if (sd_event_new(&event) < 0 || connector_new(event, &connector) < 0)
                        die("no loop");
                for (size_t i = 0; i < 101; i++) {
                        open_client(&clients[i], connector, port, tls, own_ca);
                        while (!clients[i].open) {
                                uint64_t usec = turn(event);

                                if (i == 0 && usec > longest)
                                        longest = usec;
                        }
                        if (i == 0)
                                before = resident_kb();
                }
                printf("%s: %.1f kB a connection; longest turn of the first %.1f ms\n", what,
                       (resident_kb() - before) / 100, (double)longest / 1000);
                _exit(EXIT_SUCCESS);
        }
        (void)child_wait(pid, 60 * USEC_PER_SEC);
}

static void bench_all_memory(void) {
        struct server plain, secure;
        char path[128];

        certs_path(&certs, "good", path, sizeof(path));
        server_start(&plain, "ws_server.py", NULL);
        server_start(&secure, "ws_server.py", "--tls", path, NULL);
        bench_memory("ws, 100 idle", plain.port, false, false);
        bench_memory("wss with an authority of its own, 100 idle (target 70)", secure.port, true,
                     true);
        bench_memory("wss with the system's store, 100 idle (target 70)", secure.port, true, false);
        server_stop(&plain);
        server_stop(&secure);
}

int main(void) {
        struct connector *connector;
        sd_event *event;

        setlinebuf(stdout);
        netns_enter();
        certs_make(&certs);
        shell("cat /etc/ssl/certs/ca-certificates.crt %s/ca.pem > %s/bundle && "
              "mount --bind %s/bundle /etc/ssl/certs/ca-certificates.crt",
              certs.directory, certs.directory, certs.directory);
        bench_all_memory();
        if (sd_event_new(&event) < 0 || connector_new(event, &connector) < 0)
                die("no loop");
        for (int tls = 0; tls < 2; tls++) {
                struct echo_server server;
                char path[128];

                certs_path(&certs, "good", path, sizeof(path));
                echo_server_start(&server, tls ? path : NULL);
                bench_rates(event, connector, server.port, tls);
                bench_stall(event, connector, server.port, tls);
                echo_server_stop(&server);
        }
        connector_free(connector);
        sd_event_unref(event);
        shell("umount /etc/ssl/certs/ca-certificates.crt && rm %s/bundle", certs.directory);
        certs_remove(&certs);
        return EXIT_SUCCESS;
}
