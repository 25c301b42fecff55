/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a reconnect brought back of what was missed. */

#include <stdbool.h>
#include <stdint.h>

enum recovery_outcome {
        RECOVERY_NONE,        /* there was no reconnect, or it is not known yet */
        RECOVERY_RESUMED,     /* the protocol says: nothing was lost */
        RECOVERY_RECOVERED,   /* all that was missed has come */
        RECOVERY_PARTIAL,     /* some of it has come, the rest is lost */
        RECOVERY_LOST,        /* nothing of it comes */
        RECOVERY_ASSUMED,     /* it was asked for, and nothing proves or denies that it is all */
        RECOVERY_UNSUPPORTED, /* the protocol has no way to ask */
        RECOVERY_OUTCOME_COUNT
};

struct recovery {
        enum recovery_outcome outcome;
        bool counted;
        uint32_t count;  /* of messages that came; only when `counted` */
        char reason[64]; /* a word or two, of PARTIAL and LOST; "": none */
};

/* What is true of what the protocol says: nothing was resumed from a cursor of another epoch, nor
 * after the server has refused to go on from where we were. */
struct recovery recovery_judge(const struct recovery *said, bool outdated, bool refused);

/* The word of the D-Bus contract; "" for NONE. */
const char *recovery_string(enum recovery_outcome outcome);
/* A sentence for people; "" for NONE. */
const char *recovery_text(enum recovery_outcome outcome);
