/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kill switches of the machine's radios. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link_type.h"

struct rfkill_msg;

/* More than these are not looked at. */
#define RADIO_SWITCHES_MAX 128
/* For so long what happens to a radio's links counts as because of its switch. */
#define RADIO_SWITCHED_USEC 1000000

struct radio_switch {
        uint32_t index;
        enum link_type type;
        bool is_blocked;
};

struct radio_switches {
        struct radio_switch list[RADIO_SWITCHES_MAX];
        size_t n;
        uint64_t until_usec[LINK_TYPE_COUNT]; /* to which RADIO_SWITCHED_USEC lasts; 0: not begun */
};

/* Takes what was said of one. True when it makes a difference. */
bool radio_switches_take(struct radio_switches *switches, const struct rfkill_msg *msg,
                         uint64_t now_usec);
/* Makes `switches` what `fresh` is, read anew, as if every difference had been said. */
bool radio_switches_replace(struct radio_switches *switches, const struct radio_switches *fresh,
                            uint64_t now_usec);

/* There are radios, and each of them is blocked. */
bool radio_switches_all_blocked(const struct radio_switches *switches);
/* The types of links, as bits 1 << enum link_type, of the radios switched a moment ago. */
unsigned radio_switches_recent(const struct radio_switches *switches, uint64_t now_usec);
