/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What /sys/class/net says of the device behind a link, and /sys/class/rfkill of kill switches. */

#include <stdint.h>

struct link_device;
struct link_facts;
struct radio_switches;
struct rfkill_msg;

#define SYSFS_ROOT "/sys"

/* Reads it under `root`, SYSFS_ROOT but in tests. Fills *ret; with nothing, unless sysfs has the
 * same link by that name. The sysfs of another network namespace has the name too, for another
 * link. */
void sysfs_read_device(const char *root, const struct link_facts *link, struct link_device *ret);

/* Reads all kill switches. They are the machine's, in no network namespace; where there are none,
 * as without the kernel's module for them, *ret is empty. */
void sysfs_read_switches(const char *root, struct radio_switches *ret);
/* Reads one again. -ENOENT when it is not there, -EBADMSG when it cannot be understood. */
int sysfs_read_switch(const char *root, uint32_t index, struct rfkill_msg *ret);
