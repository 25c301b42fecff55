/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one door to the screen: colour, width, and no character that a terminal would obey. */

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdio.h>

enum style {
        STYLE_PLAIN,
        STYLE_STRONG,
        STYLE_FAINT,
        STYLE_GOOD,
        STYLE_WARN,
        STYLE_BAD,
};

struct output {
        FILE *file;
        bool json; /* JSON instead of text for people */
        bool colour;
        bool utf8;        /* the locale's characters; JSON is UTF-8 always */
        unsigned columns; /* of the terminal; 0: there is none, nothing is cut */
};

/* `file` is borrowed. Colour and width only on a terminal; setlocale() comes first. */
void output_init(struct output *out, FILE *file, bool json);

/* One line. */
void output_line(const struct output *out, enum style style, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Text within a line: escaped; no newline. */
void output_text(const struct output *out, enum style style, const char *text);

/* "label   text", the text broken at spaces to the width of the terminal. */
void output_pair(const struct output *out, const char *label, enum style style, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

/* One object on one line; takes the reference. Times and bytes become text here, see publish.h. */
void output_json(const struct output *out, json_object *value);

/* What was written is with the reader. -EPIPE when he is gone, or why it failed. */
int output_flush(const struct output *out);

/* "wherryctl: ..." on standard error. */
void output_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
