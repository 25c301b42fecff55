/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reads NAME.conf and the drop-ins NAME.conf.d/ *.conf beside it, in order, with libinih. */

#include <stddef.h>

/* Takes one `key = value` of `section`. Returns 0, or -EINVAL with a sentence in `expected`
 * ("a number of seconds from 1 to 3600"); -ENOENT for a key or section that does not exist. */
typedef int (*config_set)(const char *section, const char *key, const char *value, char *expected,
                          size_t expected_size, void *userdata);

/* Calls `set` for every key of `path` and of its drop-ins. A missing `path` is no error: every key
 * has a default. On the first wrong line returns -EINVAL and fills `problem` with
 * "FILE:LINE: KEY: what was expected"; on an unreadable file the errno and "FILE: reason".
 * Settings taken before the wrong line have been passed to `set`: read into a scratch copy. */
int config_read(const char *path, config_set set, void *userdata, char *problem,
                size_t problem_size);

/* The same for the file that somebody named: that must be there. `path` NULL: `fallback`, which may
 * be missing. */
int config_read_named(const char *path, const char *fallback, config_set set, void *userdata,
                      char *problem, size_t problem_size);
