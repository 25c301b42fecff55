/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "power.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "moment.h"

#define SUPPLIES "/sys/class/power_supply"

static bool supply_says(const char *supply, const char *attribute, const char *word) {
        char path[512], line[32] = "";
        FILE *file;

        (void)snprintf(path, sizeof(path), SUPPLIES "/%s/%s", supply, attribute);
        file = fopen(path, "re");
        if (!file)
                return false;
        if (!fgets(line, sizeof(line), file))
                line[0] = '\0';
        (void)fclose(file);
        line[strcspn(line, "\n")] = '\0';
        return strcmp(line, word) == 0;
}

/* A battery of the machine itself, not of a mouse, gives power, and nothing feeds it. */
static bool is_on_battery(void) {
        DIR *directory = opendir(SUPPLIES);
        bool discharging = false, fed = false;
        const struct dirent *entry;

        if (!directory)
                return false;
        while ((entry = readdir(directory))) {
                if (entry->d_name[0] == '.')
                        continue;
                if (supply_says(entry->d_name, "type", "Battery")) {
                        if (!supply_says(entry->d_name, "scope", "Device") &&
                            supply_says(entry->d_name, "status", "Discharging"))
                                discharging = true;
                } else if (supply_says(entry->d_name, "online", "1")) {
                        fed = true;
                }
        }
        (void)closedir(directory);
        return discharging && !fed;
}

uint64_t power_backoff_cap_usec(void) {
        return (is_on_battery() ? 300 : 60) * USEC_PER_SEC;
}
