/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backoff.h"

uint64_t backoff_next(struct backoff *b, uint32_t entropy) {
        double delay =
                b->delay_usec == 0 ? (double)b->first_usec : (double)b->delay_usec * b->factor;
        double share = (double)entropy / ((double)UINT32_MAX + 1.0); /* 0 to just below 1 */

        if (delay > (double)b->cap_usec)
                delay = (double)b->cap_usec;
        b->delay_usec = (uint64_t)delay;
        return (uint64_t)(delay * (1.0 - b->jitter * share));
}

void backoff_reset(struct backoff *b) {
        b->delay_usec = 0;
}
