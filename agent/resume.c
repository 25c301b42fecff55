/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resume.h"

#include <stdlib.h>

#include "agent.h"
#include "channel.h"
#include "cleanup.h"
#include "log.h"
#include "moment.h"
#include "wave.h"

struct place {
        struct wave_rank rank;
        struct channel *channel;
};

static int compare(const void *a, const void *b) {
        const struct place *x = a, *y = b;

        return wave_compare(&x->rank, &y->rank);
}

static size_t count(const struct agent *agent) {
        struct channel *channel;
        size_t n = 0;

        LIST_FOREACH(channel, &agent->channels, of_agent)
                n++;
        return n;
}

void resume_channels(struct agent *agent) {
        uint64_t now_usec = moment_boottime_usec();
        size_t n_max = count(agent), n = 0;
        CLEANUP(freep) struct place *places = calloc(n_max + 1, sizeof(*places));
        struct channel *channel;

        if (!places) {
                log_warning("no memory to look after the channels, ignoring");
                return;
        }
        LIST_FOREACH(channel, &agent->channels, of_agent) {
                if (!channel->started)
                        continue;
                places[n++] = (struct place){
                        .rank =
                                {
                                        .has_messages = channel->record->counts.n_queued > 0,
                                        .is_connected = channel->link != NULL,
                                        .id = channel->record->id,
                                },
                        .channel = channel,
                };
        }
        qsort(places, n, sizeof(*places), compare);
        for (size_t i = 0; i < n; i++)
                channel_resume_at(places[i].channel, now_usec + wave_delay(i, n));
}
