/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the daemons cost when nothing happens: context switches of all their threads with ten
 * connected channels whose heartbeats are off, and memory. Needs root. bench_agent_idle [SECONDS]
 */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent_place.h"
#include "agent_world.h"
#include "certs.h"
#include "child.h"
#include "cleanup.h"
#include "die.h"
#include "figures.h"
#include "names.h"
#include "netmon_process.h"
#include "netns.h"
#include "process.h"
#include "server.h"
#include "uplinks.h"

#define FEW 10
#define MANY 110
/* After so long whatever a start brings with it is over: the ping that proves a connection good
 * (after a second here), the log that is written back, the links that were new. */
#define SETTLE_SECONDS 5

static struct certs certs;

static void rest(unsigned seconds) {
        struct timespec ts = {.tv_sec = seconds};

        (void)nanosleep(&ts, NULL);
}

static int append_authority(sd_bus_message *m) {
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', "tls-ca");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "ay");
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', certs.ca, certs.ca_len);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static char *open_channel(struct agent_place *place, unsigned number, uint16_t port, bool own_ca) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        char name[32], uri[64];
        const char *path;
        int r;

        (void)snprintf(name, sizeof(name), "bench-%u", number);
        (void)snprintf(uri, sizeof(uri), "wss://localhost:%u/", port);
        r = sd_bus_message_new_method_call(place->app.bus, &m, AGENT_BUS_NAME, AGENT_PATH,
                                           AGENT_INTERFACE, "OpenChannel");
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", name, uri);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}", "ping-interval", "t", UINT64_MAX,
                                          "good-after", "t", UINT64_C(1000000));
        if (r >= 0 && own_ca)
                r = append_authority(m);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r < 0)
                die("the call cannot be made: %s", strerror(-r));
        if (sd_bus_call(place->app.bus, m, WORLD_WAIT_USEC, &error, &reply) < 0 ||
            sd_bus_message_read(reply, "o", &path) < 0)
                die("OpenChannel: %s", error.message);
        return strdup(path);
}

static void open_channels(struct agent_place *place, unsigned first, unsigned end, uint16_t port,
                          bool own_ca) {
        for (unsigned i = first; i < end; i++) {
                CLEANUP(freep) char *path = open_channel(place, i, port, own_ca);

                client_wait(&place->app, path, "State", "connected");
        }
        rest(SETTLE_SECONDS);
}

static void bench_switches(const struct agent_place *place, unsigned seconds) {
        uint64_t netmon = process_switches(place->netmon), agent = process_switches(place->agent);

        rest(seconds);
        netmon = process_switches(place->netmon) - netmon;
        agent = process_switches(place->agent) - agent;
        figures_print("idle, context switches", netmon == 0 && agent == 0,
                      "netmon %" PRIu64 " (0)  agent %" PRIu64 " (0)  in %u s with %d channels",
                      netmon, agent, seconds, FEW);
}

static void bench_memory(const char *trust, bool own_ca, unsigned idle_seconds) {
        uint64_t few_kb, many_kb, few_private_kb, many_private_kb;
        struct server server;
        struct agent_place place;
        char name[64], path[128];

        certs_path(&certs, "good", path, sizeof(path));
        server_start(&server, "ws_server.py", "--tls", path, NULL);
        agent_place_start(&place, "/var/tmp", UPLINKS_CONFIG);
        open_channels(&place, 0, FEW, server.port, own_ca);
        if (idle_seconds > 0)
                bench_switches(&place, idle_seconds);
        few_kb = process_pss_kb(place.agent, &few_private_kb);
        open_channels(&place, FEW, MANY, server.port, own_ca);
        many_kb = process_pss_kb(place.agent, &many_private_kb);
        (void)snprintf(name, sizeof(name), "agent, ten wss, %s", trust);
        figures_print(name, few_kb < 8000, "PSS %" PRIu64 " kB (< 8000)  private %" PRIu64 " kB",
                      few_kb, few_private_kb);
        (void)snprintf(name, sizeof(name), "agent, a wss more, %s", trust);
        figures_print(name, many_kb - few_kb < 100 * (MANY - FEW),
                      "PSS %.1f kB (< 100)  private %.1f kB",
                      (double)(many_kb - few_kb) / (MANY - FEW),
                      (double)(many_private_kb - few_private_kb) / (MANY - FEW));
        agent_place_stop(&place);
        server_stop(&server);
}

static void bench_netmon(void) {
        struct bus_daemon daemon;
        uint64_t pss_kb, private_kb;
        sd_bus *bus;
        pid_t pid;

        bus_daemon_start(&daemon);
        pid = netmon_start_as_nobody(&daemon, UPLINKS_CONFIG, NULL);
        bus = bus_daemon_connect(&daemon);
        bus_wait_for_name(bus, NETMON_BUS_NAME, WORLD_WAIT_USEC);
        rest(SETTLE_SECONDS);
        pss_kb = process_pss_kb(pid, &private_kb);
        figures_print("netmon alone on its bus", pss_kb <= 1500,
                      "PSS %" PRIu64 " kB (<= 1500)  private %" PRIu64 " kB", pss_kb, private_kb);
        (void)sd_bus_flush_close_unref(bus);
        (void)child_stop(pid, SIGTERM);
        bus_daemon_stop(&daemon);
}

int main(int argc, char **argv) {
        unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 20;
        struct uplinks uplinks;

        uplinks_start(&uplinks);
        certs_make(&certs);
        /* The system's store, for all in this mount namespace, with one authority more. */
        shell("cat /etc/ssl/certs/ca-certificates.crt %s/ca.pem > %s/bundle && "
              "mount --bind %s/bundle /etc/ssl/certs/ca-certificates.crt",
              certs.directory, certs.directory, certs.directory);
        bench_netmon();
        bench_memory("own authority", true, seconds);
        bench_memory("system's store", false, 0);
        shell("umount /etc/ssl/certs/ca-certificates.crt && rm %s/bundle", certs.directory);
        certs_remove(&certs);
        uplinks_stop(&uplinks);
        return EXIT_SUCCESS;
}
