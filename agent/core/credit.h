/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The credit window of one subscriber of one channel: what was offered and is not acknowledged. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CREDIT_MAX_BYTES (UINT64_C(256) * 1024)

struct credit_item {
        uint64_t id;
        uint64_t bytes;
};

struct credit {
        uint32_t max_messages; /* at least 1 */
        struct credit_item *items;
        size_t n_items;
        size_t n_allocated;
        uint64_t bytes;
};

void credit_init(struct credit *c, uint32_t max_messages);
void credit_deinit(struct credit *c);

/* May a message of so many bytes be offered? One of any size may when none is outstanding. */
bool credit_admits(const struct credit *c, uint64_t bytes);

/* Notes an offer. -ENOMEM. */
int credit_take(struct credit *c, uint64_t id, uint64_t bytes);

/* Gives back what `id` took: its bytes, or -ENOENT when it is not outstanding. */
int64_t credit_give(struct credit *c, uint64_t id);
