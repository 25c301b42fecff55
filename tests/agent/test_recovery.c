/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recovery.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(recovery, every_outcome_has_a_word_and_a_sentence) {
        static const char *const words[RECOVERY_OUTCOME_COUNT] = {
                [RECOVERY_NONE] = "",
                [RECOVERY_RESUMED] = "resumed",
                [RECOVERY_RECOVERED] = "recovered",
                [RECOVERY_PARTIAL] = "partial",
                [RECOVERY_LOST] = "lost",
                [RECOVERY_ASSUMED] = "assumed",
                [RECOVERY_UNSUPPORTED] = "unsupported",
        };

        for (unsigned i = 0; i < RECOVERY_OUTCOME_COUNT; i++) {
                enum recovery_outcome outcome = (enum recovery_outcome)i;

                cr_assert(eq(str, (char *)recovery_string(outcome), (char *)words[i]));
                cr_assert(eq(int, recovery_text(outcome)[0] != '\0', outcome != RECOVERY_NONE));
        }
}

Test(recovery, nothing_is_resumed_from_another_epoch_or_a_refused_cursor) {
        for (unsigned i = 0; i < RECOVERY_OUTCOME_COUNT; i++) {
                struct recovery said = {
                        .outcome = (enum recovery_outcome)i, .counted = true, .count = 7};
                struct recovery judged = recovery_judge(&said, false, false);

                cr_assert(eq(int, judged.outcome, said.outcome));
                cr_assert(eq(uint, judged.count, 7));
                judged = recovery_judge(&said, true, false);
                cr_assert(eq(int, judged.outcome, RECOVERY_LOST));
                cr_assert(eq(str, judged.reason, said.outcome == RECOVERY_LOST ? "" : "new-epoch"));
                judged = recovery_judge(&said, false, true);
                cr_assert(eq(int, judged.outcome, RECOVERY_LOST));
                cr_assert(
                        eq(str, judged.reason, said.outcome == RECOVERY_LOST ? "" : "new-session"));
        }
}
