/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent_bus.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent.h"
#include "cleanup.h"
#include "die.h"
#include "names.h"

static int on_stop(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        return sd_event_exit(userdata, 0);
}

static void serve(struct agent_bus *ab, struct agent *agent) {
        sd_event_source *stop = NULL;
        sd_bus *bus = NULL;
        sd_id128_t id = SD_ID128_MAKE(1, 2, 3, 4, 5, 6, 7, 8, 9, a, b, c, d, e, f, 0);

        if (sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, ab->agent_fd, ab->agent_fd) < 0 ||
            sd_bus_set_server(bus, true, id) < 0 || sd_bus_negotiate_fds(bus, true) < 0 ||
            sd_bus_start(bus) < 0 || sd_bus_attach_event(bus, agent->event, 0) < 0 ||
            sd_event_add_io(agent->event, &stop, ab->stop_fd, EPOLLIN, on_stop, agent->event) < 0)
                die("the agent's side of the socket pair");
        if (agent_attach(agent, bus) < 0)
                die("the agent cannot be attached");
        (void)agent_run(agent);
        agent_detach(agent);
        sd_event_source_unref(stop);
        sd_bus_close_unref(bus);
}

static void *run(void *userdata) {
        struct agent_bus *ab = userdata;
        struct agent_config config = {
                .queue_bytes = 64 << 20, .user_bytes = 8 << 20, .user_channels = 4};
        struct agent *agent;
        char problem[512];

        (void)snprintf(config.state_directory, sizeof(config.state_directory), "%s", ab->directory);
        if (agent_new(&config, &agent, problem, sizeof(problem)) < 0)
                die("agent: %s", problem);
        serve(ab, agent);
        agent_free(agent);
        return NULL;
}

void agent_bus_start(struct agent_bus *ab) {
        int pair[2];

        (void)signal(SIGPIPE, SIG_IGN);
        if (*ab->directory == '\0') {
                (void)strcpy(ab->directory, "/tmp/wherry-agent-XXXXXX");
                if (!mkdtemp(ab->directory))
                        die("mkdtemp");
        }
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                die("socketpair");
        ab->agent_fd = pair[0];
        ab->stop_fd = eventfd(0, EFD_CLOEXEC);
        if (pthread_create(&ab->thread, NULL, run, ab) != 0)
                die("pthread_create");
        if (sd_bus_new(&ab->bus) < 0 || sd_bus_set_fd(ab->bus, pair[1], pair[1]) < 0 ||
            sd_bus_negotiate_fds(ab->bus, true) < 0 || sd_bus_start(ab->bus) < 0)
                die("the caller's side of the socket pair");
}

void agent_bus_stop(struct agent_bus *ab) {
        (void)eventfd_write(ab->stop_fd, 1);
        (void)pthread_join(ab->thread, NULL);
        ab->bus = sd_bus_close_unref(ab->bus);
        (void)close(ab->stop_fd);
}

void agent_bus_remove(struct agent_bus *ab) {
        char command[128];

        agent_bus_stop(ab);
        (void)snprintf(command, sizeof(command), "rm -r '%s'", ab->directory);
        if (system(command) != 0)
                die("%s", command);
}

sd_bus_message *agent_bus_call(struct agent_bus *ab, const char *path, const char *member,
                               sd_bus_error *error, const char *types, ...) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        sd_bus_message *reply = NULL;
        va_list ap;
        int r;

        r = sd_bus_message_new_method_call(ab->bus, &m, NULL, path ? path : AGENT_PATH,
                                           path ? AGENT_CHANNEL_INTERFACE : AGENT_INTERFACE,
                                           member);
        if (r < 0)
                die("%s: %s", member, strerror(-r));
        va_start(ap, types);
        r = sd_bus_message_appendv(m, types, ap);
        va_end(ap);
        if (r < 0)
                die("%s: %s", member, strerror(-r));
        (void)sd_bus_call(ab->bus, m, 10000000, error, &reply);
        return reply;
}
