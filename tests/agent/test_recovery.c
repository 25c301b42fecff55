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
