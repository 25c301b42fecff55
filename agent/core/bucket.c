/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bucket.h"

static void bucket_fill(struct bucket *b, uint64_t now_usec) {
        uint64_t n;

        if (now_usec < b->filled_usec)
                return;
        n = (now_usec - b->filled_usec) / b->refill_usec;
        if (n >= b->size - b->tokens) {
                b->tokens = b->size;
                b->filled_usec = now_usec;
        } else {
                b->tokens += (uint32_t)n;
                b->filled_usec += n * b->refill_usec;
        }
}

bool bucket_take(struct bucket *b, uint64_t now_usec) {
        bucket_fill(b, now_usec);
        if (b->tokens == 0)
                return false;
        b->tokens--;
        return true;
}

uint64_t bucket_next_usec(struct bucket *b, uint64_t now_usec) {
        bucket_fill(b, now_usec);
        return b->tokens > 0 ? now_usec : b->filled_usec + b->refill_usec;
}

void bucket_give(struct bucket *b) {
        if (b->tokens < b->size)
                b->tokens++;
}
