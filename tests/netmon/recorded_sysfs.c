/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recorded_sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture.h"
#include "die.h"
#include "rfkill_msg.h"

#define SWITCHES "/sys/class/rfkill"
#define SWITCHES_MAX 8
#define PATH_SIZE 128

static struct {
        char root[32]; /* "": the machine's own */
        bool is_there[SWITCHES_MAX];
} sysfs;

/* What stands in for the C library. */
DIR *our_opendir(const char *path) __asm__("opendir");
int our_openat(int directory, const char *path, int flags, ...) __asm__("openat64");

/* Where a path leads. */
static const char *map(const char *path, char ret[static PATH_SIZE]) {
        if (sysfs.root[0] == '\0' || strncmp(path, SWITCHES, strlen(SWITCHES)) != 0)
                return path;
        (void)snprintf(ret, PATH_SIZE, "%s%s", sysfs.root, path + strlen(SWITCHES));
        return ret;
}

DIR *our_opendir(const char *path) {
        char mapped[PATH_SIZE];
        int fd = (int)syscall(SYS_openat, AT_FDCWD, map(path, mapped),
                              O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? NULL : fdopendir(fd);
}

int our_openat(int directory, const char *path, int flags, ...) {
        char mapped[PATH_SIZE];
        mode_t mode = 0;
        va_list ap;

        if (flags & O_CREAT) {
                va_start(ap, flags);
                mode = va_arg(ap, mode_t);
                va_end(ap);
        }
        return (int)syscall(SYS_openat, directory, map(path, mapped), flags, mode);
}

static void path_of(uint32_t index, const char *name, char ret[static PATH_SIZE]) {
        (void)snprintf(ret, PATH_SIZE, "%s/rfkill%u%s", sysfs.root, index, name);
}

static void remove_switch(uint32_t index) {
        char path[PATH_SIZE];

        if (!sysfs.is_there[index])
                return;
        path_of(index, "/uevent", path);
        (void)unlink(path);
        path_of(index, "", path);
        (void)rmdir(path);
        sysfs.is_there[index] = false;
}

/* Of the announcement's variables those that are the switch's own, a line each. */
static void write_switch(uint32_t index, const struct capture_bytes *datagram) {
        const char *at = (const char *)datagram->data, *end = at + datagram->len;
        char path[PATH_SIZE];
        FILE *file;

        path_of(index, "", path);
        (void)mkdir(path, 0700);
        path_of(index, "/uevent", path);
        file = fopen(path, "we");
        if (!file)
                die("%s: %s", path, strerror(errno));
        for (; at < end; at += strnlen(at, (size_t)(end - at)) + 1)
                if (strncmp(at, "RFKILL_", strlen("RFKILL_")) == 0)
                        (void)fprintf(file, "%s\n", at);
        (void)fclose(file);
        sysfs.is_there[index] = true;
}

void recorded_sysfs_apply(const struct capture_bytes *datagram) {
        struct rfkill_msg msg;

        if (rfkill_msg_parse(datagram->data, datagram->len, &msg) < 0 || msg.index >= SWITCHES_MAX)
                die("an announcement of no switch");
        if (msg.is_gone)
                remove_switch(msg.index);
        else
                write_switch(msg.index, datagram);
}

void recorded_sysfs_start(void) {
        (void)strcpy(sysfs.root, "/tmp/wherry-sysfs-XXXXXX");
        if (!mkdtemp(sysfs.root))
                die("/tmp: %s", strerror(errno));
}

void recorded_sysfs_stop(void) {
        for (uint32_t i = 0; i < SWITCHES_MAX; i++)
                remove_switch(i);
        (void)rmdir(sysfs.root);
        sysfs.root[0] = '\0';
}
