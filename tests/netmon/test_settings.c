/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct settings settings;

static int set(const char *section, const char *key, const char *value) {
        char expected[256] = "";
        int r = settings_set(section, key, value, expected, sizeof(expected), &settings);

        cr_assert(eq(int, expected[0] != '\0', r == -EINVAL), "%s", expected);
        return r;
}

static void setup(void) {
        settings_init(&settings);
}

TestSuite(settings, .init = setup);

Test(settings, later_section_wins_key_by_key) {
        enum link_type type = LINK_TYPE_UNKNOWN;
        enum metered metered = METERED_UNKNOWN;

        cr_assert(eq(int, set("Interface wlan*", "Type", "wifi"), 0));
        cr_assert(eq(int, set("Interface wlan*", "Metered", "yes"), 0));
        cr_assert(eq(int, set("Interface wlan1", "Metered", "no"), 0));
        cr_assert(settings_type(&settings, "wlan1", &type));
        cr_assert(eq(int, type, LINK_TYPE_WIFI));
        cr_assert(settings_metered(&settings, "wlan1", &metered));
        cr_assert(eq(int, metered, METERED_NO));
        cr_assert(settings_metered(&settings, "wlan0", &metered));
        cr_assert(eq(int, metered, METERED_YES));
        cr_assert(not(settings_type(&settings, "eth0", &type)));
        cr_assert(not(settings_metered(&settings, "eth0", &metered)));
        cr_assert(settings_names(&settings, "wlan7"));
        cr_assert(not(settings_names(&settings, "eth0")));
}

Test(settings, default_addresses) {
        char text[NETADDR_TEXT_SIZE];

        cr_assert(eq(int, set("Default", "Address4Low", "100.64.0.1"), 0));
        cr_assert(eq(int, set("Default", "Address4High", "198.51.100.1"), 0));
        cr_assert(eq(int, set("Default", "Address6", "2001:db8::1"), 0));
        cr_assert(eq(str, (char *)netaddr_format(&settings.default4_low, text), "100.64.0.1"));
        cr_assert(eq(str, (char *)netaddr_format(&settings.default4_high, text), "198.51.100.1"));
        cr_assert(eq(str, (char *)netaddr_format(&settings.default6, text), "2001:db8::1"));
}

Test(settings, wrong_values_are_refused_with_a_sentence) {
        static const struct {
                const char *section;
                const char *key;
                const char *value;
                int result;
        } rows[] = {
                {"Interface eth0", "Type", "cable", -EINVAL},
                {"Interface eth0", "Metered", "maybe", -EINVAL},
                {"Interface eth0", "Colour", "red", -ENOENT},
                {"Interface ", "Type", "wifi", -EINVAL},
                {"Interface", "Type", "wifi", -ENOENT},
                {"Default", "Address4Low", "0.0.0.0", -EINVAL},
                {"Default", "Address4Low", "127.0.0.1", -EINVAL},
                {"Default", "Address4Low", "192.0.2.1", -EINVAL},
                {"Default", "Address4High", "10.0.0.1", -EINVAL},
                {"Default", "Address4High", "224.0.0.1", -EINVAL},
                {"Default", "Address4High", "169.254.1.1", -EINVAL},
                {"Default", "Address6", "fd00::1", -EINVAL},
                {"Default", "Address6", "::", -EINVAL},
                {"Default", "Address6", "example.com", -EINVAL},
                {"Default", "Address", "10.0.0.1", -ENOENT},
                {"Elsewhere", "Type", "wifi", -ENOENT},
                {"", "Type", "wifi", -ENOENT},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                cr_assert(eq(int, set(rows[i].section, rows[i].key, rows[i].value), rows[i].result),
                          "row %zu", i);
}

Test(settings, so_many_sections_and_no_more) {
        char section[32];

        for (unsigned i = 0; i < SETTINGS_RULES_MAX; i++) {
                (void)snprintf(section, sizeof(section), "Interface eth%u", i);
                cr_assert(eq(int, set(section, "Type", "wifi"), 0));
        }
        cr_assert(eq(int, set("Interface one-more", "Type", "wifi"), -EINVAL));
        cr_assert(eq(int, set("Interface eth0", "Metered", "yes"), 0));
}
