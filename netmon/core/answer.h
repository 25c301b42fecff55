/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The answer to a question: the path that the kernel selects, and the ways around it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "path.h"
#include "route_msg.h"
#include "underlay.h"

struct kernel;
struct model;
struct question;

#define ANSWER_ALTERNATIVES_MAX 8

struct answer {
        struct path selected;
        /* The members of the selected route, when it is a set; in a fixed order. */
        struct nexthop nexthops[ROUTE_NEXTHOPS_MAX];
        char nexthop_names[ROUTE_NEXTHOPS_MAX][IFNAMSIZ];
        size_t n_nexthops;
        /* The default path of the high half of IPv4, when that is another. */
        struct path split;
        bool has_split;
        /* Usable paths through other interfaces, the best first. */
        struct path alternatives[ANSWER_ALTERNATIVES_MAX];
        size_t n_alternatives;
        struct underlays underlays; /* of the tunnels among all these */
        /* When the first of the routes ends by itself; 0: none does. The kernel uses it no more
         * then, and says so when it gets to it, half a minute later. */
        uint64_t ends_usec;
};

/* Asks the kernel. `previous` is the last answer to the same question, or NULL: what goes on keeps
 * its time, and one of several next hops is kept while it works.
 *
 * 0 and *ret filled; 1 and *ret filled, when the kernel spoke of something that the model does not
 * have: read what is new and ask again; -EAGAIN, *ret untouched, when it could not be asked. */
int answer_ask(const struct question *question, const struct model *model,
               const struct kernel *kernel, const struct answer *previous, uint64_t now_usec,
               struct answer *ret);

/* Which family a packet to somewhere takes: IPv4 unless only IPv6 works, or only IPv6 has a route.
 */
bool answer_prefers6(const struct answer *four, const struct answer *six);

/* Usable now, on the selected path or around it. */
bool answer_is_usable(const struct answer *answer);

/* Everything but the times. */
bool answer_equal(const struct answer *a, const struct answer *b);
