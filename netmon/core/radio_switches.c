/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "radio_switches.h"

#include "rfkill_msg.h"

/* Where in the list it is; its end when it is not. */
static size_t find(const struct radio_switches *switches, uint32_t index) {
        size_t i = 0;

        while (i < switches->n && switches->list[i].index != index)
                i++;
        return i;
}

static void was_switched(struct radio_switches *switches, enum link_type type, uint64_t now_usec) {
        switches->until_usec[type] = now_usec + RADIO_SWITCHED_USEC;
}

bool radio_switches_take(struct radio_switches *switches, const struct rfkill_msg *msg,
                         uint64_t now_usec) {
        size_t i = find(switches, msg->index);
        struct radio_switch *known = &switches->list[i];

        if (i == switches->n) {
                if (msg->is_gone || switches->n == RADIO_SWITCHES_MAX)
                        return false;
                *known = (struct radio_switch){msg->index, msg->type, msg->is_blocked};
                switches->n++;
                return true;
        }
        if (msg->is_gone) {
                *known = switches->list[--switches->n];
                return true;
        }
        if (known->is_blocked == msg->is_blocked)
                return false;
        known->is_blocked = msg->is_blocked;
        was_switched(switches, known->type, now_usec);
        return true;
}

bool radio_switches_replace(struct radio_switches *switches, const struct radio_switches *fresh,
                            uint64_t now_usec) {
        bool changed = switches->n != fresh->n;

        for (size_t i = 0; i < fresh->n; i++) {
                const struct radio_switch *now = &fresh->list[i];
                size_t known = find(switches, now->index);

                if (known == switches->n) {
                        changed = true;
                } else if (switches->list[known].is_blocked != now->is_blocked) {
                        was_switched(switches, now->type, now_usec);
                        changed = true;
                }
        }
        for (size_t i = 0; i < fresh->n; i++)
                switches->list[i] = fresh->list[i];
        switches->n = fresh->n;
        return changed;
}

bool radio_switches_all_blocked(const struct radio_switches *switches) {
        for (size_t i = 0; i < switches->n; i++)
                if (!switches->list[i].is_blocked)
                        return false;
        return switches->n > 0;
}

unsigned radio_switches_recent(const struct radio_switches *switches, uint64_t now_usec) {
        unsigned types = 0;

        for (unsigned type = 0; type < LINK_TYPE_COUNT; type++)
                if (type != LINK_TYPE_UNKNOWN && now_usec < switches->until_usec[type])
                        types |= 1u << type;
        return types;
}
