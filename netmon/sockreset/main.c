/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/capability.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "config.h"
#include "log.h"
#include "program_signals.h"
#include "reset_arguments.h"
#include "reset_settings.h"
#include "sockreset.h"

static int read_settings(const struct reset_arguments *arguments, struct reset_settings *settings) {
        const char *path = arguments->config_path;
        char problem[512];
        int r;

        reset_settings_init(settings);
        r = config_read_named(path, RESET_CONFIG_PATH, reset_settings_set, settings, problem,
                              sizeof(problem));
        if (r < 0)
                log_error("%s", problem);
        settings->dry_run |= arguments->dry_run;
        return r;
}

static bool has_capability(void) {
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

        return syscall(SYS_capget, &header, data) == 0 &&
               data[CAP_TO_INDEX(CAP_NET_ADMIN)].effective & CAP_TO_MASK(CAP_NET_ADMIN);
}

static int run(const struct reset_arguments *arguments, const struct reset_settings *settings) {
        CLEANUP(sd_event_unrefp) sd_event *event = NULL;
        CLEANUP(sockreset_freep) struct sockreset *sockreset = NULL;
        int r;

        r = sd_event_new(&event);
        if (r < 0)
                return r;
        r = program_signals_add(event);
        if (r < 0)
                return r;
        r = sockreset_new(event, arguments->bus_address, settings, &sockreset);
        if (r < 0) {
                log_error("cannot start: %s", strerror(-r));
                return r;
        }
        return sd_event_loop(event);
}

int main(int argc, char **argv) {
        struct reset_settings settings;
        struct reset_arguments arguments;

        switch (reset_arguments_parse(argc, argv, &arguments)) {
        case RESET_RUN:
                break;
        case RESET_DONE:
                return EXIT_SUCCESS;
        case RESET_WRONG:
                return 2;
        }
        if (read_settings(&arguments, &settings) < 0)
                return EXIT_FAILURE;
        if (!settings.dry_run && !has_capability()) {
                log_error("CAP_NET_ADMIN is missing: no connection could be closed");
                return EXIT_FAILURE;
        }
        return run(&arguments, &settings) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
