/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reset_settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "moment.h"

#define GRACE_DEFAULT_USEC (3 * USEC_PER_SEC)
#define GRACE_MAX_SEC 3600

void reset_settings_init(struct reset_settings *settings) {
        *settings = (struct reset_settings){.grace_usec = GRACE_DEFAULT_USEC};
}

static int parse_seconds(const char *value, uint64_t *ret_usec) {
        char *end;
        double seconds;

        if (value[0] == '\0' || value[strspn(value, "0123456789.")] != '\0')
                return -EINVAL;
        seconds = strtod(value, &end);
        if (end == value || *end != '\0' || seconds > GRACE_MAX_SEC)
                return -EINVAL;
        *ret_usec = (uint64_t)(seconds * (double)USEC_PER_SEC + 0.5);
        return 0;
}

static int parse_bool(const char *value, bool *ret) {
        if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
                return -EINVAL;
        *ret = strcmp(value, "yes") == 0;
        return 0;
}

int reset_settings_set(const char *section, const char *key, const char *value, char *expected,
                       size_t expected_size, void *userdata) {
        struct reset_settings *settings = userdata;

        if (strcmp(section, "Reset") != 0)
                return -ENOENT;
        if (strcmp(key, "GraceSec") == 0) {
                (void)snprintf(expected, expected_size, "expected a number of seconds from 0 to %d",
                               GRACE_MAX_SEC);
                return parse_seconds(value, &settings->grace_usec);
        }
        if (strcmp(key, "DryRun") == 0) {
                (void)snprintf(expected, expected_size, "expected yes or no");
                return parse_bool(value, &settings->dry_run);
        }
        return -ENOENT;
}
