/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent_place.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_world.h"
#include "child.h"
#include "die.h"
#include "names.h"
#include "netmon_process.h"
#include "netns.h"

#define NOBODY 65534

static void start_agent(struct agent_place *place, const char *parent) {
        char bus[128], state[4128];
        const char *argv[] = {getenv("WHERRY_AGENT"), bus, state, "--config=/dev/null",
                              "--log-level=error",    NULL};

        if (!argv[0])
                die("WHERRY_AGENT does not name the program");
        (void)snprintf(place->directory, sizeof(place->directory), "%s/wherry-bench-XXXXXX",
                       parent);
        if (!mkdtemp(place->directory) || chown(place->directory, NOBODY, NOBODY) < 0)
                die("%s: %s", place->directory, strerror(errno));
        (void)snprintf(bus, sizeof(bus), "--bus=%s", place->daemon.address);
        (void)snprintf(state, sizeof(state), "--state=%s", place->directory);
        place->agent = child_start_as(NOBODY, NOBODY, argv);
}

void agent_place_start(struct agent_place *place, const char *parent, const char *netmon_config) {
        bus_daemon_start(&place->daemon);
        place->netmon = netmon_start_as_nobody(&place->daemon, netmon_config, NULL);
        start_agent(place, parent);
        client_start(&place->app, &place->daemon, getuid());
        bus_wait_for_name(place->app.bus, NETMON_BUS_NAME, WORLD_WAIT_USEC);
        bus_wait_for_name(place->app.bus, AGENT_BUS_NAME, WORLD_WAIT_USEC);
}

void agent_place_stop(struct agent_place *place) {
        client_stop(&place->app);
        if (child_stop(place->agent, SIGTERM) != 0 || child_stop(place->netmon, SIGTERM) != 0)
                die("a daemon did not end well");
        bus_daemon_stop(&place->daemon);
        shell("rm -rf '%s'", place->directory);
}
