/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Instants and lengths of time as text. */

#include <stdint.h>

#include "moment.h"

#define WHEN_MAX 48

/* The wall clock at an instant of CLOCK_BOOTTIME, as far as the clock has not been set since. */
uint64_t when_realtime(uint64_t boottime_usec, const struct moment *at);

/* "2025-11-25T10:19:32.123456Z" */
void when_rfc3339(uint64_t realtime_usec, char text[WHEN_MAX]);

/* Local time: "10:19:32.123", for lines that come as things happen. */
void when_clock(uint64_t realtime_usec, char text[WHEN_MAX]);

/* Local time: "2025-11-25 10:19:32". */
void when_date(uint64_t realtime_usec, char text[WHEN_MAX]);

/* "350 us", "12 s", "2 h 5 min": what matters of it. */
void when_length(uint64_t usec, char text[WHEN_MAX]);
