/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "names.h"

static struct {
        sd_bus *bus;
        char fail_member[64];
        char fail_error[128];
        char called[32][64]; /* members, since the last wait */
        size_t n_called;
        sd_bus_message *waiting;
        char waiting_for[64];
} fake;

/* Notes every call; makes those fail that shall. */
static int filter(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *member = sd_bus_message_get_member(m);
        uint8_t type;

        if (sd_bus_message_get_type(m, &type) < 0 || type != SD_BUS_MESSAGE_METHOD_CALL ||
            !member || strcmp(sd_bus_message_get_path(m), FAKE_PATH) == 0)
                return 0;
        if (fake.n_called < 32)
                (void)snprintf(fake.called[fake.n_called++], 64, "%s", member);
        if (strcmp(member, fake.fail_member) == 0) {
                fake.fail_member[0] = '\0';
                if (strcmp(fake.fail_error, "hang") == 0)
                        return 1;
                (void)sd_bus_reply_method_errorf(m, fake.fail_error, "the fake was told to fail");
                return 1;
        }
        return 0;
}

/* After the calls of this turn were handled: lets those go on who wait for one of them. */
static int on_post(sd_event_source *source, void *userdata) {
        for (size_t i = 0; fake.waiting && i < fake.n_called; i++) {
                if (strcmp(fake.called[i], fake.waiting_for) != 0)
                        continue;
                fake.n_called = 0;
                (void)sd_bus_reply_method_return(fake.waiting, NULL);
                fake.waiting = sd_bus_message_unref(fake.waiting);
        }
        return 0;
}

static int method_wait_for(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *member;
        int r = sd_bus_message_read(m, "s", &member);

        if (r < 0)
                return r;
        (void)snprintf(fake.waiting_for, sizeof(fake.waiting_for), "%s", member);
        fake.waiting = sd_bus_message_ref(m);
        return 1;
}

static int method_fail(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *member, *error;
        int r = sd_bus_message_read(m, "ss", &member, &error);

        if (r < 0)
                return r;
        (void)snprintf(fake.fail_member, sizeof(fake.fail_member), "%s", member);
        (void)snprintf(fake.fail_error, sizeof(fake.fail_error), "%s", error);
        return sd_bus_reply_method_return(m, NULL);
}

static int method_receive(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *channel;
        const void *payload;
        size_t len;
        int r;

        r = sd_bus_message_read(m, "s", &channel);
        if (r < 0)
                return r;
        r = sd_bus_message_read_array(m, 'y', &payload, &len);
        if (r < 0)
                return r;
        r = fake_agent_receive(fake.bus, channel, payload, len);
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static int method_state(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *channel, *state, *sentence;
        int r = sd_bus_message_read(m, "sss", &channel, &state, &sentence);

        if (r < 0)
                return r;
        r = fake_agent_state(fake.bus, channel, state, sentence);
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static int method_path(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *interface;
        int r = sd_bus_message_read(m, "s", &interface);

        if (r < 0)
                return r;
        r = fake_netmon_path(fake.bus, interface);
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static int method_tell(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        int all, r = sd_bus_message_read(m, "b", &all);

        if (r < 0)
                return r;
        fake_netmon_tell(all);
        return sd_bus_reply_method_return(m, "");
}

static int method_link(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *interface;
        int carrier, r = sd_bus_message_read(m, "sb", &interface, &carrier);

        if (r < 0)
                return r;
        r = fake_netmon_link(fake.bus, interface, carrier);
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static int method_name(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *name;
        int r = sd_bus_message_read(m, "s", &name);

        if (r < 0)
                return r;
        if (strcmp(sd_bus_message_get_member(m), "Take") == 0)
                r = sd_bus_request_name(fake.bus, name, 0);
        else
                r = sd_bus_release_name(fake.bus, name);
        fake_agent_restart();
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("WaitFor", "s", "", method_wait_for, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Fail", "ss", "", method_fail, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Receive", "say", "", method_receive, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("State", "sss", "", method_state, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Path", "s", "", method_path, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Link", "sb", "", method_link, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Tell", "b", "", method_tell, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Take", "s", "", method_name, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Drop", "s", "", method_name, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static void check(int r) {
        if (r >= 0)
                return;
        (void)fprintf(stderr, "fake: %s\n", strerror(-r));
        exit(1);
}

/* fake ADDRESS [NAME...]: takes these names of the bus, or without any those of both daemons. */
int main(int argc, char **argv) {
        static char *both[] = {(char *)NETMON_BUS_NAME, (char *)AGENT_BUS_NAME, NULL};
        char **names = argc > 2 ? argv + 2 : both;
        sd_event *event;

        if (argc < 2)
                return 2;
        check(sd_event_new(&event));
        check(sd_bus_new(&fake.bus));
        check(sd_bus_set_address(fake.bus, argv[1]));
        check(sd_bus_set_bus_client(fake.bus, true));
        check(sd_bus_negotiate_fds(fake.bus, true));
        check(sd_bus_start(fake.bus));
        check(sd_bus_add_filter(fake.bus, NULL, filter, NULL));
        check(sd_bus_add_object_vtable(fake.bus, NULL, FAKE_PATH, FAKE_NAME, vtable, NULL));
        check(fake_netmon_register(fake.bus));
        check(fake_agent_register(fake.bus));
        for (; *names; names++)
                check(sd_bus_request_name(fake.bus, *names, 0));
        check(sd_bus_request_name(fake.bus, FAKE_NAME, 0)); /* the last: all is there */
        check(sd_bus_attach_event(fake.bus, event, 0));
        check(sd_event_add_post(event, NULL, on_post, NULL));
        check(sd_bus_set_exit_on_disconnect(fake.bus, true));
        return sd_event_loop(event);
}
