/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-event.h>

#include "agent.h"
#include "agent_config.h"
#include "cleanup.h"
#include "log.h"
#include "program_pages.h"
#include "program_signals.h"

static const char help[] =
        "wherry-agent [OPTION...]\n"
        "\n"
        "Holds connections to servers on behalf of apps: reconnects when the network\n"
        "changes, keeps messages until they are delivered, and tells their state on D-Bus.\n"
        "\n"
        "  --bus=ADDRESS      D-Bus address, \"system\" (default) or \"session\"\n"
        "  --session          on the session bus, for one user\n"
        "  --state=DIRECTORY  of the queue (default /var/lib/wherry; with --session\n"
        "                     $XDG_STATE_HOME/wherry or ~/.local/state/wherry)\n"
        "  --config=FILE      default " AGENT_CONFIG_PATH "; drop-ins in FILE.d/*.conf\n"
        "  --log-level=LEVEL  error, warning, notice, info (default) or debug\n"
        "  --help, --version\n";

static const struct option options[] = {
        {"bus", required_argument, NULL, 'b'},       {"session", no_argument, NULL, 's'},
        {"state", required_argument, NULL, 'd'},     {"config", required_argument, NULL, 'c'},
        {"log-level", required_argument, NULL, 'l'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},         {NULL, 0, NULL, 0},
};

struct arguments {
        const char *bus;
        const char *state;
        const char *config;
};

/* 0 to go on, 1 to end well, or -EINVAL. */
static int parse_arguments(int argc, char **argv, struct arguments *ret) {
        int c, level;

        while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
                switch (c) {
                case 'b':
                        ret->bus = optarg;
                        break;
                case 's':
                        ret->bus = "session";
                        break;
                case 'd':
                        ret->state = optarg;
                        break;
                case 'c':
                        ret->config = optarg;
                        break;
                case 'l':
                        level = log_level_from_string(optarg);
                        if (level < 0) {
                                (void)fprintf(stderr, "wherry-agent: unknown log level \"%s\"\n",
                                              optarg);
                                return -EINVAL;
                        }
                        log_set_level(level);
                        break;
                case 'h':
                        (void)fputs(help, stdout);
                        return 1;
                case 'v':
                        (void)puts("wherry-agent " WHERRY_VERSION);
                        return 1;
                default:
                        return -EINVAL;
                }
        }
        if (optind < argc) {
                (void)fprintf(stderr, "wherry-agent: unexpected argument \"%s\"\n", argv[optind]);
                return -EINVAL;
        }
        return 0;
}

/* Every connection is a descriptor. */
static void raise_limits(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return;
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void agent_freep(struct agent **agent) {
        agent_free(*agent);
}

int main(int argc, char **argv) {
        CLEANUP(sd_event_unrefp) sd_event *event = NULL;
        CLEANUP(agent_freep) struct agent *agent = NULL;
        struct arguments arguments = {.bus = "system"};
        struct agent_config config;
        char problem[512];
        int r;

        r = parse_arguments(argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? 2 : 0;
        r = agent_config_read(&config, arguments.config, arguments.bus, arguments.state, problem,
                              sizeof(problem));
        if (r < 0) {
                log_error("%s", problem);
                return 1;
        }
        raise_limits();
        r = sd_event_default(&event);
        if (r >= 0)
                r = program_signals_add(event);
        if (r < 0) {
                log_error("cannot start: %s", strerror(-r));
                return 1;
        }
        r = agent_new(&config, &agent, problem, sizeof(problem));
        if (r < 0) {
                log_error("%s", problem);
                return 1;
        }
        program_pages_drop();
        r = agent_run(agent);
        return r < 0 ? 1 : 0;
}
