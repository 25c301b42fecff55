/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The ways around a selected path: usable ones through other interfaces, and none that leaks. */

#include <stdbool.h>
#include <stddef.h>

struct answer;
struct lookup;
struct path;
struct route_query;

/* Only tunnels may stand in for this path: it is one, or the traffic is forbidden to leave. */
bool alternatives_guarded(const struct path *selected);

/* Finds those of answer->selected for the destination of `query`. 0, or -EAGAIN. */
int alternatives_find(struct lookup *lookup, const struct route_query *query,
                      struct answer *answer);

/* Puts a path in its place: unmetered first, then by metric, type and index. The worst falls off a
 * full list. */
void alternatives_add(struct answer *answer, const struct path *path);
