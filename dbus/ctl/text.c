/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cleanup.h"
#include "must.h"

char *text_format_va(const char *format, va_list ap) {
        char *text;

        must(vasprintf(&text, format, ap) < 0 ? -ENOMEM : 0);
        return text;
}

char *text_format(const char *format, ...) {
        va_list ap;
        char *text;

        va_start(ap, format);
        text = text_format_va(format, ap);
        va_end(ap);
        return text;
}

int text_problem(char **ret, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        *ret = text_format_va(format, ap);
        va_end(ap);
        return -EINVAL;
}

void text_append(char **text, const char *format, ...) {
        CLEANUP(freep) char *more = NULL;
        char *sum;
        va_list ap;

        va_start(ap, format);
        more = text_format_va(format, ap);
        va_end(ap);
        sum = text_format("%s%s", *text, more);
        free(*text);
        *text = sum;
}

size_t text_decode(const char *s, size_t len, uint32_t *ret) {
        static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
        const unsigned char *byte = (const unsigned char *)s;
        uint32_t c;
        size_t n;

        if (len == 0)
                return 0;
        if (byte[0] < 0x80) {
                *ret = byte[0];
                return 1;
        }
        n = byte[0] >= 0xf0 ? 4 : byte[0] >= 0xe0 ? 3 : 2;
        if (byte[0] < 0xc0 || byte[0] > 0xf4 || n > len)
                return 0;
        c = byte[0] & (0x7fu >> n);
        for (size_t i = 1; i < n; i++) {
                if ((byte[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (byte[i] & 0x3f);
        }
        if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return 0;
        if ((c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe) /* noncharacters */
                return 0;
        *ret = c;
        return n;
}

bool text_is_utf8(const char *s, size_t len) {
        uint32_t c;

        while (len > 0) {
                size_t n = text_decode(s, len, &c);

                if (n == 0)
                        return false;
                s += n;
                len -= n;
        }
        return true;
}

/* Controls, and what breaks lines or turns the direction of what follows. */
static bool is_unsafe(uint32_t c) {
        return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c || c == 0x200e || c == 0x200f ||
               (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Beyond ASCII, for an ASCII screen: what we and the daemons write has a stand-in. */
static const char *ascii_for(uint32_t c) {
        switch (c) {
        case 0x2026: /* … */
                return "...";
        case 0x2192: /* → */
                return "->";
        case 0x25cf: /* ● */
                return "*";
        default:
                return NULL;
        }
}

static void put_escape(FILE *out, uint32_t c) {
        if (ascii_for(c)) {
                (void)fputs(ascii_for(c), out);
                return;
        }
        switch (c) {
        case '\n':
                (void)fputs("\\n", out);
                return;
        case '\r':
                (void)fputs("\\r", out);
                return;
        case '\t':
                (void)fputs("\\t", out);
                return;
        default:
                (void)fprintf(out, c < 0x80 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
        }
}

char *text_escape(const char *s, size_t len, bool utf8) {
        char *copy = NULL;
        size_t size;
        FILE *out = MUST_HAVE(open_memstream(&copy, &size));
        uint32_t c;

        while (len > 0) {
                size_t n = text_decode(s, len, &c);

                if (n == 0)
                        (void)fprintf(out, "\\x%02x", (unsigned char)*s);
                else if (is_unsafe(c) || (!utf8 && c >= 0x80))
                        put_escape(out, c);
                else
                        (void)fwrite(s, 1, n, out);
                n = n ? n : 1;
                s += n;
                len -= n;
        }
        must(fclose(out) == 0 ? 0 : -ENOMEM);
        return copy;
}

char *text_escape_json(const char *s, size_t len) {
        char *copy = NULL;
        size_t size;
        FILE *out = MUST_HAVE(open_memstream(&copy, &size));
        uint32_t c;

        for (size_t n; len > 0; s += n, len -= n) {
                n = text_decode(s, len, &c);
                if (n == 0) /* the writer of the JSON has seen to it that there is none */
                        n = 1;
                else if (is_unsafe(c))
                        (void)fprintf(out, "\\u%04x", c);
                else
                        (void)fwrite(s, 1, n, out);
        }
        must(fclose(out) == 0 ? 0 : -ENOMEM);
        return copy;
}

/* The character at `s`: its length, and in `ret_columns` its width. */
static size_t step(const char *s, size_t *ret_columns) {
        uint32_t c = 0;
        size_t n = text_decode(s, strlen(s) < 4 ? strlen(s) : 4, &c);
        int width = wcwidth((wchar_t)c);

        *ret_columns = width < 0 ? 1 : (size_t)width;
        return n ? n : 1;
}

size_t text_columns(const char *s) {
        size_t columns = 0, width;

        while (*s) {
                s += step(s, &width);
                columns += width;
        }
        return columns;
}

/* Bytes of `s` that fit into `columns`. */
static size_t fitting(const char *s, size_t columns) {
        size_t len = 0, used = 0, width;

        while (s[len]) {
                size_t n = step(s + len, &width);

                if (used + width > columns)
                        break;
                used += width;
                len += n;
        }
        return len;
}

char *text_shorten(const char *s, size_t columns, bool utf8) {
        const char *ellipsis = utf8 ? "…" : "~";

        if (text_columns(s) <= columns)
                return MUST_HAVE(strdup(s));
        if (columns == 0)
                return MUST_HAVE(strdup(""));
        return text_format("%.*s%s", (int)fitting(s, columns - 1), s, ellipsis);
}

size_t text_line(const char *s, size_t columns, size_t *ret_next) {
        size_t len = fitting(s, columns), space, width;

        if (len == 0 && s[0])
                len = step(s, &width);
        *ret_next = len;
        if (!s[len])
                return len;
        for (space = len; space > 0 && s[space] != ' ';)
                space--;
        if (space == 0)
                return len;
        *ret_next = space + 1;
        return space;
}
