/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line of wherry-sockreset. */

#include <stdbool.h>

#define RESET_CONFIG_PATH "/etc/wherry/sockreset.conf"

struct reset_arguments {
        const char *bus_address;
        const char *config_path; /* NULL: RESET_CONFIG_PATH, if it is there */
        bool dry_run;
};

enum reset_verdict {
        RESET_RUN,
        RESET_DONE,  /* help or version was asked for and is printed */
        RESET_WRONG, /* has been explained on standard error */
};

/* Strings are borrowed from `argv`. Sets the log level. */
enum reset_verdict reset_arguments_parse(int argc, char **argv, struct reset_arguments *ret);
