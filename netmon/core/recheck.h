/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* When to ask again without having been told.
 *
 * Settle: the kernel announces a removal before it is done with it, and some routes go without a
 * word. So what was asked on a message is asked once more a moment later, behind the kernel's lock.
 *
 * Suspicion: after any link message the kernel holds news of lost carriers back for up to a second,
 * unless somebody asks for the link. So for one second the links that matter are asked about. */

#include <stdbool.h>
#include <stdint.h>

#define RECHECK_SETTLE_USEC 2000
#define RECHECK_PERIOD_USEC 50000
#define RECHECK_WINDOW_USEC 1000000

struct recheck {
        uint64_t settle_usec; /* USEC_NEVER: not due */
        uint64_t links_usec;
        uint64_t links_until_usec;
};

enum recheck_due {
        RECHECK_NOTHING = 0,
        RECHECK_LINKS = 1 << 0, /* ask for the links that matter */
        RECHECK_PATHS = 1 << 1, /* and then for the paths, even if no link changed */
};

void recheck_init(struct recheck *recheck);

/* A link message came. */
void recheck_link_message(struct recheck *recheck, uint64_t now_usec);
/* The paths were asked for because of a message. */
void recheck_asked(struct recheck *recheck, uint64_t now_usec);

/* What is due (enum recheck_due bits); it counts as done. */
unsigned recheck_take(struct recheck *recheck, uint64_t now_usec);

/* When something is due next; USEC_NEVER: not without a message. */
uint64_t recheck_deadline(const struct recheck *recheck);
