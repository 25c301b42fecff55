/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Token bucket for attempts that do not wait for the backoff. */

#include <stdbool.h>
#include <stdint.h>

struct bucket {
        uint32_t size;        /* tokens when full */
        uint64_t refill_usec; /* time for one token */
        uint32_t tokens;
        uint64_t filled_usec; /* when `tokens` was true */
};

#define BUCKET_INIT(n, usec) \
        { .size = (n), .refill_usec = (usec), .tokens = (n) }

/* Takes one token and says true, or says false. */
bool bucket_take(struct bucket *b, uint64_t now_usec);
/* When the next token will be there: `now_usec` if there is one. */
uint64_t bucket_next_usec(struct bucket *b, uint64_t now_usec);
/* Puts one token back. */
void bucket_give(struct bucket *b);
