/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "arguments.h"
#include "cleanup.h"
#include "config.h"
#include "log.h"
#include "netmon.h"
#include "settings.h"

static int read_settings(const char *path, struct settings *settings) {
        char problem[512];
        int r;

        settings_init(settings);
        if (path && access(path, R_OK) < 0) {
                log_error("%s: %s", path, strerror(errno));
                return -errno;
        }
        r = config_read(path ? path : CONFIG_PATH, settings_set, settings, problem,
                        sizeof(problem));
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
        sigset_t signals;
        int r;

        (void)sigemptyset(&signals);
        (void)sigaddset(&signals, SIGTERM);
        (void)sigaddset(&signals, SIGINT);
        (void)sigprocmask(SIG_BLOCK, &signals, NULL);
        (void)signal(SIGPIPE, SIG_IGN);
        r = sd_event_new(&event);
        if (r < 0)
                return r;
        r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
        if (r < 0)
                return r;
        r = sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
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
