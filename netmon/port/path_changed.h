/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The signal PathChanged. */

#include <stdint.h>
#include <systemd/sd-bus.h>

struct summary;
struct world;

/* Sends it: from `was` to world->summary, for enum reason bits, with the serial of now. */
int path_changed_emit(sd_bus *bus, const struct world *world, const struct summary *was,
                      unsigned reasons, uint64_t event_usec);
