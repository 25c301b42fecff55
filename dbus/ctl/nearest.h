/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The word that was probably meant: offer every candidate, then ask. */

#include <stddef.h>

struct nearest {
        const char *word; /* borrowed, as are the candidates */
        const char *best; /* NULL: none is near */
        size_t distance;
};

struct nearest nearest_begin(const char *word);
void nearest_offer(struct nearest *n, const char *candidate);
