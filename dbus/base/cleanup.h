/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Scope-bound ownership: CLEANUP(x_freep) frees when the scope ends, STEAL hands the value over. */

#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(f) __attribute__((cleanup(f)))

#define STEAL(pointer)                           \
        ({                                       \
                __auto_type stolen_ = (pointer); \
                (pointer) = NULL;                \
                stolen_;                         \
        })

static inline void freep(void *p) {
        free(*(void **)p);
}

/* Closes a descriptor held in a scope; -1 means there is none. */
static inline void close_fdp(int *fd) {
        if (*fd >= 0)
                (void)close(*fd);
}

static inline int steal_fd(int *fd) {
        int taken = *fd;

        *fd = -1;
        return taken;
}
