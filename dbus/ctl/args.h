/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line: words, and options from tables. Everything given is borrowed from argv. */

#include <stdbool.h>
#include <stddef.h>

/* A table ends with an empty row. */
struct args_option {
        const char *name;  /* "count" for --count */
        char letter;       /* 'n' for -n; 0: none */
        const char *value; /* what its value is, "N"; NULL: it takes none */
        const char *help;
};

struct args_given {
        const struct args_option *option;
        const char *value; /* NULL when it takes none */
};

struct args {
        const char **words;
        size_t n_words;
        struct args_given *given;
        size_t n_given;
};

/* Room for everything that `argc` arguments can hold. */
void args_init(struct args *args, int argc);
void args_deinit(struct args *args);

/* Reads the arguments from argv[*index] on and moves the index behind them, up to the first word
 * with `only_options`, else to the end. Returns 0, or -EINVAL with a sentence in `ret_problem`, to
 * be freed. `tables` ends with NULL. */
int args_read(struct args *args, const struct args_option *const *tables, bool only_options,
              char **argv, int *index, char **ret_problem);

bool args_has(const struct args *args, const char *name);
/* The value of the last one given, or NULL. */
const char *args_get(const struct args *args, const char *name);
