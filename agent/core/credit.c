/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "credit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void credit_init(struct credit *c, uint32_t max_messages) {
        *c = (struct credit){.max_messages = max_messages};
}

void credit_deinit(struct credit *c) {
        free(c->items);
        *c = (struct credit){0};
}

bool credit_admits(const struct credit *c, uint64_t bytes) {
        if (c->n_items == 0)
                return true;
        return c->n_items < c->max_messages && c->bytes + bytes <= CREDIT_MAX_BYTES;
}

int credit_take(struct credit *c, uint64_t id, uint64_t bytes) {
        if (c->n_items == c->n_allocated) {
                size_t n = c->n_allocated == 0 ? 8 : c->n_allocated * 2;
                struct credit_item *items = reallocarray(c->items, n, sizeof(*items));

                if (!items)
                        return -ENOMEM;
                c->items = items;
                c->n_allocated = n;
        }
        c->items[c->n_items++] = (struct credit_item){.id = id, .bytes = bytes};
        c->bytes += bytes;
        return 0;
}

int64_t credit_give(struct credit *c, uint64_t id) {
        for (size_t i = 0; i < c->n_items; i++) {
                uint64_t bytes = c->items[i].bytes;

                if (c->items[i].id != id)
                        continue;
                c->bytes -= bytes;
                c->n_items--;
                memmove(&c->items[i], &c->items[i + 1], (c->n_items - i) * sizeof(*c->items));
                return (int64_t)bytes;
        }
        return -ENOENT;
}
