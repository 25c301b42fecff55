/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A configuration file is taken whole or refused with one line that says why, by each daemon. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent_config.h"
#include "config.h"
#include "moment.h"
#include "reset_settings.h"
#include "settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition)
                abort();
}

static void check_problem(int r, const char *problem) {
        require(r < 0 ? problem[0] != '\0' && !strchr(problem, '\n') : problem[0] == '\0');
}

static void check_agent(const char *path) {
        struct agent_config config = {.user_channels = 7};
        char problem[512] = "";
        int r = agent_config_read(&config, path, "session", "/state", problem, sizeof(problem));

        check_problem(r, problem);
        require(r < 0 ? config.user_channels == 7 : config.user_channels <= 100000);
        require(r < 0 || (config.queue_bytes >= 16 << 20 && config.queue_bytes <= INT64_MAX));
        require(r < 0 || strnlen(config.proxy, sizeof(config.proxy)) < sizeof(config.proxy));
}

static void check_netmon(const char *path) {
        char problem[64] = ""; /* short, so that sentences are cut */
        enum link_type type = LINK_TYPE_UNKNOWN;
        enum metered metered = METERED_UNKNOWN;
        struct settings settings;

        settings_init(&settings);
        check_problem(config_read(path, settings_set, &settings, problem, sizeof(problem)),
                      problem);
        require(settings.n_rules <= SETTINGS_RULES_MAX);
        require(settings.default4_low.family == AF_INET && settings.default4_low.bytes[0] < 128);
        require(settings.default4_high.family == AF_INET && settings.default4_high.bytes[0] >= 128);
        require(settings.default6.family == AF_INET6);
        (void)settings_type(&settings, "wlan0", &type);
        (void)settings_metered(&settings, "wlan0", &metered);
}

static void check_sockreset(const char *path) {
        struct reset_settings settings;
        char problem[512] = "";

        reset_settings_init(&settings);
        check_problem(config_read(path, reset_settings_set, &settings, problem, sizeof(problem)),
                      problem);
        require(settings.grace_usec <= 3600 * USEC_PER_SEC);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static int fd = -1;
        char path[64];

        if (fd < 0)
                fd = memfd_create("config", MFD_CLOEXEC);
        require(ftruncate(fd, 0) == 0);
        require(pwrite(fd, data, size, 0) == (ssize_t)size);
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        check_agent(path);
        check_netmon(path);
        check_sockreset(path);
        return 0;
}
