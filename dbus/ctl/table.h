/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Rows under headings, never wider than the terminal: the widest columns are shortened first, and
 * when all are at their least, columns are left out from the right. */

#include <stdbool.h>
#include <stddef.h>

#include "output.h"

#define TABLE_COLUMNS_MAX 10

struct table_column {
        const char *title;
        bool right;     /* flush right: numbers */
        unsigned least; /* columns it is not shortened below */
};

struct table;

/* `columns` ends with a row without a title, and is borrowed. */
struct table *table_new(const struct output *out, const struct table_column *columns);
void table_free(struct table *table);

static inline void table_freep(struct table **table) {
        table_free(*table);
}

/* The next cell, from left to right, row by row. */
void table_cell(struct table *table, enum style style, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

void table_print(const struct table *table);
