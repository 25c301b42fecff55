/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netmon_place.h"

#include <inttypes.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bus_daemon.h"
#include "child.h"
#include "die.h"
#include "names.h"
#include "netmon_floor.h"
#include "netmon_process.h"
#include "netns.h"
#include "rtnl_actor.h"

#define WAIT_USEC UINT64_C(10000000)

static const char config[] = "[Interface wifi*]\nType=wifi\n"
                             "[Interface cell*]\nType=cellular\n"
                             "[Interface bench*]\nType=ethernet\n";

static int add_uplink(const char *name, unsigned net, unsigned metric) {
        int tap = tap_add(name);

        tap_set_carrier(tap, true);
        shell("ip link set %s addrgenmode none && ip link set %s up && "
              "ip address add 10.%u.0.2/24 dev %s && "
              "ip route add default via 10.%u.0.1 dev %s metric %u",
              name, name, net, name, net, name, metric);
        return tap;
}

static pid_t start_daemon(enum place_kind kind, const struct bus_daemon *daemon) {
        const char *floor[] = {getenv("WHERRY_NETMON_FLOOR"), daemon->address, NULL};

        if (kind == PLACE_NETMON)
                return netmon_start(daemon, config, NULL);
        if (!floor[0])
                die("WHERRY_NETMON_FLOOR does not name the program");
        return child_start(floor);
}

void place_start(struct place *place, enum place_kind kind, const struct bus_daemon *daemon) {
        sd_bus *bus = bus_daemon_connect(daemon);
        int back = netns_current(), own = netns_add();

        netns_switch(own);
        *place = (struct place){.kind = kind, .namespace = own};
        place->actor = rtnl_actor_new();
        place->wifi = add_uplink("wifi0", 1, 100);
        place->cell = add_uplink("cell0", 2, 200);
        place->wifi_index = if_nametoindex("wifi0");
        place->cell_index = if_nametoindex("cell0");
        place->pid = start_daemon(kind, daemon);
        netns_switch(back);
        bus_wait_for_name(bus, kind == PLACE_NETMON ? NETMON_BUS_NAME : FLOOR_BUS_NAME, WAIT_USEC);
        sd_bus_flush_close_unref(bus);
        (void)close(back);
}

void place_stop(struct place *place) {
        (void)child_stop(place->pid, SIGTERM);
        rtnl_actor_free(place->actor);
        (void)close(place->namespace);
        (void)close(place->wifi);
        (void)close(place->cell);
}

uint64_t place_cpu_nsec(const struct place *place) {
        char path[64];
        uint64_t nsec;
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/%d/schedstat", place->pid);
        file = fopen(path, "re");
        if (!file || fscanf(file, "%" SCNu64, &nsec) != 1)
                die("%s cannot be read", path);
        (void)fclose(file);
        return nsec;
}
