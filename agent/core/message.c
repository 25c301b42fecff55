/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message.h"

#include <errno.h>
#include <string.h>

static const char *const states[MESSAGE_STATE_COUNT] = {
        [MESSAGE_QUEUED] = "queued",       [MESSAGE_SENT] = "sent",
        [MESSAGE_DELIVERED] = "delivered", [MESSAGE_REJECTED] = "rejected",
        [MESSAGE_EXPIRED] = "expired",     [MESSAGE_CANCELLED] = "cancelled",
        [MESSAGE_REPLACED] = "replaced",   [MESSAGE_DROPPED] = "dropped",
        [MESSAGE_UNCERTAIN] = "uncertain",
};

const char *message_state_string(enum message_state state) {
        return states[state];
}

int message_state_parse(const char *word, enum message_state *ret) {
        for (unsigned i = 0; i < MESSAGE_STATE_COUNT; i++)
                if (strcmp(states[i], word) == 0) {
                        *ret = (enum message_state)i;
                        return 0;
                }
        return -EINVAL;
}

bool message_state_is_final(enum message_state state) {
        return state != MESSAGE_QUEUED && state != MESSAGE_SENT;
}

void message_derive_uuid(const uint8_t key[MESSAGE_UUID_BYTES], uint64_t id,
                         uint8_t ret[MESSAGE_UUID_BYTES]) {
        memcpy(ret, key, MESSAGE_UUID_BYTES);
        /* The id goes into the last seven bytes, clear of version and variant: ids differ, so the
         * UUIDs do. */
        for (unsigned i = 0; i < 7; i++)
                ret[15 - i] ^= (uint8_t)(id >> (8 * i));
        ret[6] = (uint8_t)((ret[6] & 0x0f) | 0x80); /* version 8, RFC 9562 section 5.8 */
        ret[8] = (uint8_t)((ret[8] & 0x3f) | 0x80); /* variant */
}
