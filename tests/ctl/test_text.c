/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

static void setup(void) {
        cr_assert(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
}

TestSuite(text, .init = setup);

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))

Test(text, knows_utf8) {
        static const struct {
                const char *bytes;
                size_t len;
                bool valid;
        } rows[] = {
                {"", 0, true},
                {"abc\n", 4, true},
                {"a\0b", 3, true},
                {"\xc3\xa9", 2, true},
                {"\xe2\x82\xac", 3, true},
                {"\xf0\x9f\x9b\xb6", 4, true},
                {"\xc3", 1, false},             /* cut off */
                {"\xe2\x82", 2, false},         /* cut off */
                {"\x80", 1, false},             /* continuation alone */
                {"\xc0\xaf", 2, false},         /* overlong */
                {"\xe0\x80\xaf", 3, false},     /* overlong */
                {"\xf0\x80\x80\xaf", 4, false}, /* overlong */
                {"\xed\xa0\x80", 3, false},     /* surrogate */
                {"\xf4\x90\x80\x80", 4, false}, /* beyond the last plane */
                {"\xf5\x80\x80\x80", 4, false},
                {"\xff", 1, false},
                {"\xef\xbf\xbf", 3, false}, /* noncharacter, which sd-bus refuses */
                {"\xef\xb7\x90", 3, false}, /* noncharacter */
        };

        for (size_t i = 0; i < N(rows); i++)
                cr_expect(eq(int, text_is_utf8(rows[i].bytes, rows[i].len), rows[i].valid),
                          "row %zu", i);
}

Test(text, escapes) {
        static const struct {
                const char *bytes;
                size_t len;
                const char *utf8, *ascii;
        } rows[] = {
                {"plain", 5, "plain", "plain"},
                {"a\nb\tc\rd", 7, "a\\nb\\tc\\rd", "a\\nb\\tc\\rd"},
                {"\033[31mred\0", 9, "\\x1b[31mred\\x00", "\\x1b[31mred\\x00"},
                {"\x7f", 1, "\\x7f", "\\x7f"},
                {"\xc2\x9b", 2, "\\u009b", "\\u009b"},     /* a terminal's CSI */
                {"\xe2\x80\xae", 3, "\\u202e", "\\u202e"}, /* turns the direction */
                {"\xc3\xa9", 2, "\xc3\xa9", "\\u00e9"},
                {"\xf0\x9f\x9b\xb6", 4, "\xf0\x9f\x9b\xb6", "\\U0001f6f6"},
                {"\xff\xc3", 2, "\\xff\\xc3", "\\xff\\xc3"},
                {"?\xe2\x80\xa6 \xe2\x86\x92 \xe2\x97\x8f", 12,
                 "?\xe2\x80\xa6 \xe2\x86\x92 \xe2\x97\x8f", "?... -> *"},
                {"back\\slash", 10, "back\\slash", "back\\slash"},
        };

        for (size_t i = 0; i < N(rows); i++) {
                CLEANUP(freep) char *utf8 = text_escape(rows[i].bytes, rows[i].len, true);
                CLEANUP(freep) char *ascii = text_escape(rows[i].bytes, rows[i].len, false);

                cr_expect(eq(str, utf8, rows[i].utf8), "row %zu", i);
                cr_expect(eq(str, ascii, rows[i].ascii), "row %zu", i);
        }
}

Test(text, escapes_what_json_lets_through) {
        static const char json[] = "{\"a\":\"x\x7f\xc2\x9b\xe2\x80\xae\xc3\xa9\"}";
        CLEANUP(freep) char *safe = text_escape_json(json, strlen(json));

        cr_expect(eq(str, safe, "{\"a\":\"x\\u007f\\u009b\\u202e\xc3\xa9\"}"));
}

Test(text, counts_columns_and_shortens) {
        static const struct {
                const char *text;
                size_t columns, to;
                const char *utf8, *ascii;
        } rows[] = {
                {"hello", 5, 5, "hello", "hello"},
                {"hello", 5, 4, "hel\xe2\x80\xa6", "hel~"},
                {"hello", 5, 1, "\xe2\x80\xa6", "~"},
                {"hello", 5, 0, "", ""},
                {"\xe6\xbc\xa2\xe5\xad\x97", 4, 3, "\xe6\xbc\xa2\xe2\x80\xa6", "\xe6\xbc\xa2~"},
                {"\xe6\xbc\xa2\xe5\xad\x97", 4, 2, "\xe2\x80\xa6", "~"},
                {"e\xcc\x81t", 2, 2, "e\xcc\x81t", "e\xcc\x81t"}, /* a combining accent */
        };

        for (size_t i = 0; i < N(rows); i++) {
                CLEANUP(freep) char *utf8 = text_shorten(rows[i].text, rows[i].to, true);
                CLEANUP(freep) char *ascii = text_shorten(rows[i].text, rows[i].to, false);

                cr_expect(eq(sz, text_columns(rows[i].text), rows[i].columns), "row %zu", i);
                cr_expect(eq(str, utf8, rows[i].utf8), "row %zu", i);
                cr_expect(eq(str, ascii, rows[i].ascii), "row %zu", i);
        }
}

Test(text, breaks_lines_at_spaces) {
        static const struct {
                const char *text;
                size_t columns, len, next;
        } rows[] = {
                {"one two three", 20, 13, 13}, {"one two three", 8, 7, 8},
                {"one two three", 7, 7, 8},    {"one two three", 5, 3, 4},
                {"unbreakable", 4, 4, 4},      {"", 4, 0, 0},
                {"\xe6\xbc\xa2", 1, 3, 3}, /* wider than the line: still goes on */
        };

        for (size_t i = 0; i < N(rows); i++) {
                size_t next, len = text_line(rows[i].text, rows[i].columns, &next);

                cr_expect(eq(sz, len, rows[i].len), "row %zu", i);
                cr_expect(eq(sz, next, rows[i].next), "row %zu", i);
        }
}

Test(text, formats_and_appends) {
        CLEANUP(freep) char *text = text_format("%d", 1);
        CLEANUP(freep) char *sentence = NULL;

        text_append(&text, ", %s", "two");
        cr_expect(eq(str, text, "1, two"));
        cr_expect(eq(int, text_problem(&sentence, "bad %s", "luck"), -EINVAL));
        cr_expect(eq(str, sentence, "bad luck"));
}
