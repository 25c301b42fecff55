/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "output.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "must.h"
#include "publish.h"
#include "text.h"

#define LABEL_COLUMNS 10
#define NARROW_COLUMNS 40 /* below it, every line but the first begins at the left */

static bool locale_is_utf8(void) {
        return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static unsigned terminal_columns(int fd) {
        const char *set = getenv("COLUMNS");
        struct winsize size = {};

        if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
                return size.ws_col;
        if (set && atoi(set) > 0)
                return (unsigned)atoi(set);
        return 80;
}

void output_init(struct output *out, FILE *file, bool json) {
        const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
        bool terminal = isatty(fileno(file)) == 1;

        *out = (struct output){
                .file = file,
                .json = json,
                .colour =
                        terminal && !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0,
                .utf8 = locale_is_utf8(),
                .columns = terminal ? terminal_columns(fileno(file)) : 0,
        };
}

static const char *style_code(enum style style) {
        switch (style) {
        case STYLE_PLAIN:
                return "";
        case STYLE_STRONG:
                return "\033[1m";
        case STYLE_FAINT:
                return "\033[2m";
        case STYLE_GOOD:
                return "\033[32m";
        case STYLE_WARN:
                return "\033[33m";
        case STYLE_BAD:
                return "\033[31m";
        }
        return "";
}

/* `len` bytes of escaped text. */
static void put_styled(const struct output *out, enum style style, const char *text, size_t len) {
        bool coloured = out->colour && style != STYLE_PLAIN && len > 0;

        if (coloured)
                (void)fputs(style_code(style), out->file);
        (void)fwrite(text, 1, len, out->file);
        if (coloured)
                (void)fputs("\033[0m", out->file);
}

void output_text(const struct output *out, enum style style, const char *text) {
        CLEANUP(freep) char *safe = text_escape(text, strlen(text), out->utf8);

        put_styled(out, style, safe, strlen(safe));
}

void output_line(const struct output *out, enum style style, const char *format, ...) {
        CLEANUP(freep) char *text = NULL;
        va_list ap;

        va_start(ap, format);
        text = text_format_va(format, ap);
        va_end(ap);
        output_text(out, style, text);
        (void)fputc('\n', out->file);
}

void output_pair(const struct output *out, const char *label, enum style style, const char *format,
                 ...) {
        CLEANUP(freep) char *text = NULL;
        CLEANUP(freep) char *safe = NULL;
        size_t indent = LABEL_COLUMNS, room = SIZE_MAX, next = 0;
        va_list ap;

        va_start(ap, format);
        text = text_format_va(format, ap);
        va_end(ap);
        safe = text_escape(text, strlen(text), out->utf8);

        if (out->columns > LABEL_COLUMNS + 1)
                room = out->columns - LABEL_COLUMNS;
        if (out->columns < NARROW_COLUMNS)
                indent = 2;
        (void)fprintf(out->file, "%-*s", LABEL_COLUMNS, label);
        for (const char *rest = safe;; rest += next) {
                size_t len = text_line(rest, room, &next);

                put_styled(out, style, rest, len);
                (void)fputc('\n', out->file);
                if (!rest[next])
                        return;
                (void)fprintf(out->file, "%*s", (int)indent, "");
                if (out->columns > indent)
                        room = out->columns - indent;
        }
}

void output_json(const struct output *out, json_object *value) {
        CLEANUP(freep) char *safe = NULL;
        json_object *published = publish(value);
        const char *text;
        size_t len;

        text = MUST_HAVE(json_object_to_json_string_length(
                published, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len));
        safe = text_escape_json(text, len);
        (void)fputs(safe, out->file);
        (void)fputc('\n', out->file);
        json_object_put(published);
        json_object_put(value);
}

int output_flush(const struct output *out) {
        struct pollfd pipe = {.fd = fileno(out->file)};

        errno = 0;
        if (fflush(out->file) == 0 && !ferror(out->file))
                return 0;
        if (errno > 0)
                return -errno;
        /* An earlier write failed and has lost its errno. */
        return poll(&pipe, 1, 0) == 1 && (pipe.revents & POLLERR) ? -EPIPE : -EIO;
}

void output_complain(const char *format, ...) {
        CLEANUP(freep) char *text = NULL;
        CLEANUP(freep) char *safe = NULL;
        va_list ap;

        va_start(ap, format);
        text = text_format_va(format, ap);
        va_end(ap);
        safe = text_escape(text, strlen(text), locale_is_utf8());
        (void)fprintf(stderr, "wherryctl: %s\n", safe);
}
