/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

static int sync_directory(int path_fd) {
        CLEANUP(close_fdp) int fd = openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Goes into `name`, made if it is missing. On the disk before anything in it counts as stored. */
static int enter(int *fd, const char *name) {
        int next, r;

        if (mkdirat(*fd, name, 0700) == 0) {
                r = sync_directory(*fd);
                if (r < 0)
                        return r;
        } else if (errno != EEXIST) {
                return -errno;
        }
        next = openat(*fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (next < 0)
                return -errno;
        close_fdp(fd);
        *fd = next;
        return 0;
}

static int make_directory(const char *directory, int *ret) {
        CLEANUP(close_fdp)
        int fd = open(directory[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        CLEANUP(freep) char *names = strdup(directory);
        char *rest = names;
        int r;

        if (fd < 0)
                return -errno;
        if (!names)
                return -ENOMEM;
        for (char *name; (name = strsep(&rest, "/"));) {
                if (name[0] == '\0')
                        continue;
                r = enter(&fd, name);
                if (r < 0)
                        return r;
        }
        *ret = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return *ret < 0 ? -errno : 0;
}

/* Ours, and for us alone. */
static int mend_directory(int fd) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_uid != geteuid())
                return -EACCES;
        if ((st.st_mode & 07777) != 0700 && fchmod(fd, 0700) < 0)
                return -errno;
        return 0;
}

static int mend_file(int directory_fd, const char *name) {
        struct stat st;

        if (fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (st.st_uid != geteuid() || !S_ISREG(st.st_mode))
                return -EACCES;
        /* Nobody else can put a link in the file's place: the directory has been mended. */
        if ((st.st_mode & 07777) != 0600 && fchmodat(directory_fd, name, 0600, 0) < 0)
                return -errno;
        return 0;
}

/* SQLite would make it readable by all, and takes its mode for the log. A log without its file
 * belongs to nothing. */
static int make_file(int directory_fd) {
        CLEANUP(close_fdp) int fd = -1;

        if (faccessat(directory_fd, "queue.db", F_OK, AT_EACCESS) == 0)
                return 0;
        if (unlinkat(directory_fd, "queue.db-wal", 0) < 0 && errno != ENOENT)
                return -errno;
        fd = openat(directory_fd, "queue.db", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        return fd < 0 || fsync(directory_fd) < 0 ? -errno : 0;
}

static int fail(int r, const char *directory, const char *name, char *problem,
                size_t problem_size) {
        if (r == -EACCES)
                (void)snprintf(problem, problem_size,
                               "%s%s%s belongs to another user, cannot be opened or is of the "
                               "wrong kind: this agent runs as uid %u",
                               directory, name[0] == '\0' ? "" : "/", name, (unsigned)geteuid());
        else
                (void)snprintf(problem, problem_size, "%s%s%s: %s", directory,
                               name[0] == '\0' ? "" : "/", name, strerror(-r));
        return r;
}

int store_files_open(const char *directory, int *ret_directory_fd, char **ret_path, char *problem,
                     size_t problem_size) {
        static const char *const names[] = {"queue.db", "queue.db-wal", "queue.db-journal",
                                            "queue.ballast"};
        CLEANUP(close_fdp) int fd = -1;
        CLEANUP(freep) char *absolute = NULL;
        int r;

        r = make_directory(directory, &fd);
        if (r < 0)
                return fail(r, directory, "", problem, problem_size);
        r = mend_directory(fd);
        if (r < 0)
                return fail(r, directory, "", problem, problem_size);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                r = mend_file(fd, names[i]);
                if (r < 0)
                        return fail(r, directory, names[i], problem, problem_size);
        }
        r = make_file(fd);
        if (r < 0)
                return fail(r, directory, "queue.db", problem, problem_size);

        absolute = realpath(directory, NULL);
        if (!absolute || asprintf(ret_path, "%s/queue.db", absolute) < 0)
                return fail(-ENOMEM, directory, "queue.db", problem, problem_size);
        *ret_directory_fd = steal_fd(&fd);
        return 0;
}
