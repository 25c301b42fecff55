/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the kernel says of a radio's kill switch: an announcement ("change@/devices/.../rfkill0" and
 * KEY=VALUE, each ended by 0), or the file `uevent` of it in sysfs (KEY=VALUE in lines). Both tell
 * the state, so that nothing else has to be read: other files of it wait for a radio that is being
 * switched. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link_type.h"

struct rfkill_msg {
        uint32_t index;      /* N of rfkillN, never used again by another one */
        enum link_type type; /* of the links that such a radio has; LINK_TYPE_UNKNOWN: none */
        bool is_blocked;     /* by software or hardware */
        bool is_gone;        /* of the rest only `index` counts then */
};

/* 0 and *ret filled; or *ret untouched and -ENOENT when it is about something else, -EBADMSG when
 * it is malformed. */
int rfkill_msg_parse(const void *data, size_t len, struct rfkill_msg *ret);
/* The same for the file of the switch with that name. */
int rfkill_msg_parse_file(const char *name, const void *data, size_t len, struct rfkill_msg *ret);
