/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "arguments.h"
#include "cleanup.h"
#include "config.h"
#include "log.h"
#include "netmon.h"
#include "program_signals.h"
#include "settings.h"

static int read_settings(const char *path, struct settings *settings) {
        char problem[512];
        int r;

        settings_init(settings);
        r = config_read_named(path, CONFIG_PATH, settings_set, settings, problem, sizeof(problem));
        if (r < 0)
                log_error("%s", problem);
        return r;
}

/* The netlink socket of a systemd .socket unit, or -1. */
static int passed_socket(void) {
        int n = sd_listen_fds(1);

        if (n <= 0 || sd_is_socket(SD_LISTEN_FDS_START, AF_NETLINK, SOCK_RAW, -1) <= 0)
                return -1;
        return SD_LISTEN_FDS_START;
}

static int run(const struct netmon_options *options) {
        CLEANUP(sd_event_unrefp) sd_event *event = NULL;
        CLEANUP(netmon_freep) struct netmon *netmon = NULL;
        int r;

        r = sd_event_new(&event);
        if (r < 0)
                return r;
        r = program_signals_add(event);
        if (r < 0)
                return r;
        r = netmon_new(event, options, &netmon);
        if (r < 0) {
                log_error("rtnl: cannot watch the kernel: %s", strerror(-r));
                return r;
        }
        return sd_event_loop(event);
}

int main(int argc, char **argv) {
        static struct settings settings;
        struct arguments arguments;

        switch (arguments_parse(argc, argv, &arguments)) {
        case ARGUMENTS_RUN:
                break;
        case ARGUMENTS_DONE:
                return EXIT_SUCCESS;
        case ARGUMENTS_WRONG:
                return 2;
        }
        if (read_settings(arguments.config_path, &settings) < 0)
                return EXIT_FAILURE;
        arguments.netmon.settings = &settings;
        arguments.netmon.rtnl_fd = passed_socket();
        return run(&arguments.netmon) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
