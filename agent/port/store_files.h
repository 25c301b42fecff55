/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The directory of the queue and who may read its files. */

#include <stddef.h>

/* Makes DIRECTORY (0700, with those above it) and an empty queue.db (0600) where they are missing,
 * and mends the modes of what is there. `ret_path` is the absolute path of queue.db. -EACCES when
 * something belongs to another user or is no plain file; every failure has its sentence. */
int store_files_open(const char *directory, int *ret_directory_fd, char **ret_path, char *problem,
                     size_t problem_size);
