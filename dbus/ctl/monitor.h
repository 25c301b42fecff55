/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the monitor knows of the two daemons: their signals are told against it. */

#include "loop.h"
#include "peer.h"
#include "value.h"

struct monitor {
        struct ctl *ctl;
        struct loop loop;
        struct peer *netmon, *agent;
        uint64_t serial;       /* of netmon's snapshot: a PathChanged up to it is in it */
        json_object *links;    /* object path to properties, as they were told last */
        json_object *channels; /* the same */
        json_object *status;   /* properties of the agent */
};

#define MONITOR_ANSWER_USEC (3 * USEC_PER_SEC) /* signals wait meanwhile */
#define MONITOR_OBJECTS "org.freedesktop.DBus.ObjectManager"
#define MONITOR_PROPERTIES "org.freedesktop.DBus.Properties"

/* Hear the signals of netmon, and of the agent; each makes one line, or none. */
void monitor_watch_netmon(struct monitor *m);
void monitor_watch_agent(struct monitor *m);

/* Loads what netmon, or the agent, says now, and tells that it is there: `state` is "running" or
 * "started". */
void monitor_load_netmon(struct monitor *m, const char *state);
void monitor_load_agent(struct monitor *m, const char *state);

/* An array of objects by their paths: {path: object}. */
json_object *monitor_index(json_object *list);

/* An event about a daemon itself: the beginning of its details. */
json_object *monitor_daemon(const struct service *service, const char *state);
