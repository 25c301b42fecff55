/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text.h"

#include <string.h>
#include <strings.h>

#include "protocol.h"
#include "uri.h"

bool text_is_printable(const char *text) {
        for (; *text; text++)
                if ((unsigned char)*text < 0x20 || *text == 0x7f)
                        return false;
        return true;
}

bool text_is_protocol(const char *text) {
        const struct protocol_row *row;

        for (size_t i = 0; (row = protocol_row(i)); i++)
                if (*text == '\0' || strcmp(text, row->word) == 0)
                        return true;
        return false;
}

bool text_is_token(const char *text) {
        if (*text == '\0')
                return false;
        for (; *text; text++)
                if ((unsigned char)*text <= 0x20 || (unsigned char)*text >= 0x7f ||
                    strchr("\"(),/:;<=>?@[\\]{}", *text))
                        return false;
        return true;
}

bool text_is_pin(const char *text) {
        static const char base64[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        size_t len;

        if (strncmp(text, "sha256//", 8) != 0)
                return false;
        /* 32 bytes in base64: 43 digits and one "=". */
        len = strspn(text + 8, base64);
        return len == 43 && strcmp(text + 8 + len, "=") == 0;
}

bool text_is_header_name(const char *name) {
        static const char *const refused[] = {
                "host", "upgrade", "connection", "content-length", "transfer-encoding",
                "te",   "trailer", "expect",
        };

        if (!text_is_token(name) || strncasecmp(name, "sec-websocket-", 14) == 0)
                return false;
        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
                if (strcasecmp(name, refused[i]) == 0)
                        return false;
        return true;
}

bool text_is_channel_name(const char *text) {
        size_t len =
                strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-");

        return len >= 1 && len <= 128 && text[len] == '\0';
}

bool text_is_proxy(const char *text) {
        char problem[128];
        struct uri uri;

        if (*text == '\0')
                return true;
        if (uri_parse_proxy(text, &uri, problem, sizeof(problem)) < 0)
                return false;
        uri_deinit(&uri);
        return true;
}
