/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What sockreset.conf can say, and what holds without it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reset_settings {
        uint64_t grace_usec; /* so long an address may be away */
        bool dry_run;        /* say what would be closed, close nothing */
};

void reset_settings_init(struct reset_settings *settings);

/* Takes one key for config_read(); `userdata` is the struct reset_settings. */
int reset_settings_set(const char *section, const char *key, const char *value, char *expected,
                       size_t expected_size, void *userdata);
