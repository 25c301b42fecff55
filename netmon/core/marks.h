/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The marks that tunnels put on their own packets, as policy rules give them away.
 *
 * Two ways are in use: "not from MARK lookup TUNNEL'S TABLE" (wg-quick, NetworkManager, Mullvad),
 * and "from MARK lookup main" before the tunnel's rule (Tailscale). Marks that lead elsewhere are
 * somebody else's. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rule_msg;

#define MARKS_MAX 16

struct mark {
        uint32_t mark;
        uint32_t table;
        bool inverted; /* packets without the mark go to the table */
};

struct marks {
        struct mark entries[MARKS_MAX]; /* in the order of the rules, each once */
        size_t n;
};

/* Takes what a rule gives away; more than fit are left out. */
void marks_add(struct marks *marks, const struct rule_msg *rule);

/* The best guess first: how well a mark fits to a tunnel whose route is in `table`, 0 best. */
unsigned mark_rank(const struct mark *mark, uint32_t table);
#define MARK_RANKS 3
