/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resume.h"

#include <errno.h>
#include <stdlib.h>

#include "agent.h"
#include "channel.h"
#include "cleanup.h"
#include "clock_jump.h"
#include "log.h"
#include "moment.h"
#include "suspend.h"
#include "wave.h"

/* What netmon tells so soon after the clocks did is the same sleep. */
#define SAME_USEC (10 * USEC_PER_SEC)

struct resume {
        struct agent *agent;
        struct clock_jump *clock_jump;
        struct suspend suspend;
        uint64_t woken_usec; /* when the channels were last woken; 0: never */
};

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

static void wake_channels(struct agent *agent) {
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

static void wake(struct resume *resume) {
        resume->woken_usec = moment_boottime_usec();
        wake_channels(resume->agent);
}

static void on_clock_jump(void *userdata) {
        struct resume *resume = userdata;
        struct suspend_clocks now;
        uint64_t slept_usec;

        clock_jump_read(&now);
        if (suspend_look(&resume->suspend, &now, &slept_usec))
                wake(resume);
}

void resume_told(struct resume *resume) {
        if (resume->woken_usec == 0 || moment_boottime_usec() > resume->woken_usec + SAME_USEC)
                wake(resume);
}

int resume_new(struct agent *agent, struct resume **ret) {
        CLEANUP(resume_freep) struct resume *resume = calloc(1, sizeof(*resume));
        struct suspend_clocks now;
        int r;

        if (!resume)
                return -ENOMEM;
        resume->agent = agent;
        clock_jump_read(&now);
        suspend_init(&resume->suspend, &now);
        r = clock_jump_new(agent->event, on_clock_jump, resume, &resume->clock_jump);
        if (r < 0)
                return r;
        *ret = STEAL(resume);
        return 0;
}

void resume_free(struct resume *resume) {
        if (!resume)
                return;
        clock_jump_free(resume->clock_jump);
        free(resume);
}
