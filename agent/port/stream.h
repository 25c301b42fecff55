/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One byte stream to a server: TCP, an HTTP proxy's CONNECT and TLS, by libcurl.
 *
 * Names are resolved by the caller: the addresses come in, the host name stays for SNI, certificate
 * check and CONNECT. They are tried in order, an IPv4 and an IPv6 one at a time (happy eyeballs).
 * Nothing here ever blocks. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"
#include "cause.h"
#include "uri.h"

#define STREAM_ADDRESSES_MAX 16 /* more are not tried */

struct connector;
struct stream;

struct stream_config {
        const struct uri *uri;           /* host, port, tls */
        const struct address *addresses; /* of the host that is connected to: the proxy if there is
                                            one, else the uri's; in order of preference */
        size_t n_addresses;
        const char *interface;   /* bind to it; NULL: no binding */
        const struct uri *proxy; /* of uri_parse_proxy(); NULL: none */
        const void *tls_ca;      /* PEM; NULL: the system's store */
        size_t tls_ca_len;
        const void *tls_pins; /* strings "sha256//BASE64"; none: no pinning */
        size_t tls_pins_len;
        bool tls13_only;
        uint64_t connect_timeout_usec; /* TCP, proxy and TLS together */
};

/* Called from the loop, never from inside a call of ours; the stream may be freed in any of them.
 */
struct stream_handlers {
        /* Something must be written at once: as long as nothing was, libcurl (7.88) takes the
         * connection for an idle one, which it may close when it makes another. */
        void (*connected)(void *userdata);
        void (*failed)(const struct cause *cause, void *userdata); /* only stream_free() is left */
        /* Reading, writing or both may go on, as far as wanted. */
        void (*ready)(void *userdata);
};

/* Begins to connect. Returns at once; failures of the network come by failed(). `config` is only
 * read during the call. -EINVAL without an address or for an interface name that is none. */
int stream_new(struct connector *connector, const struct stream_config *config,
               const struct stream_handlers *handlers, void *userdata, struct stream **ret);

/* Abandons it without a word: reset, no TLS goodbye, the kernel stops retransmitting. NULL is
 * allowed. */
void stream_free(struct stream *stream);

/* Ends it after the protocol's goodbye has been written: in the background what still comes is
 * dropped until the server closes, then it is closed in order; after a second it is reset. No
 * handler is called any more. */
void stream_finish(struct stream *stream);

/* Of a connected stream: what ready() is wanted for. Nothing wanted: not even the end of the stream
 * is noticed. */
void stream_set_wants(struct stream *stream, bool read, bool write);

/* ready() of a connected stream will be called in the next turn of the loop in any case. */
void stream_poke(struct stream *stream);

/* > 0 bytes; 0 the server has closed; -EAGAIN nothing now; another negative errno: it is over, and
 * stream_describe() says why. */
ssize_t stream_recv(struct stream *stream, void *buffer, size_t size);

/* > 0 bytes taken, -EAGAIN none now (then the next call must offer the same bytes at the same
 * place), another negative errno: it is over. */
ssize_t stream_send(struct stream *stream, const void *data, size_t len);

/* The error that ended an established stream, as a cause. */
void stream_describe(int error, struct cause *ret);

/* Source and peer address of the established stream. -ENOTCONN before it is connected. */
int stream_endpoints(const struct stream *stream, struct address *ret_source,
                     struct address *ret_peer);

/* The steps done so far: usec after stream_new(), 0 not reached. */
struct stream_steps {
        uint64_t connected_usec; /* TCP */
        uint64_t secured_usec;   /* proxy and TLS; the same as TCP without them */
};
void stream_get_steps(const struct stream *stream, struct stream_steps *ret);

/* How the upload goes, for telling a slow path from a dead one (tcp_info of tcp(7)). */
struct stream_upload {
        uint64_t acked_bytes; /* the peer's kernel has them */
        bool pending;         /* there are others, in our kernel or under way */
};
void stream_get_upload(const struct stream *stream, struct stream_upload *ret);
