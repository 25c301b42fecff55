/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A service of another project, played by python3-dbusmock. */

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

struct bus_daemon;

/* Starts the template, one of dbusmock's own or a file of this folder (NAME.py), and waits until
 * `name` has an owner on the bus; `bus` is a connection to it. Ends with child_stop(). */
pid_t mock_start(const struct bus_daemon *daemon, sd_bus *bus, const char *template,
                 const char *name);
/* False where dbusmock is not installed. */
bool mock_possible(void);

/* Calls a method of a mocked object; dies when it fails. */
void mock_call(sd_bus *bus, const char *name, const char *path, const char *interface,
               const char *member, const char *types, ...);
