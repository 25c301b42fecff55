/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reconnect delay: grows by a factor from first to cap, then jitters down. */

#include <stdint.h>

struct backoff {
        uint64_t first_usec;
        uint64_t cap_usec;
        double factor;       /* 1.0 to 10.0 */
        double jitter;       /* 0.0 to 1.0: a delay d becomes d * (1 - jitter) to d */
        uint64_t delay_usec; /* the last one before jitter; 0: next call starts from first */
};

uint64_t backoff_next(struct backoff *b, uint32_t entropy);
void backoff_reset(struct backoff *b);
