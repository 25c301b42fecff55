/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A storm of kernel messages: 500 veth pairs come and go, 20,000 routes come and go. What it costs
 * netmon beside the floor, each in a namespace of its own, one after the other; then whether netmon
 * still tells the next carrier loss in time, and what is right. Needs root. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bus_daemon.h"
#include "bus_signals.h"
#include "figures.h"
#include "moment.h"
#include "names.h"
#include "netmon_floor.h"
#include "netmon_place.h"
#include "netns.h"
#include "rtnl_actor.h"

#define N_PAIRS 500
#define N_ROUTES 20000
#define ROUTES_FROM 0x0b000000 /* 11.0.0.0 */
#define LATE_USEC UINT64_C(2000000)

static void storm_links(struct place *place) {
        char name[16], peer[16];

        for (unsigned i = 0; i < N_PAIRS; i++) {
                (void)snprintf(name, sizeof(name), "veth%u", i);
                (void)snprintf(peer, sizeof(peer), "peer%u", i);
                rtnl_actor_add_veth(place->actor, name, peer);
        }
        for (unsigned i = 0; i < N_PAIRS; i++) {
                (void)snprintf(name, sizeof(name), "veth%u", i);
                rtnl_actor_remove_link(place->actor, name);
        }
}

static void storm_routes(struct place *place) {
        for (unsigned i = 0; i < N_ROUTES; i++)
                rtnl_actor_route(place->actor, true, place->cell_index, ROUTES_FROM + i, 32);
        for (unsigned i = 0; i < N_ROUTES; i++)
                rtnl_actor_route(place->actor, false, place->cell_index, ROUTES_FROM + i, 32);
}

/* Waits until the daemon has had nothing to do for a while. */
static void wait_idle(const struct place *place) {
        struct timespec ts = {.tv_nsec = 200000000};
        uint64_t before, now = place_cpu_nsec(place);

        do {
                before = now;
                (void)nanosleep(&ts, NULL);
                now = place_cpu_nsec(place);
        } while (now - before > 2000000);
}

/* CPU time in nanoseconds. */
static uint64_t cost(struct place *place, void (*storm)(struct place *place)) {
        uint64_t before;

        wait_idle(place);
        before = place_cpu_nsec(place);
        storm(place);
        wait_idle(place);
        return place_cpu_nsec(place) - before;
}

struct result {
        double floor_usec; /* of CPU */
        double netmon_usec;
        double n_floor; /* messages; the floor loses some in the greater storm */
        double n_netmon;
        size_t n_signals;
};

static void print(const char *name, const struct result *result) {
        double floor_usec = result->floor_usec / result->n_floor;
        double netmon_usec = result->netmon_usec / result->n_netmon;

        figures_print(name, result->n_signals == 0 && netmon_usec <= floor_usec,
                      "%.2f us of CPU a message, %zu path signals (at most 0), floor %.2f us, "
                      "ratio %.2f (at most 1.0)",
                      netmon_usec, result->n_signals, floor_usec, netmon_usec / floor_usec);
}

static struct result compare(size_t n_messages, void (*storm)(struct place *place),
                             struct place *floor, struct place *netmon,
                             struct bus_signals *floor_signals,
                             struct bus_signals *netmon_signals) {
        struct result result = {.n_netmon = (double)n_messages};

        bus_signals_clear(floor_signals, "org.freedesktop.DBus");
        bus_signals_clear(netmon_signals, NETMON_BUS_NAME);
        result.floor_usec = (double)cost(floor, storm) / 1e3;
        /* Its signals say how many it has read. */
        result.n_floor =
                (double)bus_signals_count(floor_signals, NULL, moment_boottime_usec() + 100000);
        result.netmon_usec = (double)cost(netmon, storm) / 1e3;
        result.n_signals = bus_signals_count(netmon_signals, NULL, moment_boottime_usec() + 100000);
        return result;
}

/* The quickest of some: another namespace may make the kernel hold one back. */
static uint64_t cut_carrier(struct place *place, struct bus_signals *signals) {
        uint64_t best_usec = LATE_USEC;

        for (unsigned i = 0; i < 5; i++) {
                uint64_t began_usec, took_usec;
                sd_bus_message *m;

                (void)bus_signals_count(signals, NULL, moment_boottime_usec() + 1500000);
                began_usec = moment_boottime_usec();
                tap_set_carrier(place->wifi, false);
                m = bus_signals_next(signals, NULL, began_usec + LATE_USEC);
                took_usec = moment_boottime_usec() - began_usec;
                if (m && took_usec < best_usec)
                        best_usec = took_usec;
                sd_bus_message_unref(m);
                tap_set_carrier(place->wifi, true);
        }
        return best_usec;
}

static void check_carrier(struct place *floor, struct place *netmon,
                          struct bus_signals *floor_signals, struct bus_signals *netmon_signals) {
        uint64_t a = cut_carrier(floor, floor_signals), b = cut_carrier(netmon, netmon_signals);

        figures_print("carrier cut after it", b < LATE_USEC && b <= 2 * a,
                      "%" PRIu64 " us, floor %" PRIu64 " us, ratio %.2f (at most 2.0)", b, a,
                      (double)b / (double)a);
}

int main(void) {
        struct bus_signals *floor_signals, *netmon_signals;
        sd_bus *floor_bus, *netmon_bus;
        struct bus_daemon daemon;
        struct place floor, netmon;
        struct result links, routes;

        (void)setvbuf(stdout, NULL, _IOLBF, 0);
        netns_enter();
        bus_daemon_start(&daemon);
        floor_bus = bus_daemon_connect(&daemon);
        netmon_bus = bus_daemon_connect(&daemon);
        place_start(&floor, PLACE_FLOOR, &daemon);
        place_start(&netmon, PLACE_NETMON, &daemon);
        floor_signals =
                bus_signals_listen(floor_bus, "type='signal',interface='" FLOOR_INTERFACE "'");
        netmon_signals =
                bus_signals_listen(netmon_bus, "type='signal',interface='" NETMON_INTERFACE "'");
        links = compare(4 * N_PAIRS, storm_links, &floor, &netmon, floor_signals, netmon_signals);
        routes =
                compare(2 * N_ROUTES, storm_routes, &floor, &netmon, floor_signals, netmon_signals);
        print("1,000 links come and go", &links);
        print("20,000 routes come and go", &routes);
        check_carrier(&floor, &netmon, floor_signals, netmon_signals);
        bus_signals_free(floor_signals);
        bus_signals_free(netmon_signals);
        sd_bus_flush_close_unref(floor_bus);
        sd_bus_flush_close_unref(netmon_bus);
        place_stop(&floor);
        place_stop(&netmon);
        bus_daemon_stop(&daemon);
        return 0;
}
