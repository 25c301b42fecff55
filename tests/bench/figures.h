/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Figures of a bench: collected over rounds, printed beside a reference. */

#include <stdbool.h>
#include <stddef.h>

struct figures {
        double *values;
        size_t n;
};

void figures_add(struct figures *f, double value);
void figures_clear(struct figures *f);

/* The smallest value that the part `q` (0 to 1) of them does not exceed. 0 when there are none. */
double figures_quantile(struct figures *f, double q);
double figures_median(struct figures *f);
double figures_max(struct figures *f);

/* Prints one line: "NAME: ", the rest as of printf(), and whether the target is met. */
void figures_print(const char *name, bool met, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
