/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A private dbus-daemon in a directory of its own, open to every user. */

#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

struct bus_daemon {
        char directory[64];
        char address[96];
        pid_t pid; /* 0: stopped */
};

/* Starts it and waits until it listens. */
void bus_daemon_start(struct bus_daemon *daemon);
/* Ends it at once, as a crash would; it can be started again at the same address. */
void bus_daemon_kill(struct bus_daemon *daemon);
void bus_daemon_restart(struct bus_daemon *daemon);
/* Ends it and removes the directory, with the files that this folder's helpers put there. */
void bus_daemon_stop(struct bus_daemon *daemon);

/* A connection of this process, ready for use. */
sd_bus *bus_daemon_connect(const struct bus_daemon *daemon);

/* Waits until somebody owns `name`; dies after `timeout_usec`. */
void bus_wait_for_name(sd_bus *bus, const char *name, uint64_t timeout_usec);
