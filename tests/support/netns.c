/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"

bool netns_possible(void) {
        return geteuid() == 0;
}

void shell(const char *format, ...) {
        char command[1024];
        va_list ap;
        int status;

        va_start(ap, format);
        (void)vsnprintf(command, sizeof(command), format, ap);
        va_end(ap);
        status = system(command);
        if (status != 0)
                die("failed (status %d): %s", status, command);
}

void netns_enter(void) {
        if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
                die("unshare: %s", strerror(errno));
        if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("sysfs", "/sys", "sysfs", 0, NULL) < 0)
                die("mount: %s", strerror(errno));
        shell("ip link set lo up");
}

int netns_current(void) {
        int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                die("/proc/self/ns/net: %s", strerror(errno));
        return fd;
}

void netns_switch(int fd) {
        if (setns(fd, CLONE_NEWNET) < 0)
                die("setns: %s", strerror(errno));
}

int netns_add(void) {
        int back = netns_current(), fd;

        if (unshare(CLONE_NEWNET) < 0)
                die("unshare: %s", strerror(errno));
        shell("ip link set lo up");
        fd = netns_current();
        netns_switch(back);
        (void)close(back);
        return fd;
}

static int tun_open(const char *name, short type) {
        struct ifreq request = {.ifr_flags = (short)(type | IFF_NO_PI)};
        int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

        if (fd < 0)
                die("/dev/net/tun: %s", strerror(errno));
        (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
        if (ioctl(fd, TUNSETIFF, &request) < 0)
                die("%s: cannot be made: %s", name, strerror(errno));
        return fd;
}

int tap_add(const char *name) {
        int fd = tun_open(name, IFF_TAP);

        tap_set_carrier(fd, false);
        return fd;
}

int tun_add(const char *name) {
        return tun_open(name, IFF_TUN);
}

void tap_set_carrier(int fd, bool carrier) {
        int value = carrier;

        if (ioctl(fd, TUNSETCARRIER, &value) < 0)
                die("TUNSETCARRIER: %s", strerror(errno));
}

void netns_sysctl(const char *name, const char *value) {
        char path[256];
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
        file = fopen(path, "we");
        if (!file || fputs(value, file) < 0 || fclose(file) != 0)
                die("%s: cannot be set to %s", path, value);
}

/* Folder and file of a path that is to be mounted over but is not there: the folder becomes a copy
 * of itself that has it. */
static void make_place(const char *path) {
        const char *file = strrchr(path, '/') + 1;
        int len = (int)(file - path);

        shell("copy=$(mktemp -d) && mount -t tmpfs tmpfs $copy && cp -a %.*s. $copy && "
              "rm -f $copy/%s && touch $copy/%s && mount --bind $copy %.*s && umount $copy && "
              "rmdir $copy",
              len, path, file, file, len, path);
}

void netns_replace_file(const char *path, const char *format, ...) {
        char copy[] = "/tmp/wherry-file-XXXXXX";
        int fd = mkstemp(copy);
        FILE *file = fd < 0 ? NULL : fdopen(fd, "we");
        va_list ap;

        if (!file)
                die("%s: cannot be made", copy);
        va_start(ap, format);
        (void)vfprintf(file, format, ap);
        va_end(ap);
        if (access(path, F_OK) < 0)
                make_place(path);
        (void)umount2(path, MNT_DETACH); /* of an earlier replacement */
        if (fchmod(fd, 0644) < 0 || fclose(file) != 0 || mount(copy, path, NULL, MS_BIND, NULL) < 0)
                die("%s: cannot be replaced: %s", path, strerror(errno));
        (void)unlink(copy); /* the mount keeps it */
}
