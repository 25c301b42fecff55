/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "suspend.h"

static int64_t ahead_usec(const struct suspend_clocks *clocks) {
        return (int64_t)(clocks->boottime_usec - clocks->monotonic_usec);
}

void suspend_init(struct suspend *suspend, const struct suspend_clocks *now) {
        *suspend = (struct suspend){.ahead_usec = ahead_usec(now)};
}

bool suspend_look(struct suspend *suspend, const struct suspend_clocks *now,
                  uint64_t *ret_slept_usec) {
        int64_t slept_usec = ahead_usec(now) - suspend->ahead_usec;

        if (slept_usec < SUSPEND_MIN_USEC)
                return false;
        suspend->ahead_usec = ahead_usec(now);
        suspend->is_told = true;
        *ret_slept_usec = (uint64_t)slept_usec;
        return true;
}

static void prepare(struct suspend *suspend) {
        if (!suspend->is_preparing) /* some say it twice */
                suspend->is_told = false;
        suspend->is_preparing = true;
}

static bool end(struct suspend *suspend, const struct suspend_clocks *now,
                uint64_t *ret_slept_usec) {
        bool was_preparing = suspend->is_preparing;

        suspend->is_preparing = false;
        if (suspend_look(suspend, now, ret_slept_usec))
                return true;
        if (!was_preparing || suspend->is_told)
                return false;
        *ret_slept_usec = 0;
        return true;
}

bool suspend_hear(struct suspend *suspend, enum suspend_word word, const struct suspend_clocks *now,
                  uint64_t *ret_slept_usec) {
        switch (word) {
        case SUSPEND_NEAR:
                prepare(suspend);
                return false;
        case SUSPEND_OVER:
                return end(suspend, now, ret_slept_usec);
        case SUSPEND_SILENT:
                suspend->is_preparing = false;
                return false;
        }
        return false;
}
