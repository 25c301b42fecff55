/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "marks.h"

#include <linux/rtnetlink.h>

#include "rule_msg.h"

void marks_add(struct marks *marks, const struct rule_msg *rule) {
        bool leads_out = rule->table == RT_TABLE_MAIN || rule->table == RT_TABLE_DEFAULT;

        if (!rule->to_table || (rule->mark & rule->mask) == 0 || (!rule->inverted && !leads_out))
                return;
        for (size_t i = 0; i < marks->n; i++) {
                const struct mark *known = &marks->entries[i];

                if (known->mark == rule->mark && known->table == rule->table &&
                    known->inverted == rule->inverted)
                        return;
        }
        if (marks->n == MARKS_MAX)
                return;
        marks->entries[marks->n++] = (struct mark){
                .mark = rule->mark,
                .table = rule->table,
                .inverted = rule->inverted,
        };
}

unsigned mark_rank(const struct mark *mark, uint32_t table) {
        if (!mark->inverted)
                return 2;
        return mark->table == table ? 0 : 1;
}
