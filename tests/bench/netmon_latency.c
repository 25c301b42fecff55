/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From a change of the network to the D-Bus signal in a client's hand: netmon beside the floor, in
 * turns, each in a namespace of its own on the same bus. Needs root. */

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bus_daemon.h"
#include "bus_signals.h"
#include "figures.h"
#include "moment.h"
#include "names.h"
#include "netmon_floor.h"
#include "netmon_place.h"
#include "netns.h"
#include "rtnl_actor.h"

#define LIMIT_USEC UINT64_C(2000000)

#define NET_1 0x0a010000 /* 10.1.0.0 */
#define NET_2 0x0a020000
#define NET_3 0x0a030000

static const char floor_match[] = "type='signal',interface='" FLOOR_INTERFACE "'";
static const char link_match[] = "type='signal',interface='org.freedesktop.DBus.Properties',"
                                 "arg0='" NETMON_LINK_INTERFACE "'";
static const char object_match[] = "type='signal',path='" NETMON_PATH "',"
                                   "interface='org.freedesktop.DBus.ObjectManager'";
static const char path_match[] = "type='signal',interface='" NETMON_INTERFACE "'";

/* The k-th change of its kind; there and back, in turns. */
static void change_carrier(struct place *place, unsigned k) {
        tap_set_carrier(place->wifi, k % 2 == 1);
}

static void change_address(struct place *place, unsigned k) {
        rtnl_actor_address(place->actor, k % 2 == 0, place->wifi_index, NET_3 + 2);
}

static void change_default(struct place *place, unsigned k) {
        if (k % 2 == 0)
                rtnl_actor_default(place->actor, place->cell_index, NET_2 + 1);
        else
                rtnl_actor_default(place->actor, place->wifi_index, NET_1 + 1);
}

static void change_link(struct place *place, unsigned k) {
        if (k % 2 == 0)
                rtnl_actor_add_veth(place->actor, "bench0", "other0");
        else
                rtnl_actor_remove_link(place->actor, "bench0");
}

static const struct bench {
        const char *name;
        const char *match; /* of netmon's signal */
        void (*change)(struct place *place, unsigned k);
        unsigned rounds;
        unsigned pause_msec; /* before each */
        double target;
} benches[] = {
        {"carrier, interface", link_match, change_carrier, 60, 1200, 1.2},
        {"carrier, path", path_match, change_carrier, 60, 1200, 1.3},
        {"address, interface", link_match, change_address, 200, 20, 1.2},
        {"default route, path", path_match, change_default, 200, 20, 1.3},
        {"link, object", object_match, change_link, 200, 60, 1.2},
};

static void pause_msec(unsigned msec) {
        struct timespec ts = {.tv_sec = msec / 1000, .tv_nsec = (long)(msec % 1000) * 1000000};

        (void)nanosleep(&ts, NULL);
}

/* Microseconds from the change until the first signal is there; LIMIT_USEC when none came. */
static uint64_t measure(const struct bench *bench, struct place *place, struct bus_signals *signals,
                        unsigned k) {
        uint64_t began_usec;
        sd_bus_message *m;

        (void)bus_signals_count(signals, NULL, 0);
        began_usec = moment_boottime_usec();
        bench->change(place, k);
        m = bus_signals_next(signals, NULL, began_usec + LIMIT_USEC);
        if (!m)
                return LIMIT_USEC;
        sd_bus_message_unref(m);
        return moment_boottime_usec() - began_usec;
}

static void run(const struct bench *bench, const struct bus_daemon *daemon, struct place *floor,
                struct place *netmon) {
        sd_bus *floor_bus = bus_daemon_connect(daemon), *netmon_bus = bus_daemon_connect(daemon);
        struct bus_signals *floor_signals = bus_signals_listen(floor_bus, floor_match);
        struct bus_signals *netmon_signals = bus_signals_listen(netmon_bus, bench->match);
        struct figures floor_usec = {}, netmon_usec = {};
        unsigned missed = 0;
        double a, b;

        for (unsigned i = 0; i < bench->rounds; i++) {
                uint64_t usec;

                pause_msec(bench->pause_msec);
                figures_add(&floor_usec, (double)measure(bench, floor, floor_signals, i));
                pause_msec(bench->pause_msec);
                usec = measure(bench, netmon, netmon_signals, i);
                missed += usec == LIMIT_USEC;
                figures_add(&netmon_usec, (double)usec);
        }
        a = figures_median(&floor_usec);
        b = figures_median(&netmon_usec);
        figures_print(bench->name, missed == 0 && b <= a * bench->target,
                      "%.0f us, %u of %u missed, floor %.0f us, ratio %.2f (at most %.1f)", b,
                      missed, bench->rounds, a, b / a, bench->target);
        figures_clear(&floor_usec);
        figures_clear(&netmon_usec);
        bus_signals_free(floor_signals);
        bus_signals_free(netmon_signals);
        sd_bus_flush_close_unref(floor_bus);
        sd_bus_flush_close_unref(netmon_bus);
}

int main(int argc, char **argv) {
        struct bus_daemon daemon;
        struct place floor, netmon;

        (void)setvbuf(stdout, NULL, _IOLBF, 0);
        netns_enter();
        bus_daemon_start(&daemon);
        place_start(&floor, PLACE_FLOOR, &daemon);
        place_start(&netmon, PLACE_NETMON, &daemon);
        for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++)
                if (argc < 2 || strstr(benches[i].name, argv[1]))
                        run(&benches[i], &daemon, &floor, &netmon);
        place_stop(&floor);
        place_stop(&netmon);
        bus_daemon_stop(&daemon);
        return 0;
}
