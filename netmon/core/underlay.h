/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What carries a tunnel: the physical path of the packets that it sends itself.
 *
 * The kernel's own tunnels tell where they lead, so the kernel is asked for that address. Others do
 * not tell without privilege: for them the default path stands, as a packet with their mark takes
 * it, or, without a mark, the best one that is no tunnel. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netaddr.h"
#include "path.h"

struct lookup;

#define UNDERLAYS_MAX 4

struct underlay {
        uint32_t tunnel; /* its index */
        bool is_known;
        struct netaddr endpoint; /* what was asked for; none: the default path of path.family */
        struct path path;
};

/* Of different tunnels; more than fit count as unknown. */
struct underlays {
        struct underlay entries[UNDERLAYS_MAX];
        size_t n;
};

/* What was found for tunnels in one state of the model, for the questions that follow. */
struct underlay_cache {
        struct {
                struct underlay underlay;
                uint32_t table; /* of the route into it */
                bool unknown;   /* as in struct lookup, of what was asked for it */
                uint64_t lifetime_usec;
        } entries[UNDERLAYS_MAX];
        size_t n;
};

/* NULL when there is none that is known. */
const struct underlay *underlays_find(const struct underlays *underlays, uint32_t tunnel);
void underlays_add(struct underlays *underlays, const struct underlay *underlay);
/* Everything but the times. */
bool underlays_equal(const struct underlays *a, const struct underlays *b);

/* A path into a tunnel is usable only if what carries the tunnel is, costs what that costs, and is
 * about to be lost with it.
 * Looks once per tunnel and keeps it in lookup->underlays, and in the model's cache if it has one.
 * 0, or -EAGAIN. */
int underlay_judge(struct lookup *lookup, struct path *path);
