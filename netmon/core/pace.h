/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Keeps a storm of messages from costing an evaluation each.
 *
 * Work is paid for with idle time: what took t is followed by FACTOR times t without more of it. A
 * credit lets some rounds pass at once, so that a change out of the blue, and the few that come
 * with it, never wait; and nothing waits longer than PACE_DELAY_MAX_USEC. */

#include <stdbool.h>
#include <stdint.h>

#define PACE_FACTOR 8
#define PACE_CREDIT_USEC 10000
#define PACE_DELAY_MAX_USEC 10000

struct pace {
        uint64_t paid_usec; /* the time at which all work is paid for */
};

/* When work may begin: now, or later. */
uint64_t pace_ready(const struct pace *pace, uint64_t now_usec);
void pace_worked(struct pace *pace, uint64_t from_usec, uint64_t to_usec);
