/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line. */

#include "netmon.h"

#define CONFIG_PATH "/etc/wherry/netmon.conf"
#define STATE_DIRECTORY "/var/lib/wherry-netmon"
#define RUNTIME_DIRECTORY "/run/wherry-netmon"

struct arguments {
        struct netmon_options netmon; /* all but the settings and the socket */
        const char *config_path;      /* NULL: CONFIG_PATH, if it is there */
};

enum arguments_verdict {
        ARGUMENTS_RUN,
        ARGUMENTS_DONE,  /* help or version was asked for and is printed */
        ARGUMENTS_WRONG, /* has been explained on standard error */
};

/* Strings are borrowed from `argv`. Sets the log level. */
enum arguments_verdict arguments_parse(int argc, char **argv, struct arguments *ret);
