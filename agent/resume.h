/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* After the machine has slept: every channel looks after its connection, one after the other. The
 * clocks tell it before anything that ran out in sleep is looked at, and netmon tells it, too. */

struct agent;
struct resume;

/* Borrows `agent`. */
int resume_new(struct agent *agent, struct resume **ret);
void resume_free(struct resume *resume);

static inline void resume_freep(struct resume **resume) {
        resume_free(*resume);
}

/* netmon says that the machine has slept. */
void resume_told(struct resume *resume);
