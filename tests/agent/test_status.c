/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "status.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

Test(status, words_are_those_of_the_contract) {
        static const char *const words[] = {"idle",     "offline", "connecting",
                                            "degraded", "online",  "failed"};

        for (unsigned i = 0; i < STATUS_WORD_COUNT; i++) {
                cr_assert(eq(str, (char *)status_word_string((enum status_word)i), words[i]));
                cr_assert(ne(sz, strlen(status_word_text((enum status_word)i)), 0));
        }
}

Test(status, table) {
        /* One letter a channel: n new, c connected, w waiting, t connecting, b backoff, f failed,
         * i idle (inbox full), s suspended. */
        static const struct {
                const char *channels;
                enum status_word word;
        } rows[] = {
                {"", STATUS_IDLE},         {"s", STATUS_IDLE},        {"ss", STATUS_IDLE},
                {"c", STATUS_ONLINE},      {"ccs", STATUS_ONLINE},    {"cw", STATUS_DEGRADED},
                {"cf", STATUS_DEGRADED},   {"ci", STATUS_DEGRADED},   {"w", STATUS_OFFLINE},
                {"wf", STATUS_OFFLINE},    {"t", STATUS_CONNECTING},  {"b", STATUS_CONNECTING},
                {"wt", STATUS_CONNECTING}, {"fb", STATUS_CONNECTING}, {"f", STATUS_FAILED},
                {"ffs", STATUS_FAILED},    {"fi", STATUS_FAILED},     {"n", STATUS_CONNECTING},
                {"fn", STATUS_CONNECTING}, {"cn", STATUS_DEGRADED},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct status s = {0};

                for (const char *c = rows[i].channels; *c; c++) {
                        struct status_channel channel = {.suspended = *c == 's'};

                        if (*c == 'i')
                                channel.cause = CAUSE_INBOX_FULL;
                        channel.state = *c == 'c'   ? CHANNEL_CONNECTED
                                        : *c == 'w' ? CHANNEL_WAITING
                                        : *c == 't' ? CHANNEL_CONNECTING
                                        : *c == 'b' ? CHANNEL_BACKOFF
                                        : *c == 'f' ? CHANNEL_FAILED
                                                    : CHANNEL_IDLE;
                        status_add(&s, &channel);
                }
                cr_assert(eq(int, (int)status_word(&s), (int)rows[i].word), "\"%s\"",
                          rows[i].channels);
        }
}

Test(status, figures) {
        struct status s = {0};

        status_add(&s, &(struct status_channel){.state = CHANNEL_CONNECTED, .n_queued = 2});
        status_add(&s, &(struct status_channel){.state = CHANNEL_BACKOFF,
                                                .cause = CAUSE_REFUSED,
                                                .cause_usec = 10,
                                                .next_attempt_usec = 500,
                                                .n_queued = 3});
        status_add(&s, &(struct status_channel){.state = CHANNEL_FAILED,
                                                .cause = CAUSE_CERTIFICATE,
                                                .cause_usec = 20});
        status_add(&s, &(struct status_channel){.state = CHANNEL_FAILED,
                                                .cause = CAUSE_GAVE_UP,
                                                .cause_usec = 15,
                                                .next_attempt_usec = 400});
        cr_assert(eq(u32, s.n_channels, 4));
        cr_assert(eq(u32, s.n_connected, 1));
        cr_assert(eq(u64, s.n_queued, 5));
        cr_assert(eq(u64, s.next_attempt_usec, 400));
        cr_assert(eq(int, (int)s.last_cause, CAUSE_CERTIFICATE));
}
