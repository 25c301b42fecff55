/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "state_text.h"

struct state_file {
        char *path;
        char *path_new;             /* beside it */
        char text[STATE_TEXT_SIZE]; /* what is in it */
        bool has_failed;            /* at the latest attempt */
};

static void read_text(struct state_file *file) {
        CLEANUP(close_fdp)
        int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        ssize_t n = -1;

        if (fd >= 0)
                n = read(fd, file->text, sizeof(file->text) - 1);
        file->text[n > 0 ? n : 0] = '\0';
}

int state_file_new(const char *path, struct state_file **ret) {
        CLEANUP(state_file_freep) struct state_file *file = calloc(1, sizeof(*file));

        if (!file)
                return -ENOMEM;
        if (path[0] != '\0') {
                file->path = strdup(path);
                if (!file->path || asprintf(&file->path_new, "%s.new", path) < 0)
                        return -ENOMEM;
                read_text(file);
        }
        *ret = STEAL(file);
        return 0;
}

void state_file_free(struct state_file *file) {
        if (!file)
                return;
        free(file->path);
        free(file->path_new);
        free(file);
}

static void make_directory(const char *path) {
        CLEANUP(freep) char *directory = strdup(path);
        char *slash = directory ? strrchr(directory, '/') : NULL;

        if (!slash || slash == directory)
                return;
        *slash = '\0';
        if (mkdir(directory, 0755) >= 0)
                (void)chmod(directory, 0755); /* whatever our umask is */
}

/* Under another name first: who reads it finds it whole. */
static int write_text(const struct state_file *file, const char *text, size_t len) {
        CLEANUP(close_fdp) int fd = -1;
        int r = 0;

        (void)unlink(file->path_new);
        fd = open(file->path_new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd < 0 && errno == ENOENT) {
                make_directory(file->path);
                fd = open(file->path_new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        }
        if (fd < 0)
                return -errno;
        if (write(fd, text, len) != (ssize_t)len)
                r = -ENOSPC;
        else if (fchmod(fd, 0644) < 0 || rename(file->path_new, file->path) < 0)
                r = -errno;
        if (r < 0)
                (void)unlink(file->path_new);
        return r;
}

int state_file_update(struct state_file *file, const struct summary *summary) {
        char text[STATE_TEXT_SIZE];
        size_t len = state_text_format(summary, text);
        int r;

        if (!file->path || strcmp(text, file->text) == 0)
                return 0;
        r = write_text(file, text, len);
        if (r < 0) {
                /* None is better than one that is not true any more; and its room may do. */
                (void)unlink(file->path);
                file->text[0] = '\0';
                r = write_text(file, text, len);
        }
        if (r < 0 && file->has_failed)
                return 0;
        file->has_failed = r < 0;
        if (r >= 0)
                memcpy(file->text, text, len + 1);
        return r;
}
