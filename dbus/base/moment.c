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

/* Bits for jitter, nothing secret. The kernel is asked once for each thread: several moments are
 * taken for every message. From there on it is splitmix64. */
static uint32_t random_bits(void) {
        static _Thread_local uint64_t state;
        uint64_t z;

        if (state == 0 && getrandom(&state, sizeof(state), 0) < 0)
                state = moment_boottime_usec();
        state += UINT64_C(0x9e3779b97f4a7c15);
        z = (state ^ (state >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return (uint32_t)((z ^ (z >> 31)) >> 32);
}

struct moment moment_now(void) {
        return (struct moment){
                .usec = clock_usec(CLOCK_BOOTTIME),
                .realtime_usec = clock_usec(CLOCK_REALTIME),
                .entropy = random_bits(),
        };
}
