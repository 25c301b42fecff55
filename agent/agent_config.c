/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent_config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "text.h"

#define MIB (UINT64_C(1) << 20)

static int set_number(const char *value, uint64_t min, uint64_t max, uint64_t *ret, char *expected,
                      size_t expected_size) {
        unsigned long long number;
        char *end;

        errno = 0;
        number = strtoull(value, &end, 10);
        if (errno != 0 || end == value || *end != '\0' || strchr(value, '-') || number < min ||
            number > max) {
                (void)snprintf(expected, expected_size,
                               "expected a number from %" PRIu64 " to %" PRIu64, min, max);
                return -EINVAL;
        }
        *ret = number;
        return 0;
}

static int set_flag(const char *value, bool *ret, char *expected, size_t expected_size) {
        if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
                (void)snprintf(expected, expected_size, "expected yes or no");
                return -EINVAL;
        }
        *ret = strcmp(value, "yes") == 0;
        return 0;
}

static int set_proxy(const char *value, struct agent_config *config, char *expected,
                     size_t expected_size) {
        if (!text_is_proxy(value) || strlen(value) >= sizeof(config->proxy)) {
                (void)snprintf(expected, expected_size, "expected http://HOST:PORT, or nothing");
                return -EINVAL;
        }
        (void)snprintf(config->proxy, sizeof(config->proxy), "%s", value);
        return 0;
}

static int set_key(const char *section, const char *key, const char *value, char *expected,
                   size_t expected_size, void *userdata) {
        struct agent_config *config = userdata;
        uint64_t number;
        int r;

        if (strcmp(section, "Queue") == 0 && strcmp(key, "MaxBytes") == 0)
                return set_number(value, 16 * MIB, INT64_MAX, &config->queue_bytes, expected,
                                  expected_size);
        if (strcmp(section, "Users") == 0 && strcmp(key, "MaxBytes") == 0)
                return set_number(value, MIB, INT64_MAX, &config->user_bytes, expected,
                                  expected_size);
        if (strcmp(section, "Users") == 0 && strcmp(key, "MaxChannels") == 0) {
                r = set_number(value, 1, 100000, &number, expected, expected_size);
                if (r >= 0)
                        config->user_channels = (uint32_t)number;
                return r;
        }
        if (strcmp(section, "Servers") == 0 && strcmp(key, "AllowSpecialAddresses") == 0)
                return set_flag(value, &config->allow_special, expected, expected_size);
        if (strcmp(section, "Servers") == 0 && strcmp(key, "Proxy") == 0)
                return set_proxy(value, config, expected, expected_size);
        return -ENOENT;
}

static int find_state(const char *bus, const char *state, char *ret, size_t ret_size) {
        const char *home = getenv("HOME"), *xdg = getenv("XDG_STATE_HOME");
        const char *given = getenv("STATE_DIRECTORY"); /* systemd.exec(5) */

        if (state && *state == '\0')
                return -EINVAL;
        if (state)
                (void)snprintf(ret, ret_size, "%s", state);
        else if (given)
                (void)snprintf(ret, ret_size, "%s", given);
        else if (strcmp(bus, "session") != 0)
                (void)snprintf(ret, ret_size, "/var/lib/wherry");
        else if (xdg && *xdg != '\0')
                (void)snprintf(ret, ret_size, "%s/wherry", xdg);
        else if (home)
                (void)snprintf(ret, ret_size, "%s/.local/state/wherry", home);
        else
                return -ENOENT;
        return 0;
}

int agent_config_read(struct agent_config *ret, const char *path, const char *bus,
                      const char *state, char *problem, size_t problem_size) {
        struct agent_config config = {
                .queue_bytes = 1024 * MIB,
                .user_bytes = 256 * MIB,
                .user_channels = 256,
        };
        int r;

        r = config_read_named(path, AGENT_CONFIG_PATH, set_key, &config, problem, problem_size);
        if (r < 0)
                return r;
        if (strlen(bus) >= sizeof(config.bus)) {
                (void)snprintf(problem, problem_size, "the bus address is too long");
                return -EINVAL;
        }
        (void)snprintf(config.bus, sizeof(config.bus), "%s", bus);
        r = find_state(bus, state, config.state_directory, sizeof(config.state_directory));
        if (r < 0) {
                (void)snprintf(problem, problem_size,
                               "no place for the queue: set HOME or --state");
                return r;
        }
        *ret = config;
        return 0;
}
