/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "utf8.h"

#include <stddef.h>
#include <stdint.h>

/* Length of the character that starts here, 0 when none does (RFC 3629: the shortest form, no
 * surrogates, nothing above U+10FFFF). The text's end is no continuation byte. */
static size_t character_len(const unsigned char *s) {
        static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
        uint32_t c;
        size_t len;

        if (s[0] < 0x80)
                return 1;
        if (s[0] < 0xc2 || s[0] > 0xf4)
                return 0;
        len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
        c = s[0] & (0x7f >> len);
        for (size_t i = 1; i < len; i++) {
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (s[i] & 0x3f);
        }
        return c < smallest[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0 : len;
}

void utf8_repair(char *text) {
        while (*text) {
                size_t len = character_len((const unsigned char *)text);

                if (len == 0)
                        *text = '?';
                text += len > 0 ? len : 1;
        }
}
