/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A wherry-netmon under test. The program is named by WHERRY_NETMON in the environment. */

#include <sys/types.h>

struct bus_daemon;

/* Starts it in the current namespace on that bus, with the text (NULL: none) as its configuration
 * and more arguments (NULL: none), a list that ends with NULL. Does not wait for it. */
pid_t netmon_start(const struct bus_daemon *daemon, const char *config,
                   const char *const *arguments);
/* The same as user and group nobody. */
pid_t netmon_start_as_nobody(const struct bus_daemon *daemon, const char *config,
                             const char *const *arguments);
