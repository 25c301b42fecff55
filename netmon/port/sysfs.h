/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What /sys/class/net says of the device behind a link. */

struct link_device;
struct link_facts;

/* Fills *ret; with nothing, unless sysfs has the same link by that name. The sysfs of another
 * network namespace has the name too, for another link. */
void sysfs_read_device(const struct link_facts *link, struct link_device *ret);
