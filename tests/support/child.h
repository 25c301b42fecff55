/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Programs that a test runs beside itself, and that die with it, whatever becomes of it. */

#include <sys/types.h>

/* Starts argv[0] (looked for in PATH) with standard error kept and standard input empty. */
pid_t child_start(const char *const *argv);
/* The same as another user and group, without any privilege. */
pid_t child_start_as(uid_t uid, gid_t gid, const char *const *argv);

/* Sends the signal and waits for the end. Returns the exit status, or 128 and the signal that
 * ended it. Nothing happens for pid 0. */
int child_stop(pid_t pid, int signal);
/* Waits for its end by itself; as child_stop(). Dies after `timeout_usec`. */
int child_wait(pid_t pid, unsigned long long timeout_usec);
