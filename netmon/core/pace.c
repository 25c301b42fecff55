/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pace.h"

uint64_t pace_ready(const struct pace *pace, uint64_t now_usec) {
        if (pace->paid_usec <= now_usec + PACE_CREDIT_USEC)
                return now_usec;
        return pace->paid_usec - PACE_CREDIT_USEC;
}

void pace_worked(struct pace *pace, uint64_t from_usec, uint64_t to_usec) {
        if (pace->paid_usec < from_usec)
                pace->paid_usec = from_usec;
        pace->paid_usec += (to_usec - from_usec) * PACE_FACTOR;
        if (pace->paid_usec > to_usec + PACE_CREDIT_USEC + PACE_DELAY_MAX_USEC)
                pace->paid_usec = to_usec + PACE_CREDIT_USEC + PACE_DELAY_MAX_USEC;
}
