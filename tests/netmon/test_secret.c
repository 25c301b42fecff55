/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "secret.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

static char directory[64], path[80];

static void setup(void) {
        (void)strcpy(directory, "/tmp/wherry-secret-XXXXXX");
        cr_assert(ne(ptr, mkdtemp(directory), NULL));
        (void)snprintf(path, sizeof(path), "%s/key", directory);
}

static void teardown(void) {
        (void)unlink(path);
        (void)rmdir(directory);
}

TestSuite(secret, .init = setup, .fini = teardown);

static void put_key(const void *data, size_t len) {
        CLEANUP(close_fdp) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        cr_assert(eq(int, (int)write(fd, data, len), (int)len));
}

Test(secret, is_made_once_for_nobody_else) {
        struct secret first = {}, second = {};
        struct stat st;

        cr_assert(eq(int, rmdir(directory), 0)); /* which is made, too */
        cr_assert(eq(int, secret_open(directory, &first), 0));
        cr_assert(eq(int, stat(directory, &st), 0));
        cr_assert(eq(u32, st.st_mode & 07777, 0700));
        cr_assert(eq(int, stat(path, &st), 0));
        cr_assert(eq(u32, st.st_mode & 07777, 0600));
        cr_assert(eq(int, (int)st.st_size, SECRET_SIZE));
        cr_assert(eq(int, secret_open(directory, &second), 0));
        cr_assert(eq(int, memcmp(&first, &second, sizeof(first)), 0));
        cr_assert(eq(int, unlink(path), 0));
        cr_assert(eq(int, secret_open(directory, &second), 0));
        cr_assert(ne(int, memcmp(&first, &second, sizeof(first)), 0));
}

/* As ~/.local/state/wherry-netmon of a user who has no ~/.local. */
Test(secret, directories_above_are_made) {
        struct secret secret = {};
        char command[128];
        struct stat st;

        (void)snprintf(path, sizeof(path), "%s/a/b", directory);
        cr_assert(eq(int, secret_open(path, &secret), 0));
        cr_assert(eq(int, stat(path, &st), 0));
        cr_assert(eq(u32, st.st_mode & 07777, 0700));
        (void)snprintf(command, sizeof(command), "rm -r %s/a", directory);
        cr_assert(eq(int, system(command), 0));
}

Test(secret, what_is_no_key_is_left_alone) {
        static const char much[SECRET_SIZE + 1] = "much";
        struct secret secret = {};
        struct stat st;

        put_key("short", 5);
        cr_assert(eq(int, secret_open(directory, &secret), -EBADMSG));
        put_key(much, sizeof(much));
        cr_assert(eq(int, secret_open(directory, &secret), -EBADMSG));
        cr_assert(eq(int, stat(path, &st), 0));
        cr_assert(eq(int, (int)st.st_size, (int)sizeof(much)));
        cr_assert(eq(int, secret_open("/dev/null/none", &secret), -ENOTDIR));
}

/* RFC 4231, test case 1, whose key is followed by zeros, which is the same to HMAC. */
Test(secret, hmac) {
        static const uint8_t expected[SECRET_MAC_SIZE] = {
                0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53, 0x5c, 0xa8, 0xaf,
                0xce, 0xaf, 0x0b, 0xf1, 0x2b, 0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83,
                0x3d, 0xa7, 0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32, 0xcf, 0xf7};
        struct secret secret = {};
        uint8_t mac[SECRET_MAC_SIZE];

        memset(secret.key, 0x0b, 20);
        secret_sign(&secret, "Hi There", 8, mac);
        cr_assert(eq(int, memcmp(mac, expected, sizeof(mac)), 0));
}
