/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One instant with its random bits, passed to pure code that must not ask for either. */

#include <stdint.h>

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_NEVER UINT64_MAX

struct moment {
        uint64_t usec;          /* CLOCK_BOOTTIME: goes on during sleep */
        uint64_t realtime_usec; /* CLOCK_REALTIME: for what outlives a boot */
        uint32_t entropy;       /* fresh random bits */
};

struct moment moment_now(void);

/* CLOCK_BOOTTIME alone, for what runs often. */
uint64_t moment_boottime_usec(void);
