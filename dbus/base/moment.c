/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "moment.h"

#include <sys/random.h>
#include <time.h>

static uint64_t clock_usec(clockid_t clock) {
        struct timespec ts;

        (void)clock_gettime(clock, &ts);
        return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t moment_boottime_usec(void) {
        return clock_usec(CLOCK_BOOTTIME);
}

struct moment moment_now(void) {
        struct moment at = {
                .usec = clock_usec(CLOCK_BOOTTIME),
                .realtime_usec = clock_usec(CLOCK_REALTIME),
        };

        /* Up to 256 bytes come whole and without waiting once the kernel's pool is ready. */
        if (getrandom(&at.entropy, sizeof(at.entropy), 0) < 0)
                at.entropy = (uint32_t)(at.usec * 2654435761u);
        return at;
}
