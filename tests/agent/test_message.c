/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

Test(message, states_have_words_and_back) {
        for (unsigned i = 0; i < MESSAGE_STATE_COUNT; i++) {
                enum message_state state = MESSAGE_STATE_COUNT;
                const char *word = message_state_string((enum message_state)i);

                cr_assert(word != NULL);
                cr_assert(eq(int, message_state_parse(word, &state), 0));
                cr_assert(eq(int, (int)state, (int)i));
                cr_assert(eq(int, message_state_is_final(state),
                             i != MESSAGE_QUEUED && i != MESSAGE_SENT));
        }
}

Test(message, unknown_word_is_refused) {
        enum message_state state = MESSAGE_QUEUED;

        cr_assert(eq(int, message_state_parse("lost", &state), -EINVAL));
        cr_assert(eq(int, message_state_parse("", &state), -EINVAL));
}

Test(message, derived_uuids_differ_and_are_version_8) {
        uint8_t key[MESSAGE_UUID_BYTES], one[MESSAGE_UUID_BYTES], again[MESSAGE_UUID_BYTES];

        memset(key, 0xff, sizeof(key));
        for (uint64_t id = 1; id < 100000; id += 997) {
                uint8_t other[MESSAGE_UUID_BYTES];

                message_derive_uuid(key, id, one);
                message_derive_uuid(key, id, again);
                message_derive_uuid(key, id + 1, other);
                cr_assert(eq(int, memcmp(one, again, sizeof(one)), 0));
                cr_assert(ne(int, memcmp(one, other, sizeof(one)), 0));
                cr_assert(eq(int, one[6] >> 4, 8));
                cr_assert(eq(int, one[8] >> 6, 2));
        }
}
