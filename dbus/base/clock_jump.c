/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clock_jump.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>

#include "cleanup.h"
#include "moment.h"
#include "suspend.h"

/* Whoever reads clocks may be interrupted between them. */
#define CLOSE_USEC 1000
#define TRIES_MAX 16

struct clock_jump {
        int fd;
        sd_event_source *source;
        clock_jump_handler handler;
        void *userdata;
};

static uint64_t read_clock(clockid_t clock) {
        struct timespec now;

        (void)clock_gettime(clock, &now);
        return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

void clock_jump_read(struct suspend_clocks *ret) {
        for (unsigned i = 0; i < TRIES_MAX; i++) {
                ret->monotonic_usec = read_clock(CLOCK_MONOTONIC);
                ret->boottime_usec = read_clock(CLOCK_BOOTTIME);
                if (read_clock(CLOCK_MONOTONIC) - ret->monotonic_usec < CLOSE_USEC)
                        return;
        }
}

/* It never elapses, but ends with ECANCELED when the clock jumps: by being set, and by sleep. */
static int arm(const struct clock_jump *jump) {
        struct itimerspec never = {.it_value.tv_sec = LONG_MAX};

        /* ECANCELED here: it jumped in between, and the timer is armed for the next time. */
        if (timerfd_settime(jump->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) <
                    0 &&
            errno != ECANCELED)
                return -errno;
        return 0;
}

static int on_jump(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct clock_jump *jump = userdata;
        uint64_t n;

        /* It stays armed for the next time. */
        if (read(fd, &n, sizeof(n)) >= 0 || errno != ECANCELED)
                return 0;
        jump->handler(jump->userdata);
        return 0;
}

int clock_jump_new(sd_event *event, clock_jump_handler handler, void *userdata,
                   struct clock_jump **ret) {
        CLEANUP(clock_jump_freep) struct clock_jump *jump = calloc(1, sizeof(*jump));
        int r;

        if (!jump)
                return -ENOMEM;
        jump->handler = handler;
        jump->userdata = userdata;
        jump->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        if (jump->fd < 0)
                return -errno;
        r = arm(jump);
        if (r < 0)
                return r;
        r = sd_event_add_io(event, &jump->source, jump->fd, EPOLLIN, on_jump, jump);
        if (r < 0)
                return r;
        r = sd_event_source_set_priority(jump->source, SD_EVENT_PRIORITY_IMPORTANT - 1);
        if (r < 0)
                return r;
        *ret = STEAL(jump);
        return 0;
}

void clock_jump_free(struct clock_jump *jump) {
        if (!jump)
                return;
        sd_event_source_disable_unref(jump->source);
        if (jump->fd >= 0)
                (void)close(jump->fd);
        free(jump);
}
