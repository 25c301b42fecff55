/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "text.h"

static void setup(void) {
        cr_assert(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
}

TestSuite(table, .init = setup);

static const struct table_column columns[] = {
        {"NAME", .least = 5}, {"N", .right = true, .least = 3}, {"SERVER", .least = 6}, {}};

static char *render(unsigned width, bool colour) {
        struct output out = {.colour = colour, .utf8 = true, .columns = width};
        CLEANUP(table_freep) struct table *table = NULL;
        char *text = NULL;
        size_t size;

        out.file = open_memstream(&text, &size);
        table = table_new(&out, columns);
        table_cell(table, STYLE_PLAIN, "chat");
        table_cell(table, STYLE_GOOD, "%d", 1000);
        table_cell(table, STYLE_PLAIN, "wss://chat.example/ws");
        table_cell(table, STYLE_PLAIN, "a-long-name\033[2J");
        table_cell(table, STYLE_BAD, "%d", 5);
        table_cell(table, STYLE_PLAIN, "%s", "");
        table_print(table);
        (void)fclose(out.file);
        return text;
}

Test(table, piped_is_not_cut) {
        CLEANUP(freep) char *text = render(0, false);

        cr_expect(eq(str, text,
                     "NAME                   N  SERVER\n"
                     "chat                1000  wss://chat.example/ws\n"
                     "a-long-name\\x1b[2J     5  \n"));
}

Test(table, never_wider_than_the_terminal) {
        for (unsigned width = 1; width < 60; width++) {
                CLEANUP(freep) char *text = render(width, false);
                char *rest = text, *line;

                while ((line = strsep(&rest, "\n")))
                        cr_expect(text_columns(line) <= width, "%u: %s", width, line);
        }
}

Test(table, shortens_the_widest_then_leaves_out) {
        CLEANUP(freep) char *some = render(30, false);
        CLEANUP(freep) char *few = render(12, false);
        CLEANUP(freep) char *one = render(4, false);

        cr_expect(eq(str, some,
                     "NAME            N  SERVER\n"
                     "chat         1000  wss://chat…\n"
                     "a-long-nam…     5  \n"));
        cr_expect(eq(str, few, "NAME       N\nchat    1000\na-lon…     5\n"));
        cr_expect(eq(str, one, "NAME\nchat\na-l…\n"));
}

/* A column stays readable, or is left out. */
Test(table, keeps_what_a_column_needs) {
        static const struct table_column unequal[] = {
                {"A", .least = 3}, {"NEEDS-ROOM", .least = 9}, {}};
        struct output out = {.utf8 = true, .columns = 14};
        CLEANUP(table_freep) struct table *table = NULL;
        CLEANUP(freep) char *text = NULL;
        size_t size;

        out.file = open_memstream(&text, &size);
        table = table_new(&out, unequal);
        table_cell(table, STYLE_PLAIN, "123456");
        table_cell(table, STYLE_PLAIN, "1234567890");
        table_print(table);
        (void)fclose(out.file);
        cr_expect(eq(str, text, "A    NEEDS-RO…\n12…  12345678…\n"));
}

Test(table, colours_cells_not_gaps) {
        CLEANUP(freep) char *text = render(0, true);

        cr_expect(strstr(text, "chat                \033[32m1000\033[0m  wss") != NULL, "%s", text);
        cr_expect(strstr(text, "\033[2J") == NULL);
}
