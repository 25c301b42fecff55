/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uuid.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

Test(uuid, reads_and_writes) {
        static const char hyphens[] = "01234567-89ab-7cde-8f01-23456789abcd";
        static const char *const wrong[] = {
                "",
                "0123",
                "0123456789ab7cde8f0123456789abcdef",
                "0123456789ab7cde8f0123456789abc",
                "g1234567-89ab-7cde-8f01-23456789abcd",
                "01234567 89ab 7cde 8f01 23456789abcd",
        };
        uint8_t uuid[UUID_BYTES], same[UUID_BYTES];
        char text[UUID_TEXT_MAX];

        cr_assert(eq(int, uuid_parse(hyphens, uuid), 0));
        cr_expect(eq(int, uuid[0], 0x01));
        cr_expect(eq(int, uuid[15], 0xcd));
        uuid_format(uuid, text);
        cr_expect(eq(str, text, hyphens));
        cr_assert(eq(int, uuid_parse("0123456789AB7CDE8F0123456789ABCD", same), 0));
        cr_expect(memcmp(uuid, same, UUID_BYTES) == 0);
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                cr_expect(eq(int, uuid_parse(wrong[i], same), -EINVAL), "%s", wrong[i]);
                cr_expect(memcmp(uuid, same, UUID_BYTES) == 0);
        }
}

Test(uuid, fresh_ones_rise) {
        uint8_t before[UUID_BYTES] = {}, now[UUID_BYTES];

        for (int i = 0; i < 2000; i++) {
                uuid_make(now);
                cr_assert(eq(int, now[6] >> 4, 7));
                cr_assert(eq(int, now[8] >> 6, 2));
                cr_assert(memcmp(before, now, UUID_BYTES) < 0, "%d", i);
                memcpy(before, now, UUID_BYTES);
        }
}
