/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "die.h"

/* Adds up the numbers of the lines "KEY: NUMBER". */
static uint64_t sum_lines(const char *path, const char *const *keys) {
        FILE *file = fopen(path, "re");
        char line[256];
        uint64_t sum = 0;

        if (!file)
                die("%s: %s", path, strerror(errno));
        while (fgets(line, sizeof(line), file))
                for (const char *const *key = keys; *key; key++) {
                        size_t len = strlen(*key);
                        uint64_t value;

                        if (strncmp(line, *key, len) == 0 &&
                            sscanf(line + len, ": %" SCNu64, &value) == 1)
                                sum += value;
                }
        (void)fclose(file);
        return sum;
}

uint64_t process_switches(pid_t pid) {
        static const char *const keys[] = {"voluntary_ctxt_switches", "nonvoluntary_ctxt_switches",
                                           NULL};
        const struct dirent *entry;
        uint64_t sum = 0;
        char path[320];
        DIR *tasks;

        (void)snprintf(path, sizeof(path), "/proc/%d/task", pid);
        tasks = opendir(path);
        if (!tasks)
                die("%s: %s", path, strerror(errno));
        while ((entry = readdir(tasks))) {
                if (entry->d_name[0] == '.')
                        continue;
                (void)snprintf(path, sizeof(path), "/proc/%d/task/%s/status", pid, entry->d_name);
                sum += sum_lines(path, keys);
        }
        (void)closedir(tasks);
        return sum;
}

uint64_t process_pss_kb(pid_t pid, uint64_t *ret_private_kb) {
        static const char *const pss[] = {"Pss", NULL};
        static const char *const private[] = {"Private_Clean", "Private_Dirty", NULL};
        char path[64];

        (void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
        *ret_private_kb = sum_lines(path, private);
        return sum_lines(path, pss);
}
