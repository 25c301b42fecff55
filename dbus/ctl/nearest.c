/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nearest.h"

#include <string.h>

#define WORD_MAX 64

struct nearest nearest_begin(const char *word) {
        return (struct nearest){.word = word, .distance = strlen(word) / 3 + 2};
}

static size_t least(size_t a, size_t b) {
        return a < b ? a : b;
}

/* Letters to insert, delete, replace or swap with their neighbour. */
static size_t distance(const char *a, const char *b) {
        size_t rows[3][WORD_MAX + 1], *before = rows[0], *above = rows[1], *row = rows[2];
        size_t n = strlen(a), m = strlen(b);

        if (n > WORD_MAX || m > WORD_MAX)
                return WORD_MAX;
        for (size_t j = 0; j <= m; j++)
                above[j] = j;
        for (size_t i = 1; i <= n; i++) {
                size_t *spare = before;

                row[0] = i;
                for (size_t j = 1; j <= m; j++) {
                        row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]),
                                       least(above[j], row[j - 1]) + 1);
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                                row[j] = least(row[j], before[j - 2] + 1);
                }
                before = above;
                above = row;
                row = spare;
        }
        return above[m];
}

void nearest_offer(struct nearest *n, const char *candidate) {
        size_t len = strlen(n->word);
        size_t d = distance(n->word, candidate);

        /* A beginning of the word counts as one letter wrong. */
        if (len >= 2 && strncmp(candidate, n->word, len) == 0)
                d = 1;
        if (d >= n->distance)
                return;
        n->distance = d;
        n->best = candidate;
}
