/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "must.h"
#include "text.h"

#define GAP 2

struct cell {
        enum style style;
        char *text; /* escaped */
};

struct table {
        const struct output *out;
        const struct table_column *columns;
        size_t n_columns;
        struct cell *cells;
        size_t n_cells;
        size_t room;
};

struct table *table_new(const struct output *out, const struct table_column *columns) {
        struct table *table = MUST_HAVE(calloc(1, sizeof(*table)));

        table->out = out;
        table->columns = columns;
        while (columns[table->n_columns].title)
                table->n_columns++;
        for (size_t i = 0; i < table->n_columns; i++)
                table_cell(table, STYLE_FAINT, "%s", columns[i].title);
        return table;
}

void table_free(struct table *table) {
        if (!table)
                return;
        for (size_t i = 0; i < table->n_cells; i++)
                free(table->cells[i].text);
        free(table->cells);
        free(table);
}

void table_cell(struct table *table, enum style style, const char *format, ...) {
        CLEANUP(freep) char *text = NULL;
        va_list ap;

        va_start(ap, format);
        text = text_format_va(format, ap);
        va_end(ap);
        if (table->n_cells == table->room) {
                table->room = table->room ? 2 * table->room : 64;
                table->cells =
                        MUST_HAVE(reallocarray(table->cells, table->room, sizeof(*table->cells)));
        }
        table->cells[table->n_cells++] = (struct cell){
                .style = style,
                .text = text_escape(text, strlen(text), table->out->utf8),
        };
}

/* How many columns have room at their least width; the first has always. */
static size_t count_shown(const struct table *table, const size_t *widths) {
        size_t total = 0;

        for (size_t i = 0; i < table->n_columns; i++) {
                size_t least = table->columns[i].least;

                total += (i ? GAP : 0) + (widths[i] < least ? widths[i] : least);
                if (i > 0 && total > table->out->columns)
                        return i;
        }
        return table->n_columns;
}

/* Shortens the widest columns until `shown` of them fit. */
static void fit(const struct table *table, size_t shown, size_t *widths) {
        for (;;) {
                size_t total = GAP * (shown - 1), widest = SIZE_MAX;

                for (size_t i = 0; i < shown; i++) {
                        total += widths[i];
                        if (widths[i] > table->columns[i].least &&
                            (widest == SIZE_MAX || widths[i] > widths[widest]))
                                widest = i;
                }
                if (total <= table->out->columns)
                        return;
                if (widest == SIZE_MAX)
                        break;
                widths[widest]--;
        }
        widths[0] = table->out->columns; /* one column, and even that is too wide */
}

static void pad(FILE *file, size_t columns) {
        (void)fprintf(file, "%*s", (int)columns, "");
}

static void print_cell(const struct table *table, const struct cell *cell, size_t column,
                       size_t width, bool last) {
        CLEANUP(freep) char *text = text_shorten(cell->text, width, table->out->utf8);
        size_t spare = width - text_columns(text);

        if (table->columns[column].right)
                pad(table->out->file, spare);
        output_text(table->out, cell->style, text);
        if (!last)
                pad(table->out->file, (table->columns[column].right ? 0 : spare) + GAP);
}

void table_print(const struct table *table) {
        size_t widths[TABLE_COLUMNS_MAX] = {}, shown = table->n_columns;

        for (size_t i = 0; i < table->n_cells; i++) {
                size_t columns = text_columns(table->cells[i].text);

                if (columns > widths[i % table->n_columns])
                        widths[i % table->n_columns] = columns;
        }
        if (table->out->columns > 0) {
                shown = count_shown(table, widths);
                fit(table, shown, widths);
        }
        for (size_t row = 0; row < table->n_cells; row += table->n_columns) {
                for (size_t i = 0; i < shown; i++)
                        print_cell(table, &table->cells[row + i], i, widths[i], i + 1 == shown);
                (void)fputc('\n', table->out->file);
        }
}
