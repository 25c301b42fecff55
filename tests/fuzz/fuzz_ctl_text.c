/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whatever a server sends, wherryctl prints nothing that a terminal obeys, no line is wider than
 * wanted, and its JSON is read back as the same bytes. */

#include <json-c/json.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "text.h"
#include "value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition)
                abort();
}

/* Valid UTF-8 without controls; ASCII alone where that was asked for. */
static void check_safe(const char *text, bool utf8) {
        size_t left = strlen(text);
        uint32_t c = 0;

        while (left > 0) {
                size_t n = text_decode(text, left, &c);

                require(n > 0);
                require(c >= 0x20 && c != 0x7f && (c < 0x80 || c > 0x9f) && c != 0x202e);
                require(utf8 || c < 0x80);
                text += n;
                left -= n;
        }
}

static void check_lines(const char *text, size_t columns) {
        char *shortened = text_shorten(text, columns, true);
        size_t next;

        require(text_columns(shortened) <= columns);
        free(shortened);
        for (; *text; text += next) {
                (void)text_line(text, columns, &next);
                require(next > 0);
        }
}

static void check_json(const char *data, size_t size) {
        json_object *object = value_object(), *back, *payload;
        struct output out = {};
        char *text = NULL;
        size_t len;

        value_put(object, "payload", json_object_new_string_len(data, (int)size));
        out.file = open_memstream(&text, &len);
        output_json(&out, object);
        (void)fclose(out.file);
        require(text[len - 1] == '\n');
        text[len - 1] = '\0';
        check_safe(text, true);
        back = json_tokener_parse(text);
        require(back != NULL);
        if (text_is_utf8(data, size)) {
                require(json_object_object_get_ex(back, "payload", &payload));
                require((size_t)json_object_get_string_len(payload) == size);
                require(memcmp(json_object_get_string(payload), data, size) == 0);
        } else {
                require(json_object_object_get_ex(back, "payload_base64", &payload));
                require((size_t)json_object_get_string_len(payload) == (size + 2) / 3 * 4);
        }
        json_object_put(back);
        free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *bytes = (const char *)data;
        char *utf8, *ascii;

        (void)setlocale(LC_CTYPE, "C.UTF-8");
        utf8 = text_escape(bytes, size, true);
        ascii = text_escape(bytes, size, false);
        check_safe(utf8, true);
        check_safe(ascii, false);
        check_lines(utf8, size > 0 ? data[0] % 24 : 0);
        check_json(size > 0 ? bytes : "", size);
        free(utf8);
        free(ascii);
        return 0;
}
