/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arguments.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static const char help[] =
        "Usage: wherry-netmon [OPTION...]\n"
        "Publishes the state of the network and every change of it on D-Bus.\n"
        "\n"
        "      --bus=ADDRESS            message bus to serve, instead of the system bus\n"
        "      --session                serve the session bus\n"
        "      --config=FILE            read FILE instead of " CONFIG_PATH "\n"
        "      --log-level=LEVEL        error, warning, notice, info (default) or debug\n"
        "      --receive-buffer=BYTES   size of the buffer for the kernel's announcements; the\n"
        "                               default is as much as can be had, up to 8 MiB. A small\n"
        "                               one overflows, which costs time but no news\n"
        "      --state-directory=DIR    keep the secret of network ids in DIR/key; default\n"
        "                               $STATE_DIRECTORY, else " STATE_DIRECTORY ",\n"
        "                               for --session $XDG_STATE_HOME/wherry-netmon or\n"
        "                               ~/.local/state/wherry-netmon\n"
        "      --state-file=FILE        keep the state for scripts in FILE; default\n"
        "                               $RUNTIME_DIRECTORY/state, else " RUNTIME_DIRECTORY
        "/state,\n"
        "                               for --session in $XDG_RUNTIME_DIR; empty: nowhere\n"
        "      --help                   show this help\n"
        "      --version                show the version\n";

static enum arguments_verdict bad_usage(const char *problem, const char *value) {
        (void)fprintf(stderr, "wherry-netmon: %s%s\nTry 'wherry-netmon --help'.\n", problem, value);
        return ARGUMENTS_WRONG;
}

static enum arguments_verdict parse_bytes(const char *word, int *ret) {
        char *end;
        long value;

        errno = 0;
        value = strtol(word, &end, 10);
        if (errno != 0 || *end != '\0' || value < 1 || value > 1024 * 1024 * 1024)
                return bad_usage("--receive-buffer: expected a number of bytes up to 1 GiB, not ",
                                 word);
        *ret = (int)value;
        return ARGUMENTS_RUN;
}

static const char *default_state_directory(const char *bus_address) {
        static char path[PATH_MAX];
        const char *directory = getenv("STATE_DIRECTORY");
        const char *own = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

        if (directory)
                return directory;
        if (strcmp(bus_address, "session") != 0)
                return STATE_DIRECTORY;
        if (own && own[0] != '\0')
                (void)snprintf(path, sizeof(path), "%s/wherry-netmon", own);
        else if (home && home[0] != '\0')
                (void)snprintf(path, sizeof(path), "%s/.local/state/wherry-netmon", home);
        else
                return STATE_DIRECTORY;
        return path;
}

static const char *default_state_file(const char *bus_address) {
        static char path[PATH_MAX];
        const char *directory = getenv("RUNTIME_DIRECTORY");
        const char *own = getenv("XDG_RUNTIME_DIR");

        if (directory)
                (void)snprintf(path, sizeof(path), "%s/state", directory);
        else if (strcmp(bus_address, "session") != 0)
                (void)snprintf(path, sizeof(path), RUNTIME_DIRECTORY "/state");
        else if (own)
                (void)snprintf(path, sizeof(path), "%s/wherry-netmon/state", own);
        return path;
}

enum {
        BUS = 'a',
        SESSION,
        CONFIG,
        LOG_LEVEL,
        RECEIVE_BUFFER,
        STATE,
        STATE_FILE,
        HELP,
        VERSION
};

static const struct option options[] = {
        {"bus", required_argument, NULL, BUS},
        {"session", no_argument, NULL, SESSION},
        {"config", required_argument, NULL, CONFIG},
        {"log-level", required_argument, NULL, LOG_LEVEL},
        {"receive-buffer", required_argument, NULL, RECEIVE_BUFFER},
        {"state-directory", required_argument, NULL, STATE},
        {"state-file", required_argument, NULL, STATE_FILE},
        {"help", no_argument, NULL, HELP},
        {"version", no_argument, NULL, VERSION},
        {},
};

static enum arguments_verdict take_option(int option, struct arguments *arguments) {
        int level;

        switch (option) {
        case BUS:
                arguments->netmon.bus_address = optarg;
                return ARGUMENTS_RUN;
        case SESSION:
                arguments->netmon.bus_address = "session";
                return ARGUMENTS_RUN;
        case CONFIG:
                arguments->config_path = optarg;
                return ARGUMENTS_RUN;
        case LOG_LEVEL:
                level = log_level_from_string(optarg);
                if (level < 0)
                        return bad_usage("--log-level: unknown level ", optarg);
                log_set_level(level);
                return ARGUMENTS_RUN;
        case RECEIVE_BUFFER:
                return parse_bytes(optarg, &arguments->netmon.receive_buffer);
        case STATE:
                arguments->netmon.state_directory = optarg;
                return ARGUMENTS_RUN;
        case STATE_FILE:
                arguments->netmon.state_file = optarg;
                return ARGUMENTS_RUN;
        case HELP:
                (void)fputs(help, stdout);
                return ARGUMENTS_DONE;
        case VERSION:
                (void)puts("wherry-netmon " WHERRY_VERSION);
                return ARGUMENTS_DONE;
        default:
                return bad_usage("the options are wrong", "");
        }
}

enum arguments_verdict arguments_parse(int argc, char **argv, struct arguments *ret) {
        struct arguments arguments = {.netmon = {.bus_address = "system", .rtnl_fd = -1}};
        int option;

        while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
                enum arguments_verdict verdict = take_option(option, &arguments);

                if (verdict != ARGUMENTS_RUN)
                        return verdict;
        }
        if (optind < argc)
                return bad_usage("unexpected argument ", argv[optind]);
        if (!arguments.netmon.state_directory)
                arguments.netmon.state_directory =
                        default_state_directory(arguments.netmon.bus_address);
        if (!arguments.netmon.state_file)
                arguments.netmon.state_file = default_state_file(arguments.netmon.bus_address);
        *ret = arguments;
        return ARGUMENTS_RUN;
}
