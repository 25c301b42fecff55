/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "die.h"

static void write_value(sd_bus_message *m, FILE *out);

static void write_basic(sd_bus_message *m, char type, FILE *out) {
        union {
                uint8_t y;
                int b;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
                const char *s;
        } value;

        if (sd_bus_message_read_basic(m, type, &value) < 0)
                die("a value of type %c cannot be read", type);
        switch (type) {
        case 'y':
                (void)fprintf(out, "%u", value.y);
                break;
        case 'b':
                (void)fputs(value.b ? "true" : "false", out);
                break;
        case 'n':
                (void)fprintf(out, "%d", value.n);
                break;
        case 'q':
                (void)fprintf(out, "%u", value.q);
                break;
        case 'i':
                (void)fprintf(out, "%" PRIi32, value.i);
                break;
        case 'u':
                (void)fprintf(out, "%" PRIu32, value.u);
                break;
        case 'x':
                (void)fprintf(out, "%" PRIi64, value.x);
                break;
        case 't':
                (void)fprintf(out, "%" PRIu64, value.t);
                break;
        case 'd':
                (void)fprintf(out, "%g", value.d);
                break;
        default:
                (void)fputs(value.s, out);
        }
}

/* The members of an open container. */
static void write_members(sd_bus_message *m, const char *between, FILE *out) {
        for (bool first = true; sd_bus_message_at_end(m, false) == 0; first = false) {
                if (!first)
                        (void)fputs(between, out);
                write_value(m, out);
        }
        if (sd_bus_message_exit_container(m) < 0)
                die("a container cannot be left");
}

static void write_value(sd_bus_message *m, FILE *out) {
        const char *contents;
        char type;

        if (sd_bus_message_peek_type(m, &type, &contents) <= 0)
                die("there is no value left");
        if (type != 'a' && type != 'v' && type != 'r' && type != 'e') {
                write_basic(m, type, out);
                return;
        }
        if (sd_bus_message_enter_container(m, type, contents) < 0)
                die("a container %c of %s cannot be entered", type, contents);
        switch (type) {
        case 'v':
                write_members(m, "", out);
                break;
        case 'e':
                write_members(m, "=", out);
                break;
        case 'r':
                (void)fputc('(', out);
                write_members(m, " ", out);
                (void)fputc(')', out);
                break;
        default:
                (void)fputc(contents[0] == '{' ? '{' : '[', out);
                write_members(m, " ", out);
                (void)fputc(contents[0] == '{' ? '}' : ']', out);
        }
}

char *bus_text(sd_bus_message *m) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                die("out of memory");
        write_value(m, out);
        (void)fclose(out);
        return text;
}
