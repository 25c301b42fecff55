/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One opening handshake of a WebSocket client: core/upgrade with its random key, its proof and the
 * clock that a server's Retry-After may refer to. */

#include <stddef.h>

#include "cause.h"
#include "uri.h"

struct handshake;

/* `headers` are pairs, `subprotocols` strings, each with its terminator. */
int handshake_new(const struct uri *uri, const void *headers, size_t headers_len,
                  const void *subprotocols, size_t subprotocols_len, struct handshake **ret);
void handshake_free(struct handshake *handshake);

/* The request to be sent, once: the caller frees it. */
char *handshake_take_request(struct handshake *handshake);

enum handshake_verdict {
        HANDSHAKE_MORE,
        HANDSHAKE_OPEN,    /* it is a WebSocket now; what was not used are frames */
        HANDSHAKE_REFUSED, /* `ret_cause` says why */
};

enum handshake_verdict handshake_feed(struct handshake *handshake, const void *data, size_t len,
                                      size_t *ret_used, struct cause *ret_cause);
