/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long the agent's loop stands still, as the bus sees it: Peer.Ping every millisecond, to the
 * agent and to a bare service. While nothing happens, while names do not resolve, and while
 * messages of 1 MiB go to the server and come back; the same calls go to the bare service too,
 * because a ping waits behind them on the bus. All in turns. Needs root. bench_agent_loop [ROUNDS]
 */

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent_place.h"
#include "agent_world.h"
#include "child.h"
#include "cleanup.h"
#include "die.h"
#include "echo_server.h"
#include "figures.h"
#include "moment.h"
#include "names.h"
#include "netns.h"

#define BARE_NAME "org.wherry.Bare"
#define BARE_PATH "/org/wherry/Bare"
#define PHASE_USEC (3 * USEC_PER_SEC)
#define PING_USEC USEC_PER_MSEC
#define PINGS_MAX 50 /* on their way; the bus allows so many calls at once */
#define BIG_BYTES ((size_t)1 << 20)
#define BIG_USEC (50 * USEC_PER_MSEC)
#define NAMES 10

enum phase {
        PHASE_IDLE,
        PHASE_NO_NAME,
        PHASE_BIG_BARE,
        PHASE_BIG_AGENT,
        PHASE_COUNT,
};

enum target {
        TARGET_BARE,
        TARGET_AGENT,
        TARGET_COUNT,
};

static const struct {
        const char *bus_name;
        const char *path;
} targets[] = {
        [TARGET_BARE] = {BARE_NAME, BARE_PATH},
        [TARGET_AGENT] = {AGENT_BUS_NAME, AGENT_PATH},
};

/* Of one phase, in milliseconds. */
struct stalls {
        struct figures all[TARGET_COUNT];
        struct figures longest[TARGET_COUNT]; /* of each round */
};

struct prober {
        sd_bus *bus;
        unsigned n_outstanding;
        struct figures *figures; /* one for each target */
};

struct ping {
        struct prober *prober;
        enum target target;
        uint64_t sent_usec;
};

static int on_pong(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        CLEANUP(freep) struct ping *ping = userdata;
        struct prober *p = ping->prober;

        if (sd_bus_message_is_method_error(m, NULL))
                die("Ping: %s", sd_bus_message_get_error(m)->message);
        p->n_outstanding--;
        figures_add(&p->figures[ping->target],
                    (double)(moment_boottime_usec() - ping->sent_usec) / 1000);
        return 1;
}

static void send_ping(struct prober *p, enum target target) {
        struct ping *ping = malloc(sizeof(*ping));

        if (!ping)
                die("out of memory");
        *ping = (struct ping){p, target, moment_boottime_usec()};
        if (sd_bus_call_method_async(p->bus, NULL, targets[target].bus_name, targets[target].path,
                                     "org.freedesktop.DBus.Peer", "Ping", on_pong, ping, "") < 0)
                die("Ping cannot be called");
        p->n_outstanding++;
}

static void probe(struct prober *p, struct stalls *stalls) {
        uint64_t due_usec = moment_boottime_usec(), end_usec = due_usec + PHASE_USEC, now_usec;
        struct figures figures[TARGET_COUNT] = {{0}};

        p->figures = figures;
        while ((now_usec = moment_boottime_usec()) < end_usec || p->n_outstanding > 0) {
                if (now_usec >= due_usec && now_usec < end_usec) {
                        for (enum target t = 0; t < TARGET_COUNT && p->n_outstanding < PINGS_MAX;
                             t++)
                                send_ping(p, t);
                        due_usec = now_usec + PING_USEC;
                }
                if (sd_bus_process(p->bus, NULL) == 0 &&
                    sd_bus_wait(p->bus, due_usec > now_usec ? due_usec - now_usec : PING_USEC) < 0)
                        die("the bus is gone");
        }
        for (enum target t = 0; t < TARGET_COUNT; t++) {
                figures_add(&stalls->longest[t], figures_max(&figures[t]));
                for (size_t i = 0; i < figures[t].n; i++)
                        figures_add(&stalls->all[t], figures[t].values[i]);
                figures_clear(&figures[t]);
        }
}

static int method_send(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_reply_method_return(m, "t", UINT64_C(1));
}

/* A service that does nothing but answer. */
static pid_t start_bare(const struct bus_daemon *daemon) {
        static const sd_bus_vtable vtable[] = {
                SD_BUS_VTABLE_START(0),
                SD_BUS_METHOD("Send", "aya{sv}", "t", method_send, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_VTABLE_END,
        };
        pid_t pid = fork();
        sd_bus *bus;

        if (pid != 0)
                return pid;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        bus = bus_daemon_connect(daemon);
        if (sd_bus_add_object_vtable(bus, NULL, BARE_PATH, AGENT_CHANNEL_INTERFACE, vtable, NULL) <
                    0 ||
            sd_bus_request_name(bus, BARE_NAME, 0) < 0)
                die("the bare service cannot start");
        for (;;)
                if (sd_bus_process(bus, NULL) == 0 && sd_bus_wait(bus, UINT64_MAX) < 0)
                        die("the bus is gone");
}

struct flow {
        sd_bus *bus;
        const char *bus_name;
        const char *path;
        bool sending;
};

static int on_sent(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct flow *flow = userdata;

        if (sd_bus_message_is_method_error(m, NULL))
                die("Send: %s", sd_bus_message_get_error(m)->message);
        flow->sending = false;
        return 1;
}

static int on_acknowledged(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        return 1;
}

static int on_received(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct flow *flow = userdata;
        uint64_t id;

        if (sd_bus_message_read(m, "t", &id) < 0 ||
            sd_bus_call_method_async(flow->bus, NULL, flow->bus_name, flow->path,
                                     AGENT_CHANNEL_INTERFACE, "Acknowledge", on_acknowledged, NULL,
                                     "at", 1, id) < 0)
                die("Received is wrong");
        return 1;
}

static void send_big(struct flow *flow) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        void *payload;

        if (sd_bus_message_new_method_call(flow->bus, &m, flow->bus_name, flow->path,
                                           AGENT_CHANNEL_INTERFACE, "Send") < 0 ||
            sd_bus_message_append_array_space(m, 'y', BIG_BYTES, &payload) < 0)
                die("out of memory");
        memset(payload, 'x', BIG_BYTES);
        if (sd_bus_message_append(m, "a{sv}", 0) < 0 ||
            sd_bus_call_async(flow->bus, NULL, m, on_sent, flow, 0) < 0)
                die("Send cannot be called");
        flow->sending = true;
}

/* An app in a process of its own that sends large messages, and takes them if they come back. */
static pid_t start_flow(const struct bus_daemon *daemon, enum target target, const char *channel) {
        struct flow flow = {.bus_name = targets[target].bus_name,
                            .path = target == TARGET_AGENT ? channel : BARE_PATH};
        uint64_t due_usec = moment_boottime_usec(), now_usec;
        pid_t pid = fork();

        if (pid != 0)
                return pid;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        flow.bus = bus_daemon_connect(daemon);
        if (target == TARGET_AGENT &&
            (sd_bus_match_signal(flow.bus, NULL, NULL, channel, AGENT_CHANNEL_INTERFACE, "Received",
                                 on_received, &flow) < 0 ||
             sd_bus_call_method(flow.bus, flow.bus_name, channel, AGENT_CHANNEL_INTERFACE,
                                "Subscribe", NULL, NULL, "ua{sv}", 8, 0) < 0))
                die("the app cannot subscribe");
        for (;;) {
                now_usec = moment_boottime_usec();
                if (!flow.sending && now_usec >= due_usec) {
                        send_big(&flow);
                        due_usec = now_usec + BIG_USEC;
                }
                if (sd_bus_process(flow.bus, NULL) == 0 &&
                    sd_bus_wait(flow.bus, due_usec > now_usec ? due_usec - now_usec : BIG_USEC) < 0)
                        die("the bus is gone");
        }
}

struct world {
        struct agent_place place;
        struct echo_server server;
        pid_t bare;
        struct prober prober;
        struct stalls stalls[PHASE_COUNT];
};

static void probe_flow(struct world *w, enum phase phase, enum target target) {
        CLEANUP(freep) char *channel = NULL;
        char uri[64];
        pid_t flow;

        (void)snprintf(uri, sizeof(uri), "ws://127.0.0.1:%u/", w->server.port);
        channel = client_open(&w->place.app, "big", uri, 0);
        client_wait(&w->place.app, channel, "State", "connected");
        flow = start_flow(&w->place.daemon, target, channel);
        probe(&w->prober, &w->stalls[phase]);
        (void)child_stop(flow, SIGKILL);
        client_do(&w->place.app, channel, "Close", "a{sv}", 1, "discard", "b", true);
}

/* Attempts that fail over and over, each cancelled after a while. */
static void probe_names(struct world *w) {
        char *channels[NAMES], uri[64];

        for (unsigned i = 0; i < NAMES; i++) {
                (void)snprintf(uri, sizeof(uri), "ws://nowhere%u.test/", i);
                channels[i] =
                        client_open(&w->place.app, uri + 5, uri, 4, "connect-timeout", "t",
                                    UINT64_C(300000), "backoff-first", "t", UINT64_C(50000),
                                    "backoff-cap", "t", UINT64_C(100000), "max-attempts", "u", 0);
        }
        probe(&w->prober, &w->stalls[PHASE_NO_NAME]);
        for (unsigned i = 0; i < NAMES; i++) {
                client_do(&w->place.app, channels[i], "Close", "a{sv}", 1, "discard", "b", true);
                free(channels[i]);
        }
}

/* A name server that takes every question and answers none. */
static void start_silent_dns(const char *directory) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons(53),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                die("no name server: %s", strerror(errno));
        shell("echo nameserver 127.0.0.1 > %s/resolv.conf && "
              "mount --bind %s/resolv.conf /etc/resolv.conf && rm %s/resolv.conf",
              directory, directory, directory);
}

static void print(struct stalls *stalls) {
        double longest[PHASE_COUNT][TARGET_COUNT];

        for (enum phase p = 0; p < PHASE_COUNT; p++)
                for (enum target t = 0; t < TARGET_COUNT; t++)
                        longest[p][t] = figures_median(&stalls[p].longest[t]);
        figures_print("loop, nothing happens", true, "longest %6.2f ms  bare service %6.2f",
                      longest[PHASE_IDLE][TARGET_AGENT], longest[PHASE_IDLE][TARGET_BARE]);
        figures_print("loop, names do not resolve",
                      longest[PHASE_NO_NAME][TARGET_AGENT] <= longest[PHASE_IDLE][TARGET_AGENT] + 5,
                      "longest %6.2f ms (<= 5 more)  p99.9 %6.2f  bare service %6.2f",
                      longest[PHASE_NO_NAME][TARGET_AGENT],
                      figures_quantile(&stalls[PHASE_NO_NAME].all[TARGET_AGENT], 0.999),
                      longest[PHASE_NO_NAME][TARGET_BARE]);
        figures_print("loop, 1 MiB messages both ways",
                      longest[PHASE_BIG_AGENT][TARGET_AGENT] <= 10,
                      "longest %6.2f ms (<= 10)  p99.9 %6.2f  bare service with the same calls "
                      "%6.2f",
                      longest[PHASE_BIG_AGENT][TARGET_AGENT],
                      figures_quantile(&stalls[PHASE_BIG_AGENT].all[TARGET_AGENT], 0.999),
                      longest[PHASE_BIG_BARE][TARGET_BARE]);
}

int main(int argc, char **argv) {
        unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 7;
        struct world w = {0};

        netns_enter();
        /* For all of it: what others do on this machine is no stall of the loop. */
        (void)setpriority(PRIO_PROCESS, 0, -15);
        agent_place_start(&w.place, "/var/tmp", NULL);
        start_silent_dns(w.place.daemon.directory);
        echo_server_start(&w.server, NULL);
        w.bare = start_bare(&w.place.daemon);
        bus_wait_for_name(w.place.app.bus, BARE_NAME, WORLD_WAIT_USEC);
        w.prober.bus = bus_daemon_connect(&w.place.daemon);
        for (unsigned i = 0; i < rounds; i++) {
                probe(&w.prober, &w.stalls[PHASE_IDLE]);
                probe_names(&w);
                probe_flow(&w, PHASE_BIG_BARE, TARGET_BARE);
                probe_flow(&w, PHASE_BIG_AGENT, TARGET_AGENT);
        }
        print(w.stalls);
        (void)sd_bus_flush_close_unref(w.prober.bus);
        (void)child_stop(w.bare, SIGKILL);
        echo_server_stop(&w.server);
        agent_place_stop(&w.place);
        return EXIT_SUCCESS;
}
