/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "link_msg.h"
#include "link_type.h"
#include "radio_switches.h"
#include "rfkill_msg.h"

#define SWITCH_TEXT_MAX 1024

static void closedirp(DIR **directory) {
        if (*directory)
                (void)closedir(*directory);
}

/* Reads a small file as text; "" when there is none. */
static void read_text(int directory, const char *name, char *ret, size_t size) {
        CLEANUP(close_fdp) int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
        ssize_t n = -1;

        if (fd >= 0)
                n = read(fd, ret, size - 1);
        ret[n > 0 ? n : 0] = '\0';
}

/* The last part of where a link leads, if it fits. */
static void read_link_name(int directory, const char *name, char *ret, size_t size) {
        char target[512];
        ssize_t n = readlinkat(directory, name, target, sizeof(target) - 1);
        const char *last;

        if (n <= 0)
                return;
        target[n] = '\0';
        last = strrchr(target, '/');
        last = last ? last + 1 : target;
        if (strlen(last) < size)
                memcpy(ret, last, strlen(last) + 1);
}

static bool is_same_link(int directory, const struct link_facts *link) {
        char text[3 * LINK_HARDWARE_ADDRESS_MAX + 1], *at = text;

        read_text(directory, "ifindex", text, sizeof(text));
        if (strtoul(text, NULL, 10) != link->index)
                return false;
        /* The first device of every namespace may well be "eth0" with index 2. */
        read_text(directory, "address", text, sizeof(text));
        for (size_t i = 0; i < link->hardware_address_len; i++) {
                if (strtoul(at, &at, 16) != link->hardware_address[i])
                        return false;
                if (*at == ':')
                        at++;
        }
        return true;
}

static void read_devtype(int directory, char *ret, size_t size) {
        char text[512], *value, *end;

        read_text(directory, "uevent", text, sizeof(text));
        value = strstr(text, "DEVTYPE=");
        if (!value)
                return;
        value += strlen("DEVTYPE=");
        end = strchrnul(value, '\n');
        if ((size_t)(end - value) >= size)
                return;
        memcpy(ret, value, (size_t)(end - value));
        ret[end - value] = '\0';
}

void sysfs_read_device(const char *root, const struct link_facts *link, struct link_device *ret) {
        char path[128];
        CLEANUP(close_fdp) int directory = -1;
        struct link_device device = {};

        *ret = device;
        (void)snprintf(path, sizeof(path), "%s/class/net/%s", root, link->name);
        /* Held open, so that all of it is of one link, whatever gets renamed meanwhile. */
        directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0 || !is_same_link(directory, link))
                return;
        read_devtype(directory, device.devtype, sizeof(device.devtype));
        read_link_name(directory, "device/driver", device.driver, sizeof(device.driver));
        read_link_name(directory, "device/subsystem", device.bus, sizeof(device.bus));
        device.physical = faccessat(directory, "device", F_OK, 0) == 0;
        device.wireless = faccessat(directory, "phy80211", F_OK, 0) == 0;
        *ret = device;
}

static int read_switch(const char *root, const char *name, struct rfkill_msg *ret) {
        char path[PATH_MAX], text[SWITCH_TEXT_MAX];

        (void)snprintf(path, sizeof(path), "%s/class/rfkill/%s/uevent", root, name);
        read_text(AT_FDCWD, path, text, sizeof(text));
        if (text[0] == '\0')
                return -ENOENT;
        return rfkill_msg_parse_file(name, text, strlen(text), ret);
}

int sysfs_read_switch(const char *root, uint32_t index, struct rfkill_msg *ret) {
        char name[32];

        (void)snprintf(name, sizeof(name), "rfkill%" PRIu32, index);
        return read_switch(root, name, ret);
}

void sysfs_read_switches(const char *root, struct radio_switches *ret) {
        CLEANUP(closedirp) DIR *directory = NULL;
        const struct dirent *entry;
        struct rfkill_msg msg;
        char path[128];

        *ret = (struct radio_switches){};
        (void)snprintf(path, sizeof(path), "%s/class/rfkill", root);
        directory = opendir(path);
        while (directory && ret->n < RADIO_SWITCHES_MAX && (entry = readdir(directory)))
                if (read_switch(root, entry->d_name, &msg) == 0)
                        (void)radio_switches_take(ret, &msg, 0);
}
