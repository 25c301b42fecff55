/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Preloaded into a program under test, it makes the machine look as if it had slept: the monotonic
 * clock is behind by the seconds that the file named by WHERRY_TEST_SLEPT holds as text. */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static time_t slept_seconds(void) {
        const char *path = getenv("WHERRY_TEST_SLEPT");
        int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        char text[16] = "";

        if (fd < 0)
                return 0;
        if (read(fd, text, sizeof(text) - 1) < 0)
                text[0] = '\0';
        (void)close(fd);
        return (time_t)strtol(text, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *ret) {
        int r = (int)syscall(SYS_clock_gettime, clock, ret);

        if (r == 0 && clock == CLOCK_MONOTONIC)
                ret->tv_sec -= slept_seconds();
        return r;
}
