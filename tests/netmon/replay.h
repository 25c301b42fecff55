/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* netmon itself over the kernel and the time of a capture. */

#include <stdbool.h>
#include <stddef.h>

#include "recorded_kernel.h"

struct capture;

/* A host that somebody watches in every replay. */
#define REPLAY_WATCHED "198.51.100.7"

enum replay_pace {
        REPLAY_BURSTS,     /* all that was announced at a moment is there at once */
        REPLAY_ONE_BY_ONE, /* netmon has done with each message before the next comes */
        REPLAY_SLOWLY,     /* and some time passes */
};

struct replay_plan {
        enum replay_pace pace;
        size_t position; /* of the message, counted over all, that does not come as it should */
        enum recorded_delivery delivery;
        bool interrupts; /* the first dump, and the one after that message */
};

struct replay_result {
        char *published; /* moment by moment, as text */
        char *state;     /* what stands on the bus at the end */
        char *problem;   /* said twice, or not what was told; NULL: all is as it should be */
        unsigned n_unanswered;
};

void replay(struct capture *capture, const struct replay_plan *plan, struct replay_result *ret);
void replay_result_deinit(struct replay_result *result);

/* All that was announced comes as it should, at once for each moment. */
extern const struct replay_plan replay_as_it_was;

/* Replays it message by message, then with each `step`th message lost once, then with some
 * truncated. NULL when it always comes to the same state as `whole` and says nothing twice; else
 * what it did, to be freed. */
char *replay_otherwise(struct capture *capture, const struct replay_result *whole, size_t step);
