/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The machine's network in a few words: the default paths, the state, the cost. */

#include <stdint.h>

#include "answer.h"

struct kernel;
struct model;

enum network_state {
        NETWORK_OFFLINE,
        NETWORK_LOCAL,  /* an interface works and has an address, but no path leads on */
        NETWORK_ROUTED, /* a default path is usable, or there is a way around it */
};

struct summary {
        struct answer primary4;
        struct answer primary6;
        enum network_state state;
        enum metered metered; /* of the default path */
        uint64_t state_since_usec;
};

enum summary_change {
        SUMMARY_CHANGE_PRIMARY4 = 1 << 0, /* the path; its alternatives are ... */
        SUMMARY_CHANGE_PRIMARY6 = 1 << 1,
        SUMMARY_CHANGE_ALTERNATIVES = 1 << 2, /* ... here, for both */
        SUMMARY_CHANGE_STATE = 1 << 3,
        SUMMARY_CHANGE_METERED = 1 << 4,
};

void summary_init(struct summary *summary);

const char *network_state_to_string(enum network_state state);

/* Asks for the default paths as user 0. `previous` is what was said last. Returns as
 * answer_ask(). */
int summary_ask(const struct model *model, const struct kernel *kernel,
                const struct summary *previous, uint64_t now_usec, struct summary *ret);

/* Which enum summary_change bits tell the two apart. */
unsigned summary_compare(const struct summary *a, const struct summary *b);
