/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Time that passes only when it is told to: while it runs, this process's clocks and timers are
 * its. Those of the C library are replaced in the whole program, and else go to the real ones. */

#include <stdint.h>

void recorded_clock_start(void);
void recorded_clock_stop(void);

uint64_t recorded_clock_now(void);
/* The time of the next timer, rounded up to milliseconds; UINT64_MAX: none is set. */
uint64_t recorded_clock_next_timer(void);
/* Lets timers elapse that are due. */
void recorded_clock_advance(uint64_t now_usec);
/* The machine sleeps: no clock but the monotonic one stands still, and then the wall clock jumps.
 */
void recorded_clock_sleep(uint64_t usec);

/* A descriptor is closed. */
void recorded_clock_forget(int fd);
