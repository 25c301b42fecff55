/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resync.h"

#include "moment.h"

void resync_want(struct resync *resync, enum resync_cause cause) {
        resync->wanted |= cause;
}

uint64_t resync_deadline(const struct resync *resync) {
        if (resync->wanted == 0 || resync->running != 0)
                return USEC_NEVER;
        return resync->ended_usec == 0 ? 0 : resync->ended_usec + resync->delay_usec;
}

bool resync_begin(struct resync *resync, uint64_t now_usec) {
        if (resync_deadline(resync) > now_usec)
                return false;
        if (resync->ended_usec == 0 || now_usec - resync->ended_usec > RESYNC_DELAY_MAX_USEC)
                resync->delay_usec = RESYNC_DELAY_MIN_USEC;
        else
                resync->delay_usec *= 2;
        if (resync->delay_usec > RESYNC_DELAY_MAX_USEC)
                resync->delay_usec = RESYNC_DELAY_MAX_USEC;
        resync->running = resync->wanted;
        resync->wanted = 0;
        return true;
}

unsigned resync_ended(struct resync *resync, int result, uint64_t now_usec) {
        unsigned causes = resync->running;

        resync->running = 0;
        resync->ended_usec = now_usec;
        if (result < 0)
                resync->wanted |= causes;
        return causes;
}
