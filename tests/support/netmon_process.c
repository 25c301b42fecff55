/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netmon_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bus_daemon.h"
#include "child.h"
#include "die.h"

#define NOBODY 65534
#define ARGUMENTS_MAX 16

static pid_t start_as(uid_t uid, gid_t gid, const struct bus_daemon *daemon, const char *config,
                      const char *const *arguments) {
        char bus_argument[128], path[96], config_argument[128], state_argument[128];
        char file_argument[128];
        const char *argv[ARGUMENTS_MAX] = {getenv("WHERRY_NETMON"), bus_argument, config_argument,
                                           state_argument, file_argument};
        size_t n = 5;
        FILE *file;

        if (!argv[0])
                die("WHERRY_NETMON does not name the program");
        (void)snprintf(bus_argument, sizeof(bus_argument), "--bus=%s", daemon->address);
        (void)snprintf(path, sizeof(path), "%s/netmon.conf", daemon->directory);
        (void)snprintf(config_argument, sizeof(config_argument), "--config=%s", path);
        (void)snprintf(state_argument, sizeof(state_argument), "--state-directory=%s",
                       daemon->directory);
        (void)snprintf(file_argument, sizeof(file_argument), "--state-file=%s/netmon.state",
                       daemon->directory);
        file = fopen(path, "we");
        if (!file || fputs(config ? config : "", file) < 0 || fclose(file) != 0)
                die("%s: cannot be written", path);
        for (; arguments && *arguments; arguments++) {
                if (n == ARGUMENTS_MAX - 1)
                        die("too many arguments");
                argv[n++] = *arguments;
        }
        return child_start_as(uid, gid, argv);
}

pid_t netmon_start(const struct bus_daemon *daemon, const char *config,
                   const char *const *arguments) {
        return start_as(getuid(), getgid(), daemon, config, arguments);
}

pid_t netmon_start_as_nobody(const struct bus_daemon *daemon, const char *config,
                             const char *const *arguments) {
        return start_as(NOBODY, NOBODY, daemon, config, arguments);
}
