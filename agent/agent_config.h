/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The settings of the daemon: file, environment and command line. */

#include <stddef.h>

#include "agent.h"

#define AGENT_CONFIG_PATH "/etc/wherry/agent.conf"

/* Fills `ret` with the defaults, then with what the file at `path` and its drop-ins say. `path`
 * NULL: AGENT_CONFIG_PATH, if it is there. `state` NULL: $STATE_DIRECTORY, else the default of the
 * bus. A negative errno with a sentence in `problem`, which names file, line and key. */
int agent_config_read(struct agent_config *ret, const char *path, const char *bus,
                      const char *state, char *problem, size_t problem_size);
