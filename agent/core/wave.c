/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wave.h"

int wave_compare(const struct wave_rank *a, const struct wave_rank *b) {
        if (a->has_messages != b->has_messages)
                return a->has_messages ? -1 : 1;
        if (a->is_connected != b->is_connected)
                return a->is_connected ? -1 : 1;
        if (a->id != b->id)
                return a->id < b->id ? -1 : 1;
        return 0;
}

uint64_t wave_delay(size_t place, size_t n) {
        uint64_t step_usec = WAVE_STEP_USEC;

        if (n > 1 && step_usec > WAVE_LENGTH_USEC / (n - 1))
                step_usec = WAVE_LENGTH_USEC / (n - 1);
        return place * step_usec;
}
