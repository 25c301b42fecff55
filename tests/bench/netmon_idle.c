/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* netmon at rest: wake-ups in 20 s, and memory, alone on its bus. Needs root. */

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "bus_daemon.h"
#include "figures.h"
#include "netmon_place.h"
#include "netns.h"
#include "process.h"

#define IDLE_SECONDS 20
#define PSS_MAX_KB 1500

static void wait_seconds(time_t seconds) {
        struct timespec ts = {.tv_sec = seconds};

        (void)nanosleep(&ts, NULL);
}

/* Proportional set size in kB; for netmon also its context switches in 20 s. */
static uint64_t measure(enum place_kind kind, uint64_t *ret_switches) {
        uint64_t pss_kb, private_kb;
        struct bus_daemon daemon;
        struct place place;

        bus_daemon_start(&daemon);
        place_start(&place, kind, &daemon);
        wait_seconds(3);
        pss_kb = process_pss_kb(place.pid, &private_kb);
        if (ret_switches) {
                uint64_t before = process_switches(place.pid);

                wait_seconds(IDLE_SECONDS);
                *ret_switches = process_switches(place.pid) - before;
        }
        place_stop(&place);
        bus_daemon_stop(&daemon);
        return pss_kb;
}

int main(void) {
        uint64_t floor_kb, netmon_kb, switches;

        netns_enter();
        floor_kb = measure(PLACE_FLOOR, NULL);
        netmon_kb = measure(PLACE_NETMON, &switches);
        figures_print("memory, alone on its bus", netmon_kb <= PSS_MAX_KB,
                      "%" PRIu64 " kB (at most %d), floor %" PRIu64 " kB, ratio %.2f", netmon_kb,
                      PSS_MAX_KB, floor_kb, (double)netmon_kb / (double)floor_kb);
        figures_print("context switches at rest", switches == 0, "%" PRIu64 " in %d s (at most 0)",
                      switches, IDLE_SECONDS);
        return 0;
}
