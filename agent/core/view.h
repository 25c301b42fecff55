/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From netmon's answers to the policy's view: which path is best for a channel, and what became of
 * those that its link and its attempt were made on. */

#include <stdbool.h>
#include <stddef.h>

#include "path.h"
#include "policy.h"

/* A connection, established or in the making. */
struct view_use {
        bool exists;
        int ifindex;        /* that it is bound to; 0: none, its source address tells */
        const char *source; /* its own address; NULL while it has none */
};

struct view_input {
        /* Answers for the server's addresses, one per family at most, the preferred first. */
        const struct paths *answers[2];
        size_t n_answers;
        const struct interfaces *interfaces;
        bool refuse_metered; /* metered paths do not count */
        struct view_use link;
        struct view_use attempt;
};

/* Fills the view; `ret_best`, borrowed from the answers, is the path behind view.best: NULL when
 * there is none that is usable. */
void view_build(const struct view_input *input, struct policy_view *ret,
                const struct path **ret_best);

/* The path of the link, in its own family, borrowed from the answers; NULL when there is none that
 * is usable. */
const struct path *view_link_path(const struct view_input *input);

/* Is a connection over this path to be bound to its interface? Not to local destinations, nor where
 * the route has several next hops. */
bool path_wants_binding(const struct path *path);
