/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files of sysfs with anything in them, each ended by a byte 255: of a link its `ifindex`,
 * `address` and `uevent`, where its driver and its bus are, and `uevent` of a kill switch. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "link_msg.h"
#include "link_type.h"
#include "radio_switches.h"
#include "rfkill_msg.h"
#include "sysfs.h"

#define END 255
#define LINK "class/net/wlan0"
#define SWITCH "class/rfkill/rfkill3"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char root[] = "/tmp/wherry-fuzz-XXXXXX";

static const char *const directories[] = {
        "class", "class/net", LINK, LINK "/device", "class/rfkill", SWITCH,
};
static const char *const files[] = {LINK "/ifindex", LINK "/address", LINK "/uevent",
                                    SWITCH "/uevent"};
static const char *const links[] = {LINK "/device/driver", LINK "/device/subsystem"};

static void require(bool condition) {
        if (!condition)
                abort();
}

static const char *path_of(const char *name) {
        static char path[128];

        (void)snprintf(path, sizeof(path), "%s/%s", root, name);
        return path;
}

static void clean(void) {
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
                (void)unlink(path_of(files[i]));
        for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
                (void)unlink(path_of(links[i]));
        for (size_t i = sizeof(directories) / sizeof(directories[0]); i > 0; i--)
                (void)rmdir(path_of(directories[i - 1]));
        (void)rmdir(root);
}

static void prepare(void) {
        static bool is_prepared;

        if (is_prepared)
                return;
        require(mkdtemp(root) != NULL);
        for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
                require(mkdir(path_of(directories[i]), 0700) == 0);
        require(atexit(clean) == 0);
        is_prepared = true;
}

struct part {
        const uint8_t *data;
        size_t len;
};

static struct part take_part(const uint8_t **data, size_t *size) {
        const uint8_t *end = memchr(*data, END, *size);
        struct part part = {*data, end ? (size_t)(end - *data) : *size};
        size_t taken = end ? part.len + 1 : part.len;

        *data += taken;
        *size -= taken;
        return part;
}

static void write_file(const char *name, struct part part) {
        CLEANUP(close_fdp)
        int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        require(fd >= 0);
        require(write(fd, part.data, part.len) == (ssize_t)part.len);
}

/* A text without zeros, or none at all. */
static void make_link(const char *name, struct part part) {
        char target[1024] = "";

        if (part.len < sizeof(target))
                memcpy(target, part.data, part.len);
        (void)unlink(path_of(name));
        (void)symlink(target, path_of(name));
}

static void check_text(const char *text, size_t size) {
        require(memchr(text, '\0', size) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct link_facts facts = {
                .name = "wlan0",
                .index = 7,
                .hardware_address = {2, 0, 0x5e, 0x10, 0, 1},
                .hardware_address_len = 6,
        };
        struct radio_switches switches;
        struct link_device device;
        struct rfkill_msg msg;

        prepare();
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
                write_file(files[i], take_part(&data, &size));
        for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
                make_link(links[i], take_part(&data, &size));
        sysfs_read_device(root, &facts, &device);
        check_text(device.devtype, sizeof(device.devtype));
        check_text(device.driver, sizeof(device.driver));
        check_text(device.bus, sizeof(device.bus));
        (void)link_type_guess(&facts, &device);
        sysfs_read_switches(root, &switches);
        require(switches.n <= 1);
        require((sysfs_read_switch(root, 3, &msg) == 0) == (switches.n == 1));
        return 0;
}
