/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages with any contents out of a fuzzer's bytes. sd-bus checks the bytes that come, so ours
 * are made into messages that it would let pass. */

#include <stdint.h>
#include <systemd/sd-bus.h>

/* What the readers know, so that they get to see it. */
struct any_words {
        const char *const *texts;
        size_t n_texts;
        const char *const *variants; /* signatures */
        size_t n_variants;
        const char *const *paths; /* above all object paths */
        size_t n_paths;
};

struct any_feed {
        const uint8_t *data;
        size_t left;
        const struct any_words *words;
};

/* The next byte, 0 behind the end. */
uint8_t any_take(struct any_feed *feed);

/* Appends values for the whole signature. */
void any_append(sd_bus_message *m, const char *signature, struct any_feed *feed);

/* A connection that nothing comes from, to make messages for. */
sd_bus *any_bus(void);
