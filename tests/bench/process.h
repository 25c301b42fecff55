/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What /proc tells of a process, for benches. */

#include <stdint.h>
#include <sys/types.h>

/* Context switches so far, asked for and forced, of all its threads. */
uint64_t process_switches(pid_t pid);
/* Proportional set size in kB, and the part of it that no other process shares. */
uint64_t process_pss_kb(pid_t pid, uint64_t *ret_private_kb);
