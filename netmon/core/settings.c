/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define INTERFACE_SECTION "Interface "

void settings_init(struct settings *settings) {
        *settings = (struct settings){};
        /* Old addresses of example.com and of IANA: global, nobody's resolver, and nothing that a
         * host would route on its own. No packet goes there. */
        (void)netaddr_from_text("93.184.216.34", &settings->default4_low);
        (void)netaddr_from_text("192.0.43.8", &settings->default4_high);
        (void)netaddr_from_text("2606:2800:220:1:248:1893:25c8:1946", &settings->default6);
}

static struct settings_rule *find_rule(struct settings *settings, const char *pattern) {
        struct settings_rule *rule;

        for (size_t i = 0; i < settings->n_rules; i++)
                if (strcmp(settings->rules[i].pattern, pattern) == 0)
                        return &settings->rules[i];
        if (settings->n_rules == SETTINGS_RULES_MAX)
                return NULL;
        rule = &settings->rules[settings->n_rules++];
        memcpy(rule->pattern, pattern, strlen(pattern) + 1);
        return rule;
}

static int set_interface(struct settings *settings, const char *pattern, const char *key,
                         const char *value, char *expected, size_t expected_size) {
        struct settings_rule *rule;

        if (strcmp(key, "Type") != 0 && strcmp(key, "Metered") != 0)
                return -ENOENT;
        if (pattern[0] == '\0' || strlen(pattern) >= sizeof(rule->pattern)) {
                (void)snprintf(expected, expected_size,
                               "expected [Interface PATTERN], a pattern of 1 to %zu characters",
                               sizeof(rule->pattern) - 1);
                return -EINVAL;
        }
        rule = find_rule(settings, pattern);
        if (!rule) {
                (void)snprintf(expected, expected_size, "at most %d sections [Interface ...]",
                               SETTINGS_RULES_MAX);
                return -EINVAL;
        }
        if (strcmp(key, "Type") == 0) {
                if (link_type_from_string(value, &rule->type) < 0) {
                        (void)snprintf(expected, expected_size,
                                       "expected ethernet, wifi, cellular, bluetooth, tether, "
                                       "vpn, loopback, virtual or unknown");
                        return -EINVAL;
                }
                rule->has_type = true;
                return 0;
        }
        if (metered_from_string(value, &rule->metered) < 0) {
                (void)snprintf(expected, expected_size, "expected yes, no or unknown");
                return -EINVAL;
        }
        rule->has_metered = true;
        return 0;
}

static int set_default(struct settings *settings, const char *key, const char *value,
                       char *expected, size_t expected_size) {
        struct netaddr address = {};
        struct netaddr *target;
        const char *range;
        bool in_range;

        (void)netaddr_from_text(value, &address);
        if (strcmp(key, "Address4Low") == 0) {
                target = &settings->default4_low;
                range = "an IPv4 address from 1.0.0.0 to 126.255.255.255";
                in_range = address.family == AF_INET && address.bytes[0] >= 1 &&
                           address.bytes[0] <= 126;
        } else if (strcmp(key, "Address4High") == 0) {
                target = &settings->default4_high;
                range = "an IPv4 address from 128.0.0.0 to 223.255.255.255, not 169.254.*";
                in_range = address.family == AF_INET && address.bytes[0] >= 128 &&
                           address.bytes[0] <= 223 && netaddr_scope(&address) == NETADDR_GLOBAL;
        } else if (strcmp(key, "Address6") == 0) {
                target = &settings->default6;
                range = "an IPv6 address in 2000::/3";
                in_range = address.family == AF_INET6 && (address.bytes[0] & 0xe0) == 0x20;
        } else {
                return -ENOENT;
        }
        if (!in_range) {
                (void)snprintf(expected, expected_size, "expected %s", range);
                return -EINVAL;
        }
        *target = address;
        return 0;
}

int settings_set(const char *section, const char *key, const char *value, char *expected,
                 size_t expected_size, void *userdata) {
        if (strncmp(section, INTERFACE_SECTION, strlen(INTERFACE_SECTION)) == 0)
                return set_interface(userdata, section + strlen(INTERFACE_SECTION), key, value,
                                     expected, expected_size);
        if (strcmp(section, "Default") == 0)
                return set_default(userdata, key, value, expected, expected_size);
        return -ENOENT;
}

bool settings_type(const struct settings *settings, const char *name, enum link_type *ret) {
        bool found = false;

        for (size_t i = 0; i < settings->n_rules; i++) {
                const struct settings_rule *rule = &settings->rules[i];

                if (!rule->has_type || fnmatch(rule->pattern, name, 0) != 0)
                        continue;
                *ret = rule->type;
                found = true;
        }
        return found;
}

bool settings_metered(const struct settings *settings, const char *name, enum metered *ret) {
        bool found = false;

        for (size_t i = 0; i < settings->n_rules; i++) {
                const struct settings_rule *rule = &settings->rules[i];

                if (!rule->has_metered || fnmatch(rule->pattern, name, 0) != 0)
                        continue;
                *ret = rule->metered;
                found = true;
        }
        return found;
}

bool settings_names(const struct settings *settings, const char *name) {
        for (size_t i = 0; i < settings->n_rules; i++)
                if (fnmatch(settings->rules[i].pattern, name, 0) == 0)
                        return true;
        return false;
}
