/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a verb is given, and how it ends. */

#include <systemd/sd-bus.h>

#include "args.h"
#include "output.h"

/* The exit status. Whoever finds a failure tells it, and returns one of these. */
enum outcome {
        OUTCOME_OK = 0,
        OUTCOME_FAILED = 1,
        OUTCOME_USAGE = 2,
        OUTCOME_NOT_CONNECTED = 3,
        OUTCOME_NO_CHANNEL = 4,
        OUTCOME_DENIED = 5,
        OUTCOME_NOT_RUNNING = 6,
        OUTCOME_TIMEOUT = 7,
};

struct ctl {
        const struct verb *verb;
        struct args args;
        struct output out;
        sd_bus *bus;
};

struct verb {
        const char *name;
        const char *arguments; /* "CHANNEL [MESSAGE]" */
        size_t least_words;
        size_t most_words;
        const char *summary; /* one line */
        const char *help;    /* the rest, lines of at most 80 columns */
        const struct args_option *options;
        bool passive; /* only looks: starts no daemon that the bus could start */
        enum outcome (*run)(struct ctl *ctl);
};

/* --json --bus --session --system --help --version: for every verb. */
extern const struct args_option global_options[];

extern const struct verb status_verb, monitor_verb, interfaces_verb, path_verb, channels_verb,
        open_verb, send_verb, listen_verb, queue_verb, reconnect_verb, suspend_verb, resume_verb,
        close_verb, wait_online_verb;

/* Value of a verb's option as a length of time, or `fallback_usec`. */
enum outcome ctl_duration(const struct ctl *ctl, const char *option, uint64_t fallback_usec,
                          uint64_t *ret_usec);
/* The same for a number from 1 to `max`. */
enum outcome ctl_count(const struct ctl *ctl, const char *option, uint64_t max, uint64_t fallback,
                       uint64_t *ret);
