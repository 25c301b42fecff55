/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The properties of org.wherry.NetMon1.Interface. The subject is a struct link, the bits are enum
 * link_change. The byte counters are asked of the kernel; 0 when it does not tell. */

struct property_table;

extern const struct property_table interface_properties;
