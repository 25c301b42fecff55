/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A path changes: how long until the first byte comes back over the other uplink. An app sends a
 * small message every few milliseconds, the server echoes it with the number of its connection;
 * the end is when the app has the first one of a new connection in its hand (Received). Beside it
 * a floor: a bare program that connects on the kernel's message. They take turns; while the floor
 * is measured, the daemons are stopped. Needs root. bench_agent_move [ROUNDS] */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent_place.h"
#include "cleanup.h"
#include "die.h"
#include "echo_server.h"
#include "figures.h"
#include "moment.h"
#include "names.h"
#include "netns.h"
#include "path_floor.h"
#include "uplinks.h"

#define SEND_USEC (5 * USEC_PER_MSEC)
#define OUTSTANDING_MAX 32
#define CREDIT 1000
#define LIMIT_USEC (10 * USEC_PER_SEC)
/* So long everything is left alone between two changes: the kernel tells the next one at once. */
#define REST_USEC (1300 * USEC_PER_MSEC)
#define OUTAGE_USEC (3 * USEC_PER_SEC)

struct world {
        struct uplinks uplinks;
        struct echo_server server;
        struct path_floor *floor;
        struct agent_place place;
        char *channel;
        unsigned n_channels;
        sd_bus *bus;        /* the app's */
        uint8_t connection; /* that the last echo came over */
        bool moved;         /* to another connection, with its first echo */
        uint64_t moved_usec;
        uint64_t sent_usec;
        unsigned n_outstanding; /* calls without their reply */
        uint64_t ids[CREDIT];   /* to be acknowledged */
        size_t n_ids;
        unsigned n_changes;
};

/* One way for a path to change. */
struct change {
        const char *name;
        enum path_news news;
        enum uplink link; /* that the news is about */
        double target_ms;
        bool from_start; /* measured from the change itself, not from the kernel's message */
        void (*prepare)(struct world *w);
        void (*make)(struct world *w);
        void (*undo)(struct world *w);
};

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct world *w = userdata;

        w->n_outstanding--;
        if (sd_bus_message_is_method_error(m, NULL))
                die("%s", sd_bus_message_get_error(m)->message);
        return 1;
}

static int on_received(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct world *w = userdata;
        const uint8_t *payload;
        uint64_t id;
        size_t len;

        if (sd_bus_message_read(m, "t", &id) < 0 ||
            sd_bus_message_read_array(m, 'y', (const void **)&payload, &len) < 0 || len == 0)
                die("Received is wrong");
        if (*payload != w->connection) {
                w->connection = *payload;
                w->moved = true;
                w->moved_usec = moment_boottime_usec();
        }
        if (w->n_ids == CREDIT)
                die("more than the credit");
        w->ids[w->n_ids++] = id;
        return 1;
}

static void call(struct world *w, sd_bus_message *m) {
        if (sd_bus_call_async(w->bus, NULL, m, on_reply, w, 0) < 0)
                die("%s cannot be called", sd_bus_message_get_member(m));
        sd_bus_message_unref(m);
        w->n_outstanding++;
}

static sd_bus_message *new_call(struct world *w, const char *member) {
        sd_bus_message *m = NULL;

        if (sd_bus_message_new_method_call(w->bus, &m, AGENT_BUS_NAME, w->channel,
                                           AGENT_CHANNEL_INTERFACE, member) < 0)
                die("%s cannot be called", member);
        return m;
}

static void send_message(struct world *w) {
        sd_bus_message *m = new_call(w, "Send");

        if (sd_bus_message_append(m, "aya{sv}", 4, 'p', 'i', 'n', 'g', 0) < 0)
                die("out of memory");
        call(w, m);
}

static void acknowledge(struct world *w) {
        sd_bus_message *m = new_call(w, "Acknowledge");

        if (sd_bus_message_append_array(m, 't', w->ids, w->n_ids * sizeof(*w->ids)) < 0)
                die("out of memory");
        call(w, m);
        w->n_ids = 0;
}

/* Sends when it is time to, and takes what comes. */
static void app_turn(struct world *w) {
        uint64_t now_usec = moment_boottime_usec();

        if (now_usec >= w->sent_usec + SEND_USEC) {
                /* The bus allows so many calls at once; on a slow disk the next ones wait. */
                if (w->n_outstanding < OUTSTANDING_MAX)
                        send_message(w);
                if (w->n_outstanding < OUTSTANDING_MAX && w->n_ids > 0)
                        acknowledge(w);
                w->sent_usec = now_usec;
        }
        if (sd_bus_process(w->bus, NULL) == 0 &&
            sd_bus_wait(w->bus, w->sent_usec + SEND_USEC - now_usec) < 0)
                die("the bus is gone");
}

static void app_run(struct world *w, uint64_t usec) {
        uint64_t end_usec = moment_boottime_usec() + usec;

        while (moment_boottime_usec() < end_usec)
                app_turn(w);
}

/* Runs until the first echo of another connection is there. */
static void app_run_until_moved(struct world *w, const char *what) {
        uint64_t end_usec = moment_boottime_usec() + LIMIT_USEC;

        while (!w->moved) {
                if (moment_boottime_usec() > end_usec)
                        die("%s: no echo over another connection", what);
                app_turn(w);
        }
}

static void app_start(struct world *w) {
        w->bus = bus_daemon_connect(&w->place.daemon);
        if (sd_bus_match_signal(w->bus, NULL, NULL, NULL, AGENT_CHANNEL_INTERFACE, "Received",
                                on_received, w) < 0)
                die("the app cannot hear");
}

/* A channel of its own for each run: it has failed at nothing before. */
static void app_open(struct world *w) {
        uint64_t deadline_usec = moment_boottime_usec() + LIMIT_USEC;
        char name[32], uri[64];

        (void)snprintf(name, sizeof(name), "bench-%u", w->n_channels++);
        (void)snprintf(uri, sizeof(uri), "ws://" UPLINKS_SERVER ":%u/", w->server.port);
        w->channel = client_open(&w->place.app, name, uri, 0);
        if (sd_bus_call_method(w->bus, AGENT_BUS_NAME, w->channel, AGENT_CHANNEL_INTERFACE,
                               "Subscribe", NULL, NULL, "ua{sv}", CREDIT, 0) < 0)
                die("the app cannot subscribe");
        for (;;) {
                CLEANUP(freep) char *path = client_get(&w->place.app, w->channel, "Path");
                CLEANUP(freep) char *state = client_get(&w->place.app, w->channel, "State");

                if (strstr(path, "interface=w0 ") && strcmp(state, "connected") == 0)
                        break;
                if (moment_boottime_usec() > deadline_usec)
                        die("the channel is %s over %s", state, path);
                app_run(w, 20 * USEC_PER_MSEC);
        }
        app_run(w, REST_USEC);
}

static void app_close(struct world *w) {
        while (w->n_outstanding > 0)
                if (sd_bus_process(w->bus, NULL) == 0 && sd_bus_wait(w->bus, UINT64_MAX) < 0)
                        die("the bus is gone");
        w->n_ids = 0;
        client_do(&w->place.app, w->channel, "Close", "a{sv}", 1, "discard", "b", true);
        free(w->channel);
}

static void rest(void) {
        struct timespec ts = {.tv_sec = (time_t)(REST_USEC / USEC_PER_SEC),
                              .tv_nsec = (long)(REST_USEC % USEC_PER_SEC * 1000)};

        (void)nanosleep(&ts, NULL);
}

static void cut(struct world *w) {
        uplinks_set_carrier(&w->uplinks, UPLINK_W0, false);
}

static void heal(struct world *w) {
        uplinks_set_carrier(&w->uplinks, UPLINK_W0, true);
}

/* Another link loses its carrier: from the kernel's message about it on, the next such message is
 * held back for a second. It is cut at another point of that second each time. */
static void arm_hold_back(struct world *w) {
        path_floor_expect(w->floor, PATH_NEWS_CARRIER_LOST, UPLINK_S0, NULL);
        uplinks_set_carrier(&w->uplinks, UPLINK_S0, false);
        (void)path_floor_wait(w->floor);
        app_run(w, (50 + w->n_changes++ % 8 * 37) * USEC_PER_MSEC);
}

static void heal_both(struct world *w) {
        heal(w);
        uplinks_set_carrier(&w->uplinks, UPLINK_S0, true);
}

static void replace_route(struct world *w) {
        shell("ip route replace default via 10.2.0.1 dev c0 metric 100");
}

static void restore_route(struct world *w) {
        shell("ip route replace default via 10.1.0.1 dev w0 metric 100");
}

static void cut_all(struct world *w) {
        shell("ip route del default via 10.2.0.1 dev c0 metric 700");
        uplinks_set_carrier(&w->uplinks, UPLINK_C0, false);
        uplinks_set_carrier(&w->uplinks, UPLINK_W0, false);
        app_run(w, OUTAGE_USEC);
        uplinks_set_carrier(&w->uplinks, UPLINK_C0, true);
        app_run(w, REST_USEC); /* the carrier is told of, and there is no route yet */
}

static void add_route(struct world *w) {
        shell("ip route add default via 10.2.0.1 dev c0 metric 700");
}

static const struct change changes[] = {
        {"move, carrier cut", PATH_NEWS_CARRIER_LOST, UPLINK_W0, 50, false, NULL, cut, heal},
        {"move, carrier cut, held back", PATH_NEWS_CARRIER_LOST, UPLINK_W0, 150, true,
         arm_hold_back, cut, heal_both},
        {"move, default route replaced", PATH_NEWS_DEFAULT_ROUTE, UPLINK_C0, 20, false, NULL,
         replace_route, restore_route},
        {"move, path after an outage", PATH_NEWS_DEFAULT_ROUTE, UPLINK_C0, 20, false, cut_all,
         add_route, heal},
};

/* Stops both daemons, or lets them go on. */
static void signal_daemons(struct world *w, int signal) {
        if (kill(w->place.netmon, signal) < 0 || kill(w->place.agent, signal) < 0)
                die("kill: %s", strerror(errno));
}

/* Milliseconds from the change, or from the kernel's message about it. */
static double measure_agent(struct world *w, const struct change *change) {
        struct path_floor_times kernel;
        uint64_t began_usec;

        w->moved = false;
        path_floor_expect(w->floor, change->news, change->link, NULL);
        began_usec = moment_boottime_usec();
        change->make(w);
        app_run_until_moved(w, change->name);
        kernel = path_floor_wait(w->floor);
        return ((double)w->moved_usec -
                (double)(change->from_start ? began_usec : kernel.told_usec)) /
               1000;
}

static double measure_floor(struct world *w, const struct change *change) {
        struct path_floor_times times;
        uint64_t began_usec;

        signal_daemons(w, SIGSTOP);
        path_floor_expect(w->floor, change->news, change->link, "c0");
        began_usec = moment_boottime_usec();
        change->make(w);
        times = path_floor_wait(w->floor);
        signal_daemons(w, SIGCONT);
        return (double)(times.echoed_usec - (change->from_start ? began_usec : times.told_usec)) /
               1000;
}

static void bench(struct world *w, const struct change *change, unsigned rounds) {
        struct figures agent = {0}, floor = {0};

        for (unsigned i = 0; i < 2 * rounds; i++) {
                app_open(w);
                if (change->prepare)
                        change->prepare(w);
                if (i % 2 == 0)
                        figures_add(&floor, measure_floor(w, change));
                else
                        figures_add(&agent, measure_agent(w, change));
                app_close(w);
                change->undo(w);
                rest();
        }
        figures_print(change->name, figures_median(&agent) <= change->target_ms,
                      "%6.2f ms (<= %.0f)  p90 %6.2f  floor %6.2f  ratio %.1f",
                      figures_median(&agent), change->target_ms, figures_quantile(&agent, 0.9),
                      figures_median(&floor), figures_median(&agent) / figures_median(&floor));
        figures_clear(&agent);
        figures_clear(&floor);
}

int main(int argc, char **argv) {
        unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 9;
        struct world w = {0};

        uplinks_start(&w.uplinks);
        netns_switch(w.uplinks.server_side);
        echo_server_start_numbered(&w.server);
        netns_switch(w.uplinks.laptop);
        w.floor = path_floor_start(UPLINKS_SERVER, w.server.port);
        agent_place_start(&w.place, "/var/tmp", UPLINKS_CONFIG);
        app_start(&w);
        for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
                bench(&w, &changes[i], rounds);
        (void)sd_bus_flush_close_unref(w.bus);
        agent_place_stop(&w.place);
        path_floor_stop(w.floor);
        echo_server_stop(&w.server);
        uplinks_stop(&w.uplinks);
        return EXIT_SUCCESS;
}
