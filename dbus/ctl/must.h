/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Ends a tool that ran out of memory: it holds nothing that a clean way out would save. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void must(int r) {
        if (r >= 0)
                return;
        (void)fprintf(stderr, "wherryctl: %s\n", strerror(-r));
        exit(1);
}

#define MUST_HAVE(pointer)                    \
        ({                                    \
                __auto_type had_ = (pointer); \
                must(had_ ? 0 : -ENOMEM);     \
                had_;                         \
        })
