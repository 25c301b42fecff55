/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What wherry-netmon says, mirrored: its interfaces, and the path to each watched destination.
 *
 * netmon may be absent, come late, restart and vanish: then nothing is known, and the watches are
 * made again by themselves when it is back. */

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "path.h"

struct netmon_client;
struct netmon_watch;

struct netmon_handlers {
        /* The answer of a watch has changed, is there at last, or has become unknown. */
        void (*watch_changed)(void *watch_userdata);
        /* An interface has come, gone or changed. */
        void (*interfaces_changed)(void *userdata);
        /* The machine has slept. */
        void (*resumed)(void *userdata);
};

int netmon_client_new(const struct netmon_handlers *handlers, void *userdata,
                      struct netmon_client **ret);
void netmon_client_free(struct netmon_client *client);

/* A new bus connection, or its end. */
int netmon_client_attach(struct netmon_client *client, sd_bus *bus);
void netmon_client_detach(struct netmon_client *client);

/* interfaces->known is false while netmon is not there. */
const struct interfaces *netmon_client_interfaces(const struct netmon_client *client);

/* Watches a destination: a numeric address or "default". The answer comes by watch_changed(). */
int netmon_watch_new(struct netmon_client *client, const char *destination, void *userdata,
                     struct netmon_watch **ret);
/* NULL is allowed. */
void netmon_watch_free(struct netmon_watch *watch);

/* paths->known is false while there is no answer. */
const struct paths *netmon_watch_paths(const struct netmon_watch *watch);
/* The first answer is on its way: it is worth waiting for. */
bool netmon_watch_is_pending(const struct netmon_watch *watch);
