/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Certificates for tests, made anew in a directory: "good.pem" (localhost, good.test, 127.0.0.1),
 * "expired.pem" and "other.pem" (other.test), each with its key, of the authority "ca.pem", and
 * "stranger.pem" (as good) of an authority that nobody knows. */

#include <stddef.h>

#define CERTS_PIN_SIZE 53

struct certs {
        char directory[64];
        char ca[4096]; /* ca.pem itself */
        size_t ca_len;
        char pin[CERTS_PIN_SIZE]; /* of good.pem, "sha256//..." */
};

void certs_make(struct certs *certs);
void certs_path(const struct certs *certs, const char *name, char *path, size_t size);
/* Puts the authority into a directory as OpenSSL looks for it there. */
void certs_make_directory(const struct certs *certs, const char *directory);
void certs_remove(const struct certs *certs);
