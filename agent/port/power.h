/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Does this machine run on its battery? From /sys/class/power_supply (the kernel's
 * Documentation/ABI/testing/sysfs-class-power). */

#include <stdint.h>

/* The longest reconnect delay that suits the supply: 60 s on mains, 300 s on battery. */
uint64_t power_backoff_cap_usec(void);
