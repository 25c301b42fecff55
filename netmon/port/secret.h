/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The machine's own secret, in a file that nobody else can read, and what is signed with it. */

#include <stddef.h>
#include <stdint.h>

#define SECRET_SIZE 32
#define SECRET_MAC_SIZE 32

struct secret {
        uint8_t key[SECRET_SIZE];
};

/* Reads `directory`/key, which is made with random bytes when it is not there, and the directory
 * with those above it too. -EBADMSG when the file is no such key: it is left as it is. */
int secret_open(const char *directory, struct secret *ret);

/* HMAC-SHA256. */
void secret_sign(const struct secret *secret, const void *data, size_t len,
                 uint8_t ret[static SECRET_MAC_SIZE]);
