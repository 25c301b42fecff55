/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One WebSocket connection (RFC 6455): TCP and TLS by libcurl's multi-socket interface in the
 * sd-event loop, framing by wslay, the HTTP upgrade by ourselves.
 *
 * Names are resolved by the caller: the addresses come in, the host name stays for SNI, certificate
 * check and the Host header. libcurl does happy eyeballs over them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "cause.h"
#include "resolver.h"
#include "uri.h"

struct connector; /* the curl multi handle in the loop, shared by all connections */
struct ws;

int connector_new(sd_event *event, struct connector **ret);
void connector_free(struct connector *connector);

struct ws_config {
        const struct uri *uri;
        const struct address *addresses; /* of the host that is connected to: the proxy if there is
                                            one, else the uri's; in order of preference */
        size_t n_addresses;
        const char *interface;  /* bind to it; NULL: no binding */
        const char *proxy;      /* http://HOST:PORT of a proxy; NULL or "": none */
        const char *proxy_host; /* the same, taken apart */
        uint16_t proxy_port;
        const void *headers; /* pairs, each string with its terminator */
        size_t headers_len;
        const void *subprotocols; /* strings, each with its terminator */
        size_t subprotocols_len;
        const void *tls_ca; /* PEM; NULL: the system's store */
        size_t tls_ca_len;
        const void *tls_pins; /* strings "sha256//BASE64"; none: no pinning */
        size_t tls_pins_len;
        bool tls13_only;
        uint64_t connect_timeout_usec; /* TCP, proxy and TLS together */
        uint64_t open_timeout_usec;    /* then the upgrade */
        uint64_t max_message_bytes;
};

/* Called from the loop, never from inside a call of ours. `closed` is the last one and comes at
 * most once; after it only ws_free() is allowed. A handler may call ws_free() at any time. */
struct ws_handlers {
        void (*opened)(void *userdata);
        /* A whole message; the bytes are borrowed. */
        void (*message)(const void *data, size_t len, bool text, void *userdata);
        void (*pong)(const void *data, size_t len, void *userdata);
        /* Everything handed over has gone to the socket. */
        void (*drained)(void *userdata);
        /* Any byte came in: once per turn of the loop, before message() and pong(). */
        void (*received)(void *userdata);
        void (*closed)(const struct cause *cause, unsigned close_code, void *userdata);
};

/* Begins to connect. Returns at once; failures of the network come by closed(). `config` is only
 * read during the call. */
int ws_new(struct connector *connector, const struct ws_config *config,
           const struct ws_handlers *handlers, void *userdata, struct ws **ret);

/* Ends it without a word: the socket is closed by reset (SO_LINGER 1, 0), no close frame and no TLS
 * goodbye, so that the kernel stops retransmitting. NULL is allowed. */
void ws_free(struct ws *ws);

/* Ends it with a close frame: writes what is queued and the frame if the socket takes them at once,
 * waits a second at most for the server's in the background, needs no owner any more. */
void ws_close(struct ws *ws, unsigned code);

/* Queues a message. It is written as soon as the socket takes it; the bytes are copied. */
int ws_send(struct ws *ws, const void *data, size_t len, bool text);
/* Queues a ping with up to 125 bytes of payload behind what is queued already. */
int ws_ping(struct ws *ws, const void *data, size_t len);

/* Bytes handed over and not yet taken by the socket. */
size_t ws_queued_bytes(const struct ws *ws);

/* Held: nothing more is written until released. */
void ws_set_held(struct ws *ws, bool held);
/* Paused: nothing more is read, so that the server feels back-pressure. */
void ws_set_paused(struct ws *ws, bool paused);

/* Of the established connection, for properties and for knowing whether its path still exists:
 * the source address as text, its interface index (of the address; 0 unknown), and the peer's
 * address. -ENOTCONN before it is connected. */
int ws_endpoints(const struct ws *ws, char source[46], char peer[46]);

/* The steps done so far, for "why is it slow": usec after ws_new(), 0 not reached. */
struct ws_steps {
        uint64_t connected_usec;
        uint64_t tls_usec;
        uint64_t opened_usec;
};
void ws_steps(const struct ws *ws, struct ws_steps *ret);
