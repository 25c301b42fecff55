/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A server's URI, taken apart (RFC 3986; the schemes are those of protocol.h). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define URI_MAX_BYTES 2048
#define URI_HOST_SIZE 256

struct uri {
        const char *scheme; /* of protocol.h, lower case; NULL: of a proxy */
        bool tls;
        char host[URI_HOST_SIZE]; /* lower case; an IPv6 address without brackets; no last dot */
        bool is_address;          /* host is a numeric address, decimal dotted or IPv6 */
        uint16_t port;            /* the scheme's default filled in */
        char *target;             /* path and query as sent in the request, at least "/" */
};

/* -EINVAL with a sentence in `problem`: unknown scheme, user info, fragment, empty or malformed
 * host (including numeric spellings that are no dotted quad, such as 0x7f.1), bad port, a character
 * that a URI may not hold, too long. -ENOMEM. */
int uri_parse(const char *text, struct uri *ret, char *problem, size_t problem_size);
void uri_deinit(struct uri *uri);

/* Both lead to the same place: they differ in the query at most. */
bool uri_same_place(const struct uri *a, const struct uri *b);

/* The URI of an HTTP proxy, "http://HOST[:PORT]" with nothing behind it: the port is 80 unless
 * given. Same result and errors; `target` is "/". */
int uri_parse_proxy(const char *text, struct uri *ret, char *problem, size_t problem_size);

/* The URI as shown to people and put into properties: the query is "?…", because it may hold a
 * secret. The caller frees it; NULL without memory. */
char *uri_redact(const char *text);
