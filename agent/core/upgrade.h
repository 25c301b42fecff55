/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The opening handshake of a WebSocket client (RFC 6455 section 4): the HTTP request as bytes, the
 * response from bytes that come in any pieces. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cause.h"
#include "uri.h"

#define UPGRADE_KEY_SIZE 25    /* base64 of 16 bytes */
#define UPGRADE_ACCEPT_SIZE 29 /* base64 of a SHA-1 */
#define UPGRADE_LINE_MAX_BYTES 8192
#define UPGRADE_MAX_BYTES 65536

/* The request. `headers` are pairs of name and value, `subprotocols` strings, each with its
 * terminator and checked by the options already. The caller frees it; NULL without memory. */
char *upgrade_request(const struct uri *uri, const char key[UPGRADE_KEY_SIZE], const void *headers,
                      size_t headers_len, const void *subprotocols, size_t subprotocols_len);

enum upgrade_verdict {
        UPGRADE_MORE,    /* so far, so good */
        UPGRADE_DONE,    /* the response is complete; the bytes behind it are not HTTP */
        UPGRADE_GARBAGE, /* this is no HTTP response */
        UPGRADE_TOO_LONG,
};

/* The response as far as it has come. Zero-initialised; large, so it belongs on the heap. */
struct upgrade {
        unsigned status; /* 0 before the first line */
        bool upgrade;    /* "Upgrade: websocket" */
        bool connection; /* "Connection: Upgrade" */
        unsigned n_accepts;
        unsigned n_subprotocols;
        bool extensions;
        char accept[UPGRADE_ACCEPT_SIZE]; /* empty when longer */
        char subprotocol[256];
        char retry_after[64]; /* as sent */
        /* The parser's own. */
        size_t total;
        size_t line_len;
        char line[UPGRADE_LINE_MAX_BYTES];
};

/* Takes bytes; `ret_used` says how many of them, all of them unless UPGRADE_DONE. Interim responses
 * (1xx other than 101) are skipped. */
enum upgrade_verdict upgrade_feed(struct upgrade *u, const void *data, size_t len,
                                  size_t *ret_used);

/* Judges a complete response: true when the connection is a WebSocket now, else false with the
 * reason in `ret` (without retry_after_usec). */
bool upgrade_accepted(const struct upgrade *u, const char accept[UPGRADE_ACCEPT_SIZE],
                      const void *subprotocols, size_t subprotocols_len, struct cause *ret);
