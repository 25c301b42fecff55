/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recovery.h"

#include <stdio.h>

static const struct {
        const char *word;
        const char *text;
} outcomes[RECOVERY_OUTCOME_COUNT] = {
        [RECOVERY_NONE] = {"", ""},
        [RECOVERY_RESUMED] = {"resumed", "nothing was missed"},
        [RECOVERY_RECOVERED] = {"recovered", "all that was missed has come"},
        [RECOVERY_PARTIAL] = {"partial", "a part of what was missed has come"},
        [RECOVERY_LOST] = {"lost", "what was missed is lost"},
        [RECOVERY_ASSUMED] = {"assumed", "nothing proves that all that was missed has come"},
        [RECOVERY_UNSUPPORTED] = {"unsupported",
                                  "the protocol has no way to ask for what was missed"},
};

struct recovery recovery_judge(const struct recovery *said, bool outdated, bool refused) {
        struct recovery judged = *said;

        if ((!outdated && !refused) || said->outcome == RECOVERY_LOST)
                return judged;
        judged = (struct recovery){.outcome = RECOVERY_LOST};
        (void)snprintf(judged.reason, sizeof(judged.reason), "%s",
                       outdated ? "new-epoch" : "new-session");
        return judged;
}

const char *recovery_string(enum recovery_outcome outcome) {
        return outcomes[outcome].word;
}

const char *recovery_text(enum recovery_outcome outcome) {
        return outcomes[outcome].text;
}
