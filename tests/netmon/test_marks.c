/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "marks.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <linux/rtnetlink.h>

#include "rule_msg.h"

Test(marks, only_what_may_be_a_tunnels_mark_is_kept) {
        static const struct {
                struct rule_msg rule;
                size_t n;
        } rows[] = {
                {{.mark = 51820, .mask = UINT32_MAX, .table = 51820, .inverted = true}, 1},
                {{.mark = 0x80000, .mask = 0xff0000, .table = RT_TABLE_MAIN}, 1},
                {{.mark = 0x80000, .mask = 0xff0000, .table = RT_TABLE_DEFAULT}, 1},
                {{.mark = 5, .mask = UINT32_MAX, .table = 77}, 0},   /* somebody else's */
                {{.mark = 0, .mask = 0, .table = RT_TABLE_MAIN}, 0}, /* no mark */
                {{.mark = 0, .mask = UINT32_MAX, .table = 7, .inverted = true}, 0},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct rule_msg rule = rows[i].rule;
                struct marks marks = {};

                rule.to_table = true;
                marks_add(&marks, &rule);
                cr_assert(eq(sz, marks.n, rows[i].n), "row %zu", i);
                if (marks.n == 1)
                        cr_assert(eq(u32, marks.entries[0].mark, rule.mark));
                rule.to_table = false;
                marks = (struct marks){};
                marks_add(&marks, &rule);
                cr_assert(eq(sz, marks.n, 0), "row %zu", i);
        }
}

Test(marks, each_once_and_no_more_than_fit) {
        struct rule_msg rule = {
                .mask = UINT32_MAX, .table = 1000, .inverted = true, .to_table = true};
        struct marks marks = {};

        for (uint32_t i = 0; i < 4 * MARKS_MAX; i++) {
                rule.mark = 1 + i / 2;
                marks_add(&marks, &rule);
        }
        cr_assert(eq(sz, marks.n, MARKS_MAX));
        for (uint32_t i = 0; i < MARKS_MAX; i++)
                cr_assert(eq(u32, marks.entries[i].mark, 1 + i));
}

Test(marks, the_rule_of_the_tunnels_own_table_fits_best) {
        struct mark own = {.mark = 1, .table = 51820, .inverted = true};
        struct mark other = {.mark = 1, .table = 7, .inverted = true};
        struct mark leads_out = {.mark = 1, .table = RT_TABLE_MAIN};

        cr_assert(lt(u32, mark_rank(&own, 51820), mark_rank(&other, 51820)));
        cr_assert(lt(u32, mark_rank(&other, 51820), mark_rank(&leads_out, 51820)));
        cr_assert(lt(u32, mark_rank(&leads_out, RT_TABLE_MAIN), MARK_RANKS));
}
