/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reset_settings.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

static struct reset_settings settings;

static int set(const char *section, const char *key, const char *value) {
        char expected[256] = "";

        return reset_settings_set(section, key, value, expected, sizeof(expected), &settings);
}

Test(reset_settings, defaults) {
        reset_settings_init(&settings);
        cr_assert(eq(u64, settings.grace_usec, 3000000));
        cr_assert(not(settings.dry_run));
}

Test(reset_settings, values) {
        static const struct {
                const char *value;
                uint64_t usec;
        } rows[] = {{"0", 0}, {"3", 3000000}, {"0.25", 250000}, {"3600", 3600000000}};

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                cr_assert(eq(int, set("Reset", "GraceSec", rows[i].value), 0));
                cr_assert(eq(u64, settings.grace_usec, rows[i].usec));
        }
        cr_assert(eq(int, set("Reset", "DryRun", "yes"), 0));
        cr_assert(settings.dry_run);
        cr_assert(eq(int, set("Reset", "DryRun", "no"), 0));
        cr_assert(not(settings.dry_run));
}

Test(reset_settings, wrong_ones_are_refused) {
        static const struct {
                const char *section;
                const char *key;
                const char *value;
                int result;
        } rows[] = {
                {"Reset", "GraceSec", "", -EINVAL},      {"Reset", "GraceSec", "-1", -EINVAL},
                {"Reset", "GraceSec", "3601", -EINVAL},  {"Reset", "GraceSec", "3s", -EINVAL},
                {"Reset", "GraceSec", "1.2.3", -EINVAL}, {"Reset", "GraceSec", ".", -EINVAL},
                {"Reset", "GraceSec", "inf", -EINVAL},   {"Reset", "GraceSec", "1e3", -EINVAL},
                {"Reset", "DryRun", "maybe", -EINVAL},   {"Reset", "Colour", "red", -ENOENT},
                {"Other", "GraceSec", "3", -ENOENT},
        };

        reset_settings_init(&settings);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                cr_assert(eq(int, set(rows[i].section, rows[i].key, rows[i].value), rows[i].result),
                          "%s=%s", rows[i].key, rows[i].value);
        cr_assert(eq(u64, settings.grace_usec, 3000000));
        cr_assert(not(settings.dry_run));
}
