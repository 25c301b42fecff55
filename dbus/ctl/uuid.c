/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uuid.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "moment.h"
#include "must.h"

static int digit_value(char c) {
        return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

int uuid_parse(const char *text, uint8_t ret[UUID_BYTES]) {
        uint8_t uuid[UUID_BYTES] = {};
        size_t digits = 0;

        for (; *text; text++) {
                if (*text == '-')
                        continue;
                if (!isxdigit((unsigned char)*text) || digits == 2 * UUID_BYTES)
                        return -EINVAL;
                uuid[digits / 2] = (uint8_t)(uuid[digits / 2] << 4 | digit_value(*text));
                digits++;
        }
        if (digits != 2 * UUID_BYTES)
                return -EINVAL;
        memcpy(ret, uuid, sizeof(uuid));
        return 0;
}

void uuid_format(const uint8_t uuid[UUID_BYTES], char text[UUID_TEXT_MAX]) {
        size_t len = 0;

        for (int i = 0; i < UUID_BYTES; i++)
                len += (size_t)snprintf(text + len, UUID_TEXT_MAX - len, "%s%02x",
                                        i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
}

void uuid_make(uint8_t ret[UUID_BYTES]) {
        static uint16_t sequence;
        uint64_t msec = moment_now().realtime_usec / USEC_PER_MSEC;

        if (getrandom(ret, UUID_BYTES, 0) != UUID_BYTES)
                must(-EIO);
        for (int i = 0; i < 6; i++)
                ret[i] = (uint8_t)(msec >> (40 - 8 * i));
        sequence++;
        ret[6] = 0x70 | (sequence >> 8 & 0x0f);
        ret[7] = sequence & 0xff;
        ret[8] = 0x80 | (ret[8] & 0x3f);
}
