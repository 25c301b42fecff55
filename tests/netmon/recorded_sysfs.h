/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The /sys/class/rfkill of a recorded kernel: what its announcements came to, whether they were
 * heard or not. The calls of the C library by which netmon reads it are replaced. */

#include <stdbool.h>

struct capture_bytes;

/* Empty, in place of the machine's own; or that again. */
void recorded_sysfs_start(void);
void recorded_sysfs_stop(void);

/* A switch came, went or was switched, as announced. */
void recorded_sysfs_apply(const struct capture_bytes *datagram);
