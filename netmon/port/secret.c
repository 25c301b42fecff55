/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define NAME "key"
#define NAME_NEW "key.new"

static int read_key(int directory, struct secret *ret) {
        CLEANUP(close_fdp) int fd = openat(directory, NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        uint8_t key[SECRET_SIZE + 1];
        ssize_t n;

        if (fd < 0)
                return -errno;
        n = read(fd, key, sizeof(key));
        if (n < 0)
                return -errno;
        if (n != SECRET_SIZE)
                return -EBADMSG;
        memcpy(ret->key, key, SECRET_SIZE);
        return 0;
}

/* Under another name first: a key that is there is whole. */
static int make_key(int directory) {
        CLEANUP(close_fdp) int fd = -1;
        uint8_t key[SECRET_SIZE];

        if (getrandom(key, sizeof(key), 0) != sizeof(key))
                return -EIO;
        (void)unlinkat(directory, NAME_NEW, 0);
        fd = openat(directory, NAME_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        if (write(fd, key, sizeof(key)) != sizeof(key))
                return -EIO;
        if (fsync(fd) < 0)
                return -errno;
        if (renameat(directory, NAME_NEW, directory, NAME) < 0)
                return -errno;
        return fsync(directory) < 0 ? -errno : 0;
}

/* With those above it, as a user may have none of them yet. */
static int make_directory(const char *path) {
        CLEANUP(freep) char *part = strdup(path);

        if (!part)
                return -ENOMEM;
        for (char *end = part; end; *end = '/') {
                end = strchr(end + 1, '/');
                if (end)
                        *end = '\0';
                if (mkdir(part, 0700) < 0 && errno != EEXIST)
                        return -errno;
                if (!end)
                        return 0;
        }
        return 0;
}

int secret_open(const char *path, struct secret *ret) {
        CLEANUP(close_fdp) int directory = -1;
        int r;

        r = make_directory(path);
        if (r < 0)
                return r;
        directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0)
                return -errno;
        r = read_key(directory, ret);
        if (r != -ENOENT)
                return r;
        r = make_key(directory);
        return r < 0 ? r : read_key(directory, ret);
}

void secret_sign(const struct secret *secret, const void *data, size_t len,
                 uint8_t ret[static SECRET_MAC_SIZE]) {
        struct hmac_sha256_ctx context;

        hmac_sha256_set_key(&context, SECRET_SIZE, secret->key);
        hmac_sha256_update(&context, len, data);
        hmac_sha256_digest(&context, SECRET_MAC_SIZE, ret);
}
