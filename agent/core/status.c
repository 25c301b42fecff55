/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "status.h"

static const struct {
        const char *word;
        const char *text;
} words[STATUS_WORD_COUNT] = {
        [STATUS_IDLE] = {"idle", "No app asks for a connection."},
        [STATUS_OFFLINE] = {"offline", "There is no network; messages wait."},
        [STATUS_CONNECTING] = {"connecting", "Connecting; messages wait."},
        [STATUS_DEGRADED] = {"degraded", "Some connections are missing."},
        [STATUS_ONLINE] = {"online", "All connections stand."},
        [STATUS_FAILED] = {"failed", "Servers cannot be reached; messages wait."},
};

const char *status_word_string(enum status_word word) {
        return words[word].word;
}

const char *status_word_text(enum status_word word) {
        return words[word].text;
}

void status_add(struct status *s, const struct status_channel *channel) {
        s->n_channels++;
        s->n_queued += channel->n_queued;
        if (channel->suspended || channel->state == CHANNEL_CLOSED)
                return;
        s->n_active++;
        switch (channel->state) {
        case CHANNEL_CONNECTED:
                s->n_connected++;
                return;
        case CHANNEL_WAITING:
                s->n_waiting++;
                break;
        case CHANNEL_CONNECTING:
        case CHANNEL_RECOVERING:
        case CHANNEL_BACKOFF:
                s->n_trying++;
                break;
        case CHANNEL_IDLE:
                if (channel->cause == CAUSE_NONE) /* its first attempt is about to begin */
                        s->n_trying++;
                break;
        case CHANNEL_FAILED:
        case CHANNEL_CLOSED:
        case CHANNEL_STATE_COUNT:
                break;
        }
        if (channel->next_attempt_usec != 0 &&
            (s->next_attempt_usec == 0 || channel->next_attempt_usec < s->next_attempt_usec))
                s->next_attempt_usec = channel->next_attempt_usec;
        if (channel->cause != CAUSE_NONE && channel->cause_usec >= s->last_cause_usec) {
                s->last_cause_usec = channel->cause_usec;
                s->last_cause = channel->cause;
        }
}

enum status_word status_word(const struct status *s) {
        if (s->n_active == 0)
                return STATUS_IDLE;
        if (s->n_connected == s->n_active)
                return STATUS_ONLINE;
        if (s->n_connected > 0)
                return STATUS_DEGRADED;
        if (s->n_trying > 0)
                return STATUS_CONNECTING;
        return s->n_waiting > 0 ? STATUS_OFFLINE : STATUS_FAILED;
}
