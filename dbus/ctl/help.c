/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "help.h"

static void put_options(FILE *file, const struct args_option *options) {
        for (const struct args_option *o = options; o->name; o++) {
                char name[64];

                (void)snprintf(name, sizeof(name), "%s%s%s", o->name, o->value ? "=" : "",
                               o->value ? o->value : "");
                if (o->letter)
                        (void)fprintf(file, "  -%c, --%-18s %s\n", o->letter, name, o->help);
                else
                        (void)fprintf(file, "      --%-18s %s\n", name, o->help);
        }
}

static void put_exit_status(FILE *file) {
        (void)fputs("\n"
                    "Exit status\n"
                    "  0  done                        4  no such channel\n"
                    "  1  failed                      5  not allowed\n"
                    "  2  wrong use                   6  daemon or bus not running\n"
                    "  3  not connected, or no path   7  no answer in time\n",
                    file);
}

void help_all(FILE *file, const struct verb *const *verbs) {
        (void)fputs("Usage: wherryctl [OPTION...] VERB [ARGUMENT...]\n"
                    "\n"
                    "Shows the network as the kernel sees it (wherry-netmon), and the connections\n"
                    "that are held for apps, with their messages (wherry-agent).\n"
                    "\n"
                    "Verbs\n",
                    file);
        for (; *verbs; verbs++)
                (void)fprintf(file, "  %-11s %s\n", (*verbs)->name, (*verbs)->summary);
        (void)fputs("\nOptions\n", file);
        put_options(file, global_options);
        put_exit_status(file);
        (void)fputs(
                "\n"
                "wherryctl VERB --help tells the arguments, the options and the JSON of a verb.\n"
                "In JSON, times are RFC 3339 in UTC, null for never; lengths of time (_usec) are\n"
                "microseconds; bytes that are not UTF-8 text stand in base64 under KEY_base64.\n"
                "NO_COLOR in the environment switches colours off.\n",
                file);
}

void help_verb(FILE *file, const struct verb *verb) {
        (void)fprintf(file, "Usage: wherryctl %s [OPTION...]%s%s\n\n%s\n", verb->name,
                      verb->arguments[0] ? " " : "", verb->arguments, verb->summary);
        if (verb->help[0])
                (void)fprintf(file, "\n%s", verb->help);
        (void)fputs("\nOptions\n", file);
        put_options(file, verb->options);
        put_options(file, global_options);
        put_exit_status(file);
}
