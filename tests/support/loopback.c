/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loopback.h"

#include <criterion/criterion.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

void loopback_enter(void) {
        struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
        int fd;

        cr_assert(unshare(CLONE_NEWNET) == 0, "a network namespace needs root");
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        cr_assert(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
        (void)close(fd);
}
