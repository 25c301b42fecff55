/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Text from anywhere, made fit for a screen: UTF-8, escapes, columns. */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* printf into memory of its own. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_format_va(const char *format, va_list ap) __attribute__((format(printf, 1, 0)));
/* The same, behind what is there. */
void text_append(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A sentence about bad input; returns -EINVAL. */
int text_problem(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Length of the character that `s` begins with, or 0 when it is not what D-Bus takes for UTF-8. */
size_t text_decode(const char *s, size_t len, uint32_t *ret);
bool text_is_utf8(const char *s, size_t len);

/* A copy in which nothing can move the cursor or turn the direction of writing: such characters,
 * and bytes that are no UTF-8, stand as \n, \x1b, \u009b. Without `utf8` everything beyond ASCII
 * does, or has a stand-in. */
char *text_escape(const char *s, size_t len, bool utf8);

/* A copy of JSON text in which the characters that JSON allows and a terminal obeys are \uXXXX. */
char *text_escape_json(const char *s, size_t len);

/* Columns that escaped text takes on the screen. */
size_t text_columns(const char *s);

/* A copy of escaped text that takes at most `columns`, with an ellipsis when something was cut. */
char *text_shorten(const char *s, size_t columns, bool utf8);

/* How many bytes of escaped text go on a line of `columns`: up to a space where there is one. At
 * least one character; `ret_next` is where the next line begins. */
size_t text_line(const char *s, size_t columns, size_t *ret_next);
