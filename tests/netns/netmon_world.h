/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A laptop for the tests of netmon: its own namespace and bus, a daemon, and up to two uplinks. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "bus_daemon.h"
#include "bus_signals.h"

#define NETMON_WAIT_USEC UINT64_C(20000000) /* for what must come, on a busy machine too */

struct netmon_world {
        struct bus_daemon daemon;
        sd_bus *bus;
        pid_t netmon;
        struct bus_signals *signals; /* all that netmon sends this connection, from READY on */
        int wifi;                    /* the taps; -1: none */
        int cellular;
};

enum netmon_user {
        NETMON_AS_ROOT,
        NETMON_AS_NOBODY,
};

/* Enters a namespace and starts the bus and the daemon; "wifi*" and "cell*" are typed so. Skips the
 * test when namespaces cannot be made. */
void netmon_world_start(struct netmon_world *world, enum netmon_user user,
                        const char *const *arguments);
void netmon_world_stop(struct netmon_world *world);

/* Takes the bus away, as a crash would, and brings it back with netmon on it. */
void netmon_world_kill_bus(struct netmon_world *world);
void netmon_world_restart_bus(struct netmon_world *world);

/* Adds wifi0 (10.1.0.2/24, 2001:db8:1::2/64) with carrier and default routes by .1 and ::1 of
 * metric 100, or cell0 (10.2.0.2/24, 2001:db8:2::2/64) likewise with metric 200, and waits until
 * netmon knows. */
void netmon_world_add_wifi(struct netmon_world *world);
void netmon_world_add_cellular(struct netmon_world *world);

/* What GetPath says; free both. */
struct netmon_answer {
        char *path;
        char *alternatives;
};

struct netmon_answer netmon_ask(struct netmon_world *world, const char *destination);
/* With one option: its key, and its value as for sd_bus_message_append(). */
struct netmon_answer netmon_ask_with(struct netmon_world *world, const char *destination,
                                     const char *key, const char *type, ...);
void netmon_answer_free(struct netmon_answer *answer);

/* Asks again and again until the path to `destination` contains `text`; dies when it does
 * not come to that. */
void netmon_wait_for(struct netmon_world *world, const char *destination, const char *text);

enum netmon_choice {
        NETMON_SHOWN_INTERFACES,
        NETMON_ALL_INTERFACES,
};

/* The interfaces of Snapshot; to be freed. */
char *netmon_snapshot(struct netmon_world *world, enum netmon_choice choice);

/* Opens a watch and returns its object path; to be freed. */
char *netmon_watch(struct netmon_world *world, const char *destination);

/* Waits until netmon has told all there is to tell, and drops it. */
void netmon_settle(struct netmon_world *world);

/* The next signal with that member, within NETMON_WAIT_USEC; dies when none comes. */
sd_bus_message *netmon_next(struct netmon_world *world, const char *member);
