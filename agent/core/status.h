/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The sum over channels that applets show: one word, one sentence, some figures. */

#include <stdbool.h>
#include <stdint.h>

#include "cause.h"
#include "policy.h"

enum status_word {
        STATUS_IDLE,       /* no channel that is not suspended */
        STATUS_OFFLINE,    /* none connected, and no usable path */
        STATUS_CONNECTING, /* none connected, at least one on its way or in backoff */
        STATUS_DEGRADED,   /* some connected */
        STATUS_ONLINE,     /* all connected */
        STATUS_FAILED,     /* none connected, the rest gave up or need the user */
        STATUS_WORD_COUNT
};

/* The word of the D-Bus contract. */
const char *status_word_string(enum status_word word);
/* A sentence for people; names no host and no channel. */
const char *status_word_text(enum status_word word);

struct status_channel {
        enum channel_state state;
        bool suspended;
        enum cause_kind cause;
        uint64_t cause_usec; /* when it came */
        uint64_t next_attempt_usec;
        uint64_t n_queued;
};

struct status {
        uint32_t n_channels;
        uint32_t n_connected;
        uint64_t n_queued;
        uint64_t next_attempt_usec; /* the earliest; 0: none */
        enum cause_kind last_cause; /* the latest among those not connected */

        /* While adding up. */
        uint32_t n_active;
        uint32_t n_waiting;
        uint32_t n_trying;
        uint64_t last_cause_usec;
};

/* Begin with a zeroed one. */
void status_add(struct status *s, const struct status_channel *channel);
enum status_word status_word(const struct status *s);
