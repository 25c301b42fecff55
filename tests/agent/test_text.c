/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

Test(text, pins) {
        cr_assert(text_is_pin(PIN));
        cr_assert(not(text_is_pin("")));
        cr_assert(not(text_is_pin("sha256//AAAA=")));
        cr_assert(not(text_is_pin("sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")));
        cr_assert(not(text_is_pin(PIN ";" PIN)));
}

Test(text, headers_of_the_handshake_are_refused) {
        static const char *const refused[] = {
                "",
                "Host",
                "HOST",
                "upgrade",
                "Connection",
                "a b",
                "a:b",
                "a\r\nb",
                "Sec-WebSocket-Key",
                "te",
                "\xc3\xa4",
                "Content-Length",
                "Sec-WebSocket-Extensions",
        };
        static const char *const allowed[] = {"Authorization", "X-Token", "Cookie", "Origin"};

        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
                cr_assert(not(text_is_header_name(refused[i])), "%s", refused[i]);
        for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
                cr_assert(text_is_header_name(allowed[i]), "%s", allowed[i]);
}

Test(text, channel_names) {
        char name[130];

        cr_assert(text_is_channel_name("a"));
        cr_assert(text_is_channel_name("org.example.Chat/inbox_1-2"));
        cr_assert(not(text_is_channel_name("")));
        cr_assert(not(text_is_channel_name("a b")));
        cr_assert(not(text_is_channel_name("\xc3\xa4")));
        memset(name, 'x', sizeof(name));
        name[128] = '\0';
        cr_assert(text_is_channel_name(name));
        name[128] = 'x';
        name[129] = '\0';
        cr_assert(not(text_is_channel_name(name)));
}

Test(text, control_characters_are_not_printable) {
        cr_assert(text_is_printable(""));
        cr_assert(text_is_printable("Gr\xc3\xbc\xc3\x9f\x65"));
        cr_assert(not(text_is_printable("a\nb")));
        cr_assert(not(text_is_printable("\x1b[31m")));
        cr_assert(not(text_is_printable("\x7f")));
}

Test(text, proxies) {
        cr_assert(text_is_proxy(""));
        cr_assert(text_is_proxy("http://proxy.example:3128"));
        cr_assert(not(text_is_proxy("socks5://proxy.example:1080")));
        cr_assert(not(text_is_proxy("http://user:secret@proxy.example")));
        cr_assert(not(text_is_proxy("proxy.example")));
}
