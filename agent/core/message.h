/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The states of a message and the facts about it that outlive a restart. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_UUID_BYTES 16
#define MESSAGE_TAG_MAX 255 /* bytes of a tag, without the terminator */

enum message_state {
        MESSAGE_QUEUED,    /* on disk, not yet written to a server, or not proved */
        MESSAGE_SENT,      /* handed to the connection; in memory only, unless at-most-once */
        MESSAGE_DELIVERED, /* proved by the server or the transport */
        MESSAGE_REJECTED,  /* refused by the server, poison, or out of tries */
        MESSAGE_EXPIRED,   /* its time to live ran out */
        MESSAGE_CANCELLED,
        MESSAGE_REPLACED,
        MESSAGE_DROPPED,   /* pushed out of a full queue */
        MESSAGE_UNCERTAIN, /* at most once: written, then lost without proof */
        MESSAGE_STATE_COUNT
};

/* The word of the D-Bus contract, "queued" to "uncertain". */
const char *message_state_string(enum message_state state);
/* -EINVAL for a word that is no state. */
int message_state_parse(const char *word, enum message_state *ret);
bool message_state_is_final(enum message_state state);

enum message_frame {
        MESSAGE_FRAME_BINARY,
        MESSAGE_FRAME_TEXT,
};

struct message_facts {
        uint64_t id; /* rises, over both directions of a channel; never reused */
        uint8_t uuid[MESSAGE_UUID_BYTES];
        bool uuid_given; /* by the sender; else derived, see message_derive_uuid() */
        bool at_most_once;
        enum message_frame frame;
        enum message_state state;
        uint32_t max_tries; /* 0: no limit */
        uint32_t tries;     /* connections lost with this message in flight; counted on disk only
                               when max_tries is set */
        uint64_t created_realtime_usec;
        uint64_t expires_realtime_usec;    /* 0: never */
        uint64_t not_before_realtime_usec; /* 0: at once */
        char tag[MESSAGE_TAG_MAX + 1];
        char reason[64]; /* why a final state was reached; "" when delivered */
};

/* A UUID (RFC 9562 version 8) from the channel's random key and the message's id: the same again
 * after a restart, without being stored. */
void message_derive_uuid(const uint8_t key[MESSAGE_UUID_BYTES], uint64_t id,
                         uint8_t ret[MESSAGE_UUID_BYTES]);
