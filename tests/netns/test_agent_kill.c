/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Under load, at random moments: kill -9 of the agent, and a network that does what it likes.
 * Whatever Send has answered arrives, in order, and comes twice only when it was in flight. */

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent_load.h"
#include "agent_world.h"
#include "child.h"
#include "cleanup.h"
#include "netns.h"

#define KILLS 50
#define BLOWS 40
#define WINDOW 64 /* messages written and not proved: the default */

static struct agent_world world;
static struct load load;
static unsigned seed;

static void setup(void) {
        world_start(&world);
        seed = (unsigned)time(NULL);
        (void)fprintf(stderr, "seed %u\n", seed); /* for whoever has to find out */
}

static void teardown(void) {
        world_stop(&world);
}

TestSuite(kill, .init = setup, .fini = teardown, .timeout = 200);

static unsigned random_below(unsigned n) {
        return (unsigned)rand_r(&seed) % n;
}

/* All that was answered came in order. */
static void expect_all(void) {
        unsigned n_repeats;

        load_run(&load, 50000, 100);
        load_settle(&load);
        client_do(&world.app, load.path, "Flush", "t", WORLD_WAIT_USEC);
        n_repeats = world_expect_in_order(&world, "m", load.n_answered, WINDOW);
        cr_log_info("%u messages over %zu connections, %u of them repeated", load.n_answered,
                    recorder_count(&world.server, "open"), n_repeats);
}

/* What the app knew at a kill. */
struct kill {
        size_t n_connections;
        uint64_t told_id;
};

/* What was told to be delivered before a kill never comes on a connection after it. */
static void expect_no_delivered_again(const struct kill *kills) {
        for (size_t i = 0; i < world.server.n_events; i++) {
                const struct recorded *event = &world.server.events[i];

                if (strcmp(event->event, "message") != 0)
                        continue;
                for (size_t k = 0; k < KILLS; k++)
                        if (event->connection > kills[k].n_connections)
                                cr_assert_gt(strtoull(event->text + 2, NULL, 10) + 1,
                                             kills[k].told_id, "%s came again", event->text);
        }
}

Test(kill, agent_at_random_moments) {
        CLEANUP(freep) char *path = client_open(&world.app, "a", WORLD_SINK, 0);
        struct kill kills[KILLS];

        load_start(&load, &world, path);
        for (size_t i = 0; i < KILLS; i++) {
                load_run(&load, random_below(40000), 1000);
                world_kill_agent(&world);
                load_settle(&load);
                kills[i] = (struct kill){.n_connections = recorder_count(&world.server, "open"),
                                         .told_id = load.told_id};
                world_restart_agent(&world);
                client_do(&world.app, NULL, "Attach", "a{sv}", 0);
        }
        expect_all();
        expect_no_delivered_again(kills);
        load_stop(&load);
}

static void restart_netmon(void) {
        cr_assert_eq(child_stop(world.netmon, SIGKILL), 128 + SIGKILL);
        world_start_netmon(&world, NULL);
}

static void restore(const char *name) {
        shell("ip address replace 10.%d.0.2/24 dev %s", name[0] == 'w' ? 1 : 2, name);
        shell("ip address replace 2001:db8:%d::2/64 dev %s nodad", name[0] == 'w' ? 1 : 2, name);
        world_heal(&world, name);
}

/* One of the things that happen to a laptop. */
static void strike(void) {
        const char *name = random_below(3) > 0 ? "w0" : "c0";
        unsigned net = name[0] == 'w' ? 1 : 2;

        switch (random_below(10)) {
        case 0:
        case 1:
                world_cut(&world, name);
                break;
        case 2:
        case 3:
                restore(name);
                break;
        case 4:
                shell("ip address flush dev %s", name);
                break;
        case 5:
                /* Without an address there is no way to the gateway. */
                shell("ip route replace default via 10.%u.0.1 dev %s metric %u >/dev/null 2>&1 || "
                      "true",
                      net, name, 1 + random_below(3));
                break;
        case 6:
                shell("ip route del default >/dev/null 2>&1 || true");
                break;
        case 7:
                recorder_command(&world.server, "close 1012");
                break;
        case 8:
                world_kill_agent(&world);
                load_settle(&load);
                world_restart_agent(&world);
                client_do(&world.app, NULL, "Attach", "a{sv}", 0);
                break;
        default:
                restart_netmon();
        }
}

Test(kill, everything_at_random_moments) {
        CLEANUP(freep)
        char *path = client_open(&world.app, "a", WORLD_SINK, 5, "ping-interval", "t",
                                 UINT64_C(200000), "ping-timeout", "t", UINT64_C(300000),
                                 "connect-timeout", "t", UINT64_C(500000), "backoff-first", "t",
                                 UINT64_C(50000), "backoff-cap", "t", UINT64_C(200000));

        load_start(&load, &world, path);
        for (unsigned i = 0; i < BLOWS; i++) {
                load_run(&load, random_below(200000), 100);
                strike();
                (void)recorder_count(&world.server, "open");
        }
        restore("w0");
        restore("c0");
        expect_all();
        load_stop(&load);
}
