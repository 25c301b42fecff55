/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What netmon.conf can say, and what holds without it. */

#include <stdbool.h>
#include <stddef.h>

#include "link_type.h"
#include "netaddr.h"

#define SETTINGS_RULES_MAX 64

/* One section [Interface PATTERN]. */
struct settings_rule {
        char pattern[64]; /* shell pattern of interface names */
        enum link_type type;
        enum metered metered;
        bool has_type;
        bool has_metered;
};

struct settings {
        struct settings_rule rules[SETTINGS_RULES_MAX]; /* a later one wins */
        size_t n_rules;
        /* Ordinary addresses far away, to ask the default path for. */
        struct netaddr default4_low;  /* below 128.0.0.0 */
        struct netaddr default4_high; /* from 128.0.0.0 */
        struct netaddr default6;      /* in 2000::/3 */
};

void settings_init(struct settings *settings);

/* Takes one key for config_read(); `userdata` is the struct settings. */
int settings_set(const char *section, const char *key, const char *value, char *expected,
                 size_t expected_size, void *userdata);

/* What the configuration says of an interface; false, and *ret untouched, when nothing. */
bool settings_type(const struct settings *settings, const char *name, enum link_type *ret);
bool settings_metered(const struct settings *settings, const char *name, enum metered *ret);
/* The configuration speaks of this interface. */
bool settings_names(const struct settings *settings, const char *name);
