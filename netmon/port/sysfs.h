/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What /sys/class/net says of the device behind a link. */

struct link_device;
struct link_facts;

#define SYSFS_ROOT "/sys"

/* Reads it under `root`, SYSFS_ROOT but in tests. Fills *ret; with nothing, unless sysfs has the
 * same link by that name. The sysfs of another network namespace has the name too, for another
 * link. */
void sysfs_read_device(const char *root, const struct link_facts *link, struct link_device *ret);
