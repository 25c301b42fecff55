/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the floor calls itself on the bus. Its signal Event has a count (t) and a type (u). */

#define FLOOR_BUS_NAME "org.wherry.Floor"
#define FLOOR_PATH "/org/wherry/Floor"
#define FLOOR_INTERFACE "org.wherry.Floor"
