/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One WebSocket connection (RFC 6455): a stream, the HTTP upgrade and frames. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cause.h"
#include "stream.h"

struct connector;
struct ws;

struct ws_config {
        struct stream_config stream;
        const void *headers; /* pairs, each string with its terminator, as the options check them */
        size_t headers_len;
        const void *subprotocols; /* strings, each with its terminator */
        size_t subprotocols_len;
        uint64_t open_timeout_usec; /* of the upgrade, once the stream is connected */
        uint64_t max_message_bytes;
};

/* Called from the loop, never from inside a call of ours. `closed` is the last one and comes at
 * most once; after it only ws_free() is allowed. A handler may call ws_free() or ws_close() at any
 * time, on any connection. */
struct ws_handlers {
        void (*opened)(void *userdata);
        /* A whole message; the bytes are borrowed. */
        void (*message)(const void *data, size_t len, bool text, void *userdata);
        void (*pong)(const void *data, size_t len, void *userdata);
        /* Everything handed over has gone to the socket. */
        void (*drained)(void *userdata);
        /* Any byte came in: once per turn of the loop, before message() and pong(). */
        void (*received)(void *userdata);
        /* `close_code` is that of the server's close frame, 0 without one. */
        void (*closed)(const struct cause *cause, unsigned close_code, void *userdata);
};

/* Begins to connect. Returns at once; failures of the network come by closed(). `config` is only
 * read during the call. */
int ws_new(struct connector *connector, const struct ws_config *config,
           const struct ws_handlers *handlers, void *userdata, struct ws **ret);

/* Ends it without a word: the socket is closed by reset, no close frame and no TLS goodbye, so that
 * the kernel stops retransmitting; only what the server closed with a close frame is closed in
 * order. NULL is allowed. */
void ws_free(struct ws *ws);

/* Ends it with a close frame: writes what is queued and the frame if the socket takes them at once,
 * waits a second at most for the server's in the background, needs no owner any more. A held
 * connection is released by it; what is not open yet or does not fit is abandoned. NULL is allowed.
 */
void ws_close(struct ws *ws, unsigned code);

/* Queues a message. It is written as soon as the socket takes it; the bytes are copied.
 * -ENOTCONN before opened() and after the server's goodbye, -EMSGSIZE over max_message_bytes,
 * -EILSEQ for text that is not UTF-8. */
int ws_send(struct ws *ws, const void *data, size_t len, bool text);
/* Queues a ping with up to 125 bytes of payload behind what is queued already. */
int ws_ping(struct ws *ws, const void *data, size_t len);

/* Bytes handed over and not yet taken by the socket. */
size_t ws_queued_bytes(const struct ws *ws);

/* Held: nothing more is written until released, the answers to pings included. */
void ws_set_held(struct ws *ws, bool held);
/* Paused: no message is delivered and nothing more is read, so that the server feels
 * back-pressure. The upgrade goes on. */
void ws_set_paused(struct ws *ws, bool paused);

/* Of the established connection, for properties and for knowing whether its path still exists.
 * -ENOTCONN before it is connected. */
int ws_endpoints(const struct ws *ws, struct address *ret_source, struct address *ret_peer);

/* As stream_get_upload(); what is still queued here is pending too. */
void ws_get_upload(const struct ws *ws, struct stream_upload *ret);

/* The steps done so far, for "why is it slow": usec after ws_new(), 0 not reached. */
struct ws_steps {
        struct stream_steps stream;
        uint64_t opened_usec;
};
void ws_get_steps(const struct ws *ws, struct ws_steps *ret);
