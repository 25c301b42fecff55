/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "config.h"
#include "log.h"
#include "program_signals.h"
#include "reset_settings.h"
#include "sockreset.h"

#define CONFIG_PATH "/etc/wherry/sockreset.conf"

static const char help[] =
        "Usage: wherry-sockreset [OPTION...]\n"
        "Ends connections of all programs whose source address the machine has no more: TCP, and\n"
        "UDP that is connected. Needs CAP_NET_ADMIN and a running wherry-netmon.\n"
        "\n"
        "      --bus=ADDRESS            message bus of wherry-netmon, instead of the system bus\n"
        "      --session                use the session bus\n"
        "      --config=FILE            read FILE instead of " CONFIG_PATH "\n"
        "      --dry-run                say what would be closed, close nothing\n"
        "      --log-level=LEVEL        error, warning, notice, info (default) or debug\n"
        "      --help                   show this help\n"
        "      --version                show the version\n"
        "\n"
        "Configuration, section [Reset]:\n"
        "  GraceSec=3    so many seconds an address may be away, 0 to 3600; 0: none\n"
        "  DryRun=no     yes: as --dry-run\n";

struct arguments {
        const char *bus_address;
        const char *config_path; /* NULL: CONFIG_PATH, if it is there */
        bool dry_run;
};

enum verdict {
        VERDICT_RUN,
        VERDICT_DONE,  /* help or version was asked for and is printed */
        VERDICT_WRONG, /* has been explained on standard error */
};

static enum verdict bad_usage(const char *problem, const char *value) {
        (void)fprintf(stderr, "wherry-sockreset: %s%s\nTry 'wherry-sockreset --help'.\n", problem,
                      value);
        return VERDICT_WRONG;
}

static enum verdict parse(int argc, char **argv, struct arguments *ret) {
        enum {
                BUS = 'a',
                SESSION,
                CONFIG,
                DRY_RUN,
                LOG_LEVEL,
                HELP,
                VERSION
        };
        static const struct option options[] = {
                {"bus", required_argument, NULL, BUS},
                {"session", no_argument, NULL, SESSION},
                {"config", required_argument, NULL, CONFIG},
                {"dry-run", no_argument, NULL, DRY_RUN},
                {"log-level", required_argument, NULL, LOG_LEVEL},
                {"help", no_argument, NULL, HELP},
                {"version", no_argument, NULL, VERSION},
                {},
        };
        int c, level;

        *ret = (struct arguments){.bus_address = "system"};
        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
                switch (c) {
                case BUS:
                        ret->bus_address = optarg;
                        break;
                case SESSION:
                        ret->bus_address = "session";
                        break;
                case CONFIG:
                        ret->config_path = optarg;
                        break;
                case DRY_RUN:
                        ret->dry_run = true;
                        break;
                case LOG_LEVEL:
                        level = log_level_from_string(optarg);
                        if (level < 0)
                                return bad_usage("--log-level: unknown level ", optarg);
                        log_set_level(level);
                        break;
                case HELP:
                        (void)fputs(help, stdout);
                        return VERDICT_DONE;
                case VERSION:
                        (void)puts("wherry-sockreset " WHERRY_VERSION);
                        return VERDICT_DONE;
                default:
                        return bad_usage("the options are wrong", "");
                }
        }
        if (optind < argc)
                return bad_usage("unexpected argument ", argv[optind]);
        return VERDICT_RUN;
}

static int read_settings(const struct arguments *arguments, struct reset_settings *settings) {
        const char *path = arguments->config_path;
        char problem[512];
        int r;

        reset_settings_init(settings);
        r = config_read_named(path, CONFIG_PATH, reset_settings_set, settings, problem,
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

static int run(const struct arguments *arguments, const struct reset_settings *settings) {
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
        struct arguments arguments;

        switch (parse(argc, argv, &arguments)) {
        case VERDICT_RUN:
                break;
        case VERDICT_DONE:
                return EXIT_SUCCESS;
        case VERDICT_WRONG:
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
