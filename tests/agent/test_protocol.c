/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "text.h"

Test(protocol, every_row_is_found_by_its_scheme_and_word) {
        const struct protocol_row *row;
        bool spoken[PROTOCOL_COUNT] = {false};

        for (size_t i = 0; (row = protocol_row(i)); i++) {
                cr_assert(protocol_find(row->scheme, row->word) == row, "row %zu", i);
                cr_assert(text_is_protocol(row->word), "row %zu", i);
                cr_assert(lt(uint, 0, row->port), "row %zu", i);
                cr_assert(eq(int, protocol_first(row->protocol)->protocol, row->protocol));
                cr_assert(protocol_first(row->protocol) <= row, "row %zu", i);
                spoken[row->protocol] = true;
        }
        for (size_t i = 0; i < PROTOCOL_COUNT; i++)
                cr_assert(spoken[i], "protocol %zu", i);
}

Test(protocol, the_first_of_a_scheme_is_its_default) {
        const struct protocol_row *row;

        for (size_t i = 0; (row = protocol_row(i)); i++) {
                const struct protocol_row *standard = protocol_find(row->scheme, "");

                cr_assert(standard != NULL && standard <= row, "row %zu", i);
                cr_assert(eq(str, (char *)standard->scheme, (char *)row->scheme));
        }
        cr_assert(eq(str, (char *)protocol_find("ws", "")->word, "raw"));
        cr_assert(eq(str, (char *)protocol_find("wss", "")->word, "raw"));
}

Test(protocol, what_is_not_spoken_is_not_found) {
        cr_assert(protocol_find("ws", "nonsense") == NULL);
        cr_assert(protocol_find("gopher", "") == NULL);
        cr_assert(protocol_find("gopher", "raw") == NULL);
        cr_assert(not(text_is_protocol("nonsense")));
}
