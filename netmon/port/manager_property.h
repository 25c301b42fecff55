/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The properties of org.wherry.NetMon1. There is no subject but the world; the bits are enum
 * summary_change, and those below. */

struct property_table;

enum manager_change {
        MANAGER_CHANGE_SLEEP = 1 << 16,
        MANAGER_CHANGE_AIRPLANE = 1 << 17,
};

extern const struct property_table manager_properties;
