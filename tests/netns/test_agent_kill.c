/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* kill -9 of the agent at random moments under load: whatever Send has answered arrives, in order,
 * and comes twice only when it was in flight. */

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent_world.h"
#include "cleanup.h"
#include "die.h"
#include "moment.h"
#include "names.h"

#define KILLS 50
#define PER_LIFE 1000  /* messages sent between two kills, at most */
#define OUTSTANDING 32 /* calls that wait for their reply */
#define WINDOW 64      /* messages written and not proved: the default */

static struct agent_world world;

static void setup(void) {
        world_start(&world);
}

static void teardown(void) {
        world_stop(&world);
}

TestSuite(kill, .init = setup, .fini = teardown, .timeout = 200);

/* An app that sends messages 0, 1, 2, ... and repeats those that were not answered. */
static struct {
        char *path;
        unsigned n_sent;     /* calls made, or made again */
        unsigned n_answered; /* the first so many are on disk */
        unsigned n_waiting;
        uint64_t told_id; /* the highest that was said to be delivered */
} app;

/* What the app knew at a kill. */
struct kill {
        size_t n_connections;
        uint64_t told_id;
};

static int on_sent(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        uint64_t id;

        app.n_waiting--;
        if (sd_bus_message_is_method_error(m, NULL))
                return 0; /* it may be stored or not: it is sent again with the same UUID */
        cr_assert(sd_bus_message_read(m, "t", &id) > 0);
        cr_assert_eq(id, ++app.n_answered, "the answer to message %u is %" PRIu64, app.n_answered,
                     id);
        return 0;
}

static void send_next(void) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        uint8_t uuid[16] = {[6] = 0x70, [8] = 0x80};
        char text[64];

        (void)snprintf((char *)uuid + 10, 6, "%05u", app.n_sent);
        (void)snprintf(text, sizeof(text), "m %u 00000000-0000-7000-8000-%05u", app.n_sent,
                       app.n_sent);
        if (sd_bus_message_new_method_call(world.app.bus, &m, AGENT_BUS_NAME, app.path,
                                           AGENT_CHANNEL_INTERFACE, "Send") < 0 ||
            sd_bus_message_append_array(m, 'y', text, strlen(text)) < 0 ||
            sd_bus_message_open_container(m, 'a', "{sv}") < 0 ||
            sd_bus_message_open_container(m, 'e', "sv") < 0 ||
            sd_bus_message_append(m, "s", "uuid") < 0 ||
            sd_bus_message_open_container(m, 'v', "ay") < 0 ||
            sd_bus_message_append_array(m, 'y', uuid, sizeof(uuid)) < 0 ||
            sd_bus_message_close_container(m) < 0 || sd_bus_message_close_container(m) < 0 ||
            sd_bus_message_close_container(m) < 0 ||
            sd_bus_call_async(world.app.bus, NULL, m, on_sent, NULL, WORLD_WAIT_USEC) < 0)
                die("a message cannot be sent");
        app.n_sent++;
        app.n_waiting++;
}

static int on_states(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *state, *reason;
        uint64_t id;

        cr_assert(sd_bus_message_enter_container(m, 'a', "(tss)") > 0);
        while (sd_bus_message_read(m, "(tss)", &id, &state, &reason) > 0)
                if (strcmp(state, "delivered") == 0 && id > app.told_id)
                        app.told_id = id;
        return 0;
}

/* Lets the connection work once, or waits for it until then. */
static void process(uint64_t deadline_usec) {
        uint64_t now_usec = moment_boottime_usec();

        if (sd_bus_process(world.app.bus, NULL) == 0 && now_usec < deadline_usec)
                (void)sd_bus_wait(world.app.bus, deadline_usec - now_usec);
}

static void wait_for_answers(void) {
        uint64_t deadline_usec = moment_boottime_usec() + WORLD_WAIT_USEC;

        while (app.n_waiting > 0 && moment_boottime_usec() < deadline_usec)
                process(deadline_usec);
        cr_assert_eq(app.n_waiting, 0, "%u calls were not answered", app.n_waiting);
}

/* Sends under load until then. */
static void live(uint64_t deadline_usec) {
        unsigned end = app.n_answered + PER_LIFE;

        while (moment_boottime_usec() < deadline_usec) {
                while (app.n_waiting < OUTSTANDING && app.n_sent < end)
                        send_next();
                process(deadline_usec);
        }
}

/* What was told to be delivered before a kill never comes on a connection after it. */
static void expect_no_delivered_again(const struct kill *kills) {
        size_t n_repeats = 0;

        for (size_t i = 0; i < world.server.n_events; i++) {
                const struct recorded *event = &world.server.events[i];

                if (strcmp(event->event, "message") != 0)
                        continue;
                for (size_t k = 0; k < KILLS; k++)
                        if (event->connection > kills[k].n_connections)
                                n_repeats +=
                                        strtoull(event->text + 2, NULL, 10) + 1 <= kills[k].told_id;
        }
        cr_assert_eq(n_repeats, 0, "%zu messages came after they were told to be delivered",
                     n_repeats);
}

Test(kill, random_moments_under_load) {
        unsigned seed = (unsigned)time(NULL), n_repeats;
        CLEANUP(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
        struct kill kills[KILLS];

        cr_log_info("seed %u", seed);
        cr_assert(sd_bus_match_signal(world.app.bus, &slot, NULL, NULL, AGENT_CHANNEL_INTERFACE,
                                      "MessageStates", on_states, NULL) >= 0);
        app.path = client_open(&world.app, "a", WORLD_SINK, 0);
        for (size_t i = 0; i < KILLS; i++) {
                live(moment_boottime_usec() + (unsigned)rand_r(&seed) % 40000);
                world_kill_agent(&world);
                wait_for_answers();
                kills[i] = (struct kill){.n_connections = recorder_count(&world.server, "open"),
                                         .told_id = app.told_id};
                app.n_sent = app.n_answered;
                world_restart_agent(&world);
                client_do(&world.app, NULL, "Attach", "a{sv}", 0);
        }
        live(moment_boottime_usec() + 50000);
        wait_for_answers();
        client_do(&world.app, app.path, "Flush", "t", WORLD_WAIT_USEC);
        cr_assert_eq(app.n_answered, app.n_sent);
        n_repeats = world_expect_in_order(&world, "m", app.n_answered, WINDOW);
        cr_log_info("%u messages over %zu connections, %u of them repeated", app.n_answered,
                    recorder_count(&world.server, "open"), n_repeats);
        expect_no_delivered_again(kills);
        free(app.path);
}
