/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Two questions to the kernel, which route matches and how it is used, made into one path. */

#include <stdbool.h>

#include "path.h"
#include "route_msg.h"
#include "underlay.h"

struct kernel;
struct model;

struct lookup {
        const struct model *model;
        const struct kernel *kernel;
        bool unknown;               /* set when an answer spoke of what the model does not have */
        struct underlays underlays; /* of the tunnels that answers led into */
        uint64_t lifetime_usec;     /* of the route that ends first; 0: none does */
};

/* 0, *ret filled and judged; *ret_match is the matching route, with type RTN_UNSPEC when there is
 * none. -EAGAIN when the kernel could not be asked. */
int lookup_path(struct lookup *lookup, const struct route_query *query, struct path *ret,
                struct route_reply *ret_match);

/* Whether a packet would go the way of `path`, by one question instead of two: 1; 0 when not, or
 * when that is not sure; -EAGAIN. */
int lookup_goes_along(struct lookup *lookup, const struct route_query *query,
                      const struct path *path);

/* Whether strict rp_filter drops what comes back to `path`. 1, 0 or -EAGAIN. */
int lookup_rp_filter(struct lookup *lookup, const struct route_query *query,
                     const struct path *path);

/* A route ends in so long; 0: never. */
void lookup_note_lifetime(struct lookup *lookup, uint64_t lifetime_usec);
