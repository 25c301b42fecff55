/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The state for scripts in a file that everybody can read. It is always whole, is touched only when
 * something in it changed, and stays when the daemon ends. */

struct state_file;
struct summary;

/* `path` is copied; its directory is made when it is needed. "": no file. */
int state_file_new(const char *path, struct state_file **ret);
void state_file_free(struct state_file *file);

static inline void state_file_freep(struct state_file **file) {
        state_file_free(*file);
}

/* When it cannot be written it is removed. 0, also when that goes on: a negative errno comes for
 * the first time only. */
int state_file_update(struct state_file *file, const struct summary *summary);
