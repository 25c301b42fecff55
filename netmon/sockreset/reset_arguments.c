/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reset_arguments.h"

#include <getopt.h>
#include <stdio.h>

#include "log.h"

static const char help[] =
        "Usage: wherry-sockreset [OPTION...]\n"
        "Ends connections of all programs whose source address the machine has no more: TCP, and\n"
        "UDP that is connected. Needs CAP_NET_ADMIN and a running wherry-netmon.\n"
        "\n"
        "      --bus=ADDRESS            message bus of wherry-netmon, instead of the system bus\n"
        "      --session                use the session bus\n"
        "      --config=FILE            read FILE instead of " RESET_CONFIG_PATH "\n"
        "      --dry-run                say what would be closed, close nothing\n"
        "      --log-level=LEVEL        error, warning, notice, info (default) or debug\n"
        "      --help                   show this help\n"
        "      --version                show the version\n"
        "\n"
        "Configuration, section [Reset]:\n"
        "  GraceSec=3    so many seconds an address may be away, 0 to 3600; 0: none\n"
        "  DryRun=no     yes: as --dry-run\n";

static enum reset_verdict bad_usage(const char *problem, const char *value) {
        (void)fprintf(stderr, "wherry-sockreset: %s%s\nTry 'wherry-sockreset --help'.\n", problem,
                      value);
        return RESET_WRONG;
}

enum reset_verdict reset_arguments_parse(int argc, char **argv, struct reset_arguments *ret) {
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

        *ret = (struct reset_arguments){.bus_address = "system"};
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
                        return RESET_DONE;
                case VERSION:
                        (void)puts("wherry-sockreset " WHERRY_VERSION);
                        return RESET_DONE;
                default:
                        return bad_usage("the options are wrong", "");
                }
        }
        if (optind < argc)
                return bad_usage("unexpected argument ", argv[optind]);
        return RESET_RUN;
}
