/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who goes first, and when, as all channels at once have to look after their connections: not all
 * of them wake the radio and the servers in the same instant. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One by one with so much between them, or with less, so that the last begins in time to know
 * within two seconds and a bit. */
#define WAVE_STEP_USEC 20000
#define WAVE_LENGTH_USEC 500000

struct wave_rank {
        bool has_messages; /* somebody waits for them to go */
        bool is_connected; /* and may hear something */
        uint64_t id;
};

/* <0: `a` goes before `b`. */
int wave_compare(const struct wave_rank *a, const struct wave_rank *b);

/* How long the one in that place, of `n`, waits. */
uint64_t wave_delay(size_t place, size_t n);
