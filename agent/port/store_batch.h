/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Group commit: does many requests in one transaction, each as if alone. */

#include "store_tally.h"

struct store_batch {
        struct store_db db;
        struct tallies tallies;
        uint64_t purged_realtime_usec; /* the last time that nothing old was left */
        uint64_t refused_below;        /* RECEIVE of a lower round is behind one that was refused */
        int trouble;                   /* the error last logged, 0 when all is well */
};

/* Opens the database, see store_open(). */
int store_batch_open(struct store_batch *batch, const char *directory, uint64_t limit_bytes,
                     char *problem, size_t problem_size);
void store_batch_close(struct store_batch *batch);

/* Does a list of requests; all are settled and may be given back. */
void store_batch_perform(struct store_batch *batch, struct store_request *first);

/* What can wait until the requests have been given back: moves the log into the file, forgets what
 * is old. */
void store_batch_rest(struct store_batch *batch, uint64_t now_realtime_usec);
