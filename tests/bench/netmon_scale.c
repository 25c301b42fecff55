/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* netmon on a machine with a million routes and five thousand interfaces: how long it takes to
 * start, how long its callers wait while everything is read anew, and how long it takes to ask for
 * 200 watches, and for as many that a tunnel carries. Needs root. */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bus_daemon.h"
#include "bus_signals.h"
#include "child.h"
#include "cleanup.h"
#include "die.h"
#include "figures.h"
#include "moment.h"
#include "names.h"
#include "netmon_place.h"
#include "netmon_process.h"
#include "netns.h"
#include "process.h"
#include "rtnl_actor.h"

#define N_ROUTES 1000000
#define N_LINKS 5000
#define N_WATCHES 200
#define N_STARTS 5
#define N_BURSTS 20
#define N_RESYNCS 5

#define START_MAX_USEC 1000000
#define WATCHES_MAX_USEC 20000
#define ANSWER_MAX_USEC 100000
#define WAIT_USEC UINT64_C(60000000)
#define QUIET_USEC 1500000 /* nothing came for so long: all is told */

static struct bus_daemon daemon_;
static struct place place;
static sd_bus *bus;

static FILE *batch(void) {
        FILE *file = popen("ip -batch - >/dev/null", "we");

        if (!file)
                die("ip does not start");
        return file;
}

static void batch_end(FILE *file) {
        if (pclose(file) != 0)
                die("ip refused");
}

/* Pairs, as containers have them; one of each has an address, and so an object on the bus. */
static void fill_machine(void) {
        FILE *file = batch();

        for (unsigned i = 0; i < N_LINKS / 2; i++)
                (void)fprintf(file,
                              "link add s%u type veth peer name p%u\n"
                              "link set s%u addrgenmode none up\n"
                              "link set p%u addrgenmode none up\n"
                              "address add 10.%u.%u.1/32 dev s%u\n",
                              i, i, i, i, 100 + i / 256, i % 256, i);
        batch_end(file);
        file = batch();
        for (unsigned i = 0; i < N_ROUTES; i++)
                (void)fprintf(file, "route add 11.%u.%u.%u/32 dev cell0\n", i >> 16, i >> 8 & 0xff,
                              i & 0xff);
        batch_end(file);
}

static void pause_usec(uint64_t usec) {
        struct timespec ts = {.tv_sec = (time_t)(usec / 1000000),
                              .tv_nsec = (long)(usec % 1000000) * 1000};

        (void)nanosleep(&ts, NULL);
}

static void start_netmon(void) {
        place.pid = netmon_start(&daemon_, NULL, NULL);
        bus_wait_for_name(bus, NETMON_BUS_NAME, WAIT_USEC);
}

static void measure_start(void) {
        struct figures took = {};

        for (unsigned i = 0; i < N_STARTS; i++) {
                uint64_t began_usec;

                (void)child_stop(place.pid, SIGTERM);
                began_usec = moment_boottime_usec();
                start_netmon();
                figures_add(&took, (double)(moment_boottime_usec() - began_usec));
        }
        figures_print("start, to the name on the bus", figures_max(&took) <= START_MAX_USEC,
                      "%.0f ms, at most %.0f ms of %d (at most %d)", figures_median(&took) / 1000,
                      figures_max(&took) / 1000, N_STARTS, START_MAX_USEC / 1000);
        figures_clear(&took);
}

static uint64_t property(const char *name) {
        uint64_t value;

        if (sd_bus_get_property_trivial(bus, NETMON_BUS_NAME, NETMON_PATH, NETMON_INTERFACE, name,
                                        NULL, 't', &value) < 0)
                die("%s cannot be read", name);
        return value;
}

static uint64_t ask(void) {
        uint64_t began_usec = moment_boottime_usec();

        if (sd_bus_call_method(bus, NETMON_BUS_NAME, NETMON_PATH, NETMON_INTERFACE, "GetPath", NULL,
                               NULL, "sa{sv}", "default", 0) < 0)
                die("GetPath failed");
        return moment_boottime_usec() - began_usec;
}

/* More news than can be kept while nobody reads. */
static void overrun(void) {
        FILE *file;

        (void)kill(place.pid, SIGSTOP);
        file = batch();
        for (unsigned i = 0; i < N_LINKS / 2; i++)
                (void)fprintf(file, "link set s%u down\nlink set s%u up\n", i, i);
        batch_end(file);
        (void)kill(place.pid, SIGCONT);
}

static void measure_resync(void) {
        struct figures waits = {};

        for (unsigned i = 0; i < N_RESYNCS; i++) {
                uint64_t before = property("Resyncs"), until_usec = 0;

                overrun();
                /* To the end of the last one, and a moment more. */
                while (until_usec == 0 || moment_boottime_usec() < until_usec) {
                        figures_add(&waits, (double)ask());
                        if (until_usec == 0 && property("Resyncs") > before)
                                until_usec = moment_boottime_usec() + QUIET_USEC;
                }
        }
        figures_print("wait for an answer while all is read anew",
                      figures_max(&waits) <= ANSWER_MAX_USEC,
                      "%.1f ms, at most %.0f ms of %zu (at most %d)", figures_median(&waits) / 1000,
                      figures_max(&waits) / 1000, waits.n, ANSWER_MAX_USEC / 1000);
        figures_clear(&waits);
}

static void watch_all(void) {
        for (unsigned i = 0; i < N_WATCHES; i++) {
                char destination[32];

                (void)snprintf(destination, sizeof(destination), "198.51.%u.%u", 100 + i / 250,
                               1 + i % 250);
                if (sd_bus_call_method(bus, NETMON_BUS_NAME, NETMON_PATH, NETMON_INTERFACE,
                                       "WatchPath", NULL, NULL, "sa{sv}", destination, 0) < 0)
                        die("%s cannot be watched", destination);
        }
}

/* From the kernel's message to the last of the watches' signals. */
static uint64_t burst_usec(struct bus_signals *signals) {
        uint64_t event_usec = 0, published_usec = 0;

        for (unsigned i = 0; i < N_WATCHES; i++) {
                sd_bus_message *m =
                        bus_signals_next(signals, "Changed", moment_boottime_usec() + WAIT_USEC);

                if (!m || sd_bus_message_skip(m, "tas") < 0 ||
                    sd_bus_message_read(m, "tt", &event_usec, &published_usec) < 0)
                        die("a watch says nothing");
                sd_bus_message_unref(m);
        }
        return published_usec - event_usec;
}

static void measure_watches(const char *name) {
        struct bus_signals *signals = bus_signals_listen(
                bus, "type='signal',interface='" NETMON_WATCH_INTERFACE "',member='Changed'");
        struct figures took = {};

        for (unsigned i = 0; i < N_BURSTS; i++) {
                bool to_cell = i % 2 == 0;

                rtnl_actor_default(place.actor, to_cell ? place.cell_index : place.wifi_index,
                                   to_cell ? 0x0a020001 : 0x0a010001);
                figures_add(&took, (double)burst_usec(signals));
                (void)bus_signals_count(signals, NULL, moment_boottime_usec() + 100000);
        }
        figures_print(name, figures_median(&took) <= WATCHES_MAX_USEC,
                      "%.1f ms, at most %.1f ms of %d (at most %d)", figures_median(&took) / 1000,
                      figures_max(&took) / 1000, N_BURSTS, WATCHES_MAX_USEC / 1000);
        figures_clear(&took);
        bus_signals_free(signals);
}

/* All of them lead into a tunnel, and what moves is what carries it. */
static void measure_tunnel(void) {
        int tun = tun_add("tun0");

        shell("ip link set tun0 addrgenmode none && ip link set tun0 up && "
              "ip address add 10.99.0.1/24 dev tun0 && ip route add 198.51.0.0/16 dev tun0");
        pause_usec(QUIET_USEC);
        measure_watches("the same through a tunnel");
        (void)close(tun);
}

int main(void) {
        uint64_t private_kb;

        netns_enter();
        bus_daemon_start(&daemon_);
        bus = bus_daemon_connect(&daemon_);
        place_start(&place, PLACE_NETMON, &daemon_);
        netns_switch(place.namespace);
        fill_machine();
        measure_start();
        (void)printf("memory: %" PRIu64 " kB\n", process_pss_kb(place.pid, &private_kb));
        watch_all();
        measure_watches("200 watches asked for and told");
        measure_tunnel();
        measure_resync();
        place_stop(&place);
        sd_bus_flush_close_unref(bus);
        bus_daemon_stop(&daemon_);
        return 0;
}
