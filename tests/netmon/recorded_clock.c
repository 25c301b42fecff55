/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorded_clock.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "die.h"
#include "moment.h"

#define FDS_MAX 64
#define START_USEC (UINT64_C(1000) * USEC_PER_SEC)
#define REALTIME_USEC (UINT64_C(1700000000) * USEC_PER_SEC)

enum timer_kind {
        TIMER_NONE, /* not ours */
        TIMER_ORDINARY,
        TIMER_CLOCK_JUMP, /* it elapses by being cancelled */
};

/* An eventfd, in place of a timerfd. */
struct timer {
        enum timer_kind kind;
        clockid_t clock;
        uint64_t due_usec; /* 0: not set */
};

static struct {
        bool is_running; /* else the real clocks do it all */
        uint64_t now_usec;
        uint64_t slept_usec;
        struct timer timers[FDS_MAX]; /* by descriptor */
} clocks;

static struct timer *find(int fd, enum timer_kind kind) {
        if (!clocks.is_running || fd < 0 || fd >= FDS_MAX || clocks.timers[fd].kind != kind)
                return NULL;
        return &clocks.timers[fd];
}

/* What stands in for the C library, whose own declarations differ from one to the other. */
int our_clock_gettime(clockid_t clock, struct timespec *ret) __asm__("clock_gettime");
int our_timerfd_create(int clock, int flags) __asm__("timerfd_create");
int our_timerfd_settime(int fd, int flags, const struct itimerspec *value,
                        struct itimerspec *old) __asm__("timerfd_settime");
ssize_t our_read(int fd, void *data, size_t len) __asm__("read");

int our_clock_gettime(clockid_t clock, struct timespec *ret) {
        uint64_t usec = clocks.now_usec;

        if (!clocks.is_running)
                return (int)syscall(SYS_clock_gettime, clock, ret);
        if (clock == CLOCK_MONOTONIC)
                usec -= clocks.slept_usec;
        if (clock == CLOCK_REALTIME)
                usec += REALTIME_USEC;
        *ret = (struct timespec){
                .tv_sec = (time_t)(usec / USEC_PER_SEC),
                .tv_nsec = (long)(usec % USEC_PER_SEC * 1000),
        };
        return 0;
}

int our_timerfd_create(int clock, int flags) {
        int fd;

        if (!clocks.is_running)
                return (int)syscall(SYS_timerfd_create, clock, flags);
        fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0 || fd >= FDS_MAX)
                die("no descriptor for a timer");
        clocks.timers[fd] = (struct timer){.kind = TIMER_ORDINARY, .clock = clock};
        return fd;
}

/* Nothing is to be read from it any more. */
static void empty(int fd) {
        uint64_t n;

        (void)!syscall(SYS_read, fd, &n, sizeof(n));
}

static void fill(int fd) {
        const uint64_t one = 1;

        (void)!syscall(SYS_write, fd, &one, sizeof(one));
}

int our_timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old) {
        struct timer *timer = find(fd, TIMER_ORDINARY);

        if (!timer)
                return (int)syscall(SYS_timerfd_settime, fd, flags, value, old);
        if (flags & TFD_TIMER_CANCEL_ON_SET) {
                timer->kind = TIMER_CLOCK_JUMP;
                return 0;
        }
        empty(fd);
        timer->due_usec = (uint64_t)value->it_value.tv_sec * USEC_PER_SEC +
                          (uint64_t)(value->it_value.tv_nsec + 999) / 1000;
        if (timer->due_usec > 0 && timer->clock == CLOCK_MONOTONIC)
                timer->due_usec += clocks.slept_usec;
        if (timer->due_usec > 0 && timer->due_usec <= clocks.now_usec)
                fill(fd);
        return 0;
}

ssize_t our_read(int fd, void *data, size_t len) {
        ssize_t n = syscall(SYS_read, fd, data, len);

        if (n < 0 || !find(fd, TIMER_CLOCK_JUMP))
                return n;
        errno = ECANCELED;
        return -1;
}

/* The rest is for the test. */

uint64_t recorded_clock_now(void) {
        return clocks.now_usec;
}

uint64_t recorded_clock_next_timer(void) {
        uint64_t next_usec = UINT64_MAX;

        for (int fd = 0; fd < FDS_MAX; fd++) {
                const struct timer *timer = find(fd, TIMER_ORDINARY);

                if (timer && timer->due_usec > 0 && timer->due_usec < next_usec)
                        next_usec = timer->due_usec;
        }
        /* What waits for a timer may choose its time within a millisecond. */
        if (next_usec < UINT64_MAX - USEC_PER_MSEC)
                next_usec = (next_usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC * USEC_PER_MSEC;
        return next_usec;
}

void recorded_clock_advance(uint64_t now_usec) {
        if (now_usec > clocks.now_usec)
                clocks.now_usec = now_usec;
        for (int fd = 0; fd < FDS_MAX; fd++) {
                struct timer *timer = find(fd, TIMER_ORDINARY);

                if (!timer || timer->due_usec == 0 || timer->due_usec > clocks.now_usec)
                        continue;
                timer->due_usec = 0;
                fill(fd);
        }
}

void recorded_clock_sleep(uint64_t usec) {
        clocks.slept_usec += usec;
        clocks.now_usec += usec;
        for (int fd = 0; fd < FDS_MAX; fd++) {
                struct timer *timer = find(fd, TIMER_ORDINARY);

                if (timer && timer->clock == CLOCK_MONOTONIC && timer->due_usec > 0)
                        timer->due_usec += usec;
                if (find(fd, TIMER_CLOCK_JUMP))
                        fill(fd);
        }
}

void recorded_clock_start(void) {
        memset(&clocks, 0, sizeof(clocks));
        clocks.is_running = true;
        clocks.now_usec = START_USEC;
}

void recorded_clock_stop(void) {
        clocks.is_running = false;
}

void recorded_clock_forget(int fd) {
        if (fd >= 0 && fd < FDS_MAX)
                clocks.timers[fd].kind = TIMER_NONE;
}
