/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The interfaces that may lead around a path: few, for each is asked of the kernel for each
 * destination. They are the same for all that is asked of one state of the model. */

#include <stddef.h>
#include <stdint.h>

struct link;
struct model;
struct path;

#define CANDIDATES_MAX 16
/* Of software links: a machine with many containers has more bridges with an address than ways out.
 */
#define CANDIDATES_VIRTUAL_MAX 4

struct candidate_list {
        const struct link *links[CANDIDATES_MAX + 1]; /* one may be the path's own */
        unsigned ranks[CANDIDATES_MAX + 1];           /* the less, the better */
        size_t n;
};

struct candidates {
        struct candidate_list four, four_vpn;
        struct candidate_list six, six_vpn;
};

/* The most promising of each: preferred types first, what belongs to containers last. */
void candidates_collect(const struct model *model, struct candidates *ret);

/* Those for a path; with its own, which is to be skipped. */
const struct candidate_list *candidates_for(const struct candidates *candidates,
                                            const struct path *path);

/* An address of the link that could be a packet's source; NULL when there is none. */
const struct address *candidate_source(const struct link *link, uint8_t family);
