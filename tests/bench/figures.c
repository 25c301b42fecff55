/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "figures.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "die.h"

void figures_add(struct figures *f, double value) {
        f->values = reallocarray(f->values, f->n + 1, sizeof(*f->values));
        if (!f->values)
                die("out of memory");
        f->values[f->n++] = value;
}

void figures_clear(struct figures *f) {
        free(f->values);
        *f = (struct figures){0};
}

static int compare(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

double figures_quantile(struct figures *f, double q) {
        size_t at = (size_t)(q * (double)f->n);

        if (f->n == 0)
                return 0;
        qsort(f->values, f->n, sizeof(*f->values), compare);
        return f->values[at < f->n ? at : f->n - 1];
}

double figures_median(struct figures *f) {
        return figures_quantile(f, 0.5);
}

double figures_max(struct figures *f) {
        return figures_quantile(f, 1);
}

void figures_print(const char *name, bool met, const char *format, ...) {
        va_list ap;

        (void)printf("%-34s ", name);
        va_start(ap, format);
        (void)vprintf(format, ap);
        va_end(ap);
        (void)printf("  %s\n", met ? "met" : "MISSED");
        (void)fflush(stdout);
}
