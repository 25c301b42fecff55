/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recheck.h"

#include "moment.h"

void recheck_init(struct recheck *recheck) {
        *recheck = (struct recheck){.settle_usec = USEC_NEVER, .links_usec = USEC_NEVER};
}

void recheck_link_message(struct recheck *recheck, uint64_t now_usec) {
        recheck->links_until_usec = now_usec + RECHECK_WINDOW_USEC;
        if (recheck->links_usec == USEC_NEVER)
                recheck->links_usec = now_usec + RECHECK_PERIOD_USEC;
}

void recheck_asked(struct recheck *recheck, uint64_t now_usec) {
        if (recheck->settle_usec == USEC_NEVER)
                recheck->settle_usec = now_usec + RECHECK_SETTLE_USEC;
}

unsigned recheck_take(struct recheck *recheck, uint64_t now_usec) {
        unsigned due = RECHECK_NOTHING;

        if (recheck->settle_usec <= now_usec) {
                recheck->settle_usec = USEC_NEVER;
                due |= RECHECK_LINKS | RECHECK_PATHS;
        }
        if (recheck->links_usec <= now_usec) {
                due |= RECHECK_LINKS;
                recheck->links_usec = now_usec + RECHECK_PERIOD_USEC;
                if (recheck->links_usec > recheck->links_until_usec)
                        recheck->links_usec = USEC_NEVER;
        }
        return due;
}

uint64_t recheck_deadline(const struct recheck *recheck) {
        return recheck->settle_usec < recheck->links_usec ? recheck->settle_usec
                                                          : recheck->links_usec;
}
