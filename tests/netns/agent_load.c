/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent_load.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "die.h"
#include "moment.h"
#include "names.h"

static int on_states(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct load *load = userdata;
        const char *state, *reason;
        uint64_t id;

        cr_assert(sd_bus_message_enter_container(m, 'a', "(tss)") > 0);
        while (sd_bus_message_read(m, "(tss)", &id, &state, &reason) > 0)
                if (strcmp(state, "delivered") == 0 && id > load->told_id)
                        load->told_id = id;
        return 0;
}

void load_start(struct load *load, struct agent_world *world, char *path) {
        *load = (struct load){.world = world, .path = path};
        cr_assert(sd_bus_match_signal(world->app.bus, &load->states, NULL, NULL,
                                      AGENT_CHANNEL_INTERFACE, "MessageStates", on_states,
                                      load) >= 0);
}

void load_stop(struct load *load) {
        load->states = sd_bus_slot_unref(load->states);
}

static int on_sent(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct load *load = userdata;
        uint64_t id;

        load->n_waiting--;
        if (sd_bus_message_is_method_error(m, NULL))
                return 0; /* it may be stored or not */
        cr_assert(sd_bus_message_read(m, "t", &id) > 0);
        cr_assert_eq(id, ++load->n_answered, "the answer to message %u is %" PRIu64,
                     load->n_answered, id);
        return 0;
}

static void send_next(struct load *load) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        uint8_t uuid[16] = {[6] = 0x70, [8] = 0x80};
        char text[64];

        (void)snprintf((char *)uuid + 10, 6, "%05u", load->n_sent % 100000);
        (void)snprintf(text, sizeof(text), "m %u 00000000-0000-7000-8000-%05u", load->n_sent,
                       load->n_sent);
        if (sd_bus_message_new_method_call(load->world->app.bus, &m, AGENT_BUS_NAME, load->path,
                                           AGENT_CHANNEL_INTERFACE, "Send") < 0 ||
            sd_bus_message_append_array(m, 'y', text, strlen(text)) < 0 ||
            sd_bus_message_open_container(m, 'a', "{sv}") < 0 ||
            sd_bus_message_open_container(m, 'e', "sv") < 0 ||
            sd_bus_message_append(m, "s", "uuid") < 0 ||
            sd_bus_message_open_container(m, 'v', "ay") < 0 ||
            sd_bus_message_append_array(m, 'y', uuid, sizeof(uuid)) < 0 ||
            sd_bus_message_close_container(m) < 0 || sd_bus_message_close_container(m) < 0 ||
            sd_bus_message_close_container(m) < 0 ||
            sd_bus_call_async(load->world->app.bus, NULL, m, on_sent, load, WORLD_WAIT_USEC) < 0)
                die("a message cannot be sent");
        load->n_sent++;
        load->n_waiting++;
}

/* Lets the connection work once, or waits for it until then. */
static void process(struct load *load, uint64_t deadline_usec) {
        uint64_t now_usec = moment_boottime_usec();

        if (sd_bus_process(load->world->app.bus, NULL) == 0 && now_usec < deadline_usec)
                (void)sd_bus_wait(load->world->app.bus, deadline_usec - now_usec);
}

void load_run(struct load *load, uint64_t usec, unsigned n_max) {
        uint64_t deadline_usec = moment_boottime_usec() + usec;
        unsigned end = load->n_answered + n_max;

        while (moment_boottime_usec() < deadline_usec) {
                while (load->n_waiting < LOAD_OUTSTANDING && load->n_sent < end)
                        send_next(load);
                process(load, deadline_usec);
        }
}

void load_settle(struct load *load) {
        uint64_t deadline_usec = moment_boottime_usec() + WORLD_WAIT_USEC;

        while (load->n_waiting > 0 && moment_boottime_usec() < deadline_usec)
                process(load, deadline_usec);
        cr_assert_eq(load->n_waiting, 0, "%u calls were not answered", load->n_waiting);
        load->n_sent = load->n_answered;
}
