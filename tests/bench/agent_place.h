/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A bus with both daemons, as user nobody, and an app of root on it, for the benches of the agent.
 * The programs are named by WHERRY_NETMON and WHERRY_AGENT in the environment. */

#include <sys/types.h>

#include "agent_client.h"
#include "bus_daemon.h"

struct agent_place {
        struct bus_daemon daemon;
        char directory[4096]; /* the queue's */
        pid_t netmon;
        pid_t agent;
        struct agent_client app;
};

/* In the current network namespace. The queue comes into a new directory in `parent`, which nobody
 * must be able to reach. */
void agent_place_start(struct agent_place *place, const char *parent, const char *netmon_config);
/* Ends all of it and removes the queue. */
void agent_place_stop(struct agent_place *place);
