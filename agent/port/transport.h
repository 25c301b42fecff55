/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One connection to a server in any protocol: what a channel asks of it, and what comes of it.
 *
 * A protocol is a port with a struct transport_ops; the rows of core/protocol.h say which URIs it
 * is for, and transport.c where it is. Nothing else of the agent knows one protocol from another.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cause.h"
#include "cursor.h"
#include "message.h"
#include "options.h"
#include "protocol.h"
#include "recovery.h"
#include "stream.h"

struct connector;

/* First in the struct of every protocol. */
struct transport {
        const struct transport_ops *ops;
};

struct transport_config {
        struct stream_config stream;
        const struct channel_options *options;
        const struct cursor *cursor; /* where to go on from; not known: nothing is asked for */
        const uint8_t *key; /* MESSAGE_UUID_BYTES, random, the channel's own for ever: what a server
                               knows it by may be made of it */
};

/* A message to the server. What the facts say of it is for every protocol to use or not. */
struct transport_outgoing {
        const struct message_facts *facts;
        const void *payload;
        size_t payload_bytes;
        uint64_t ttl_usec; /* left of its time to live; 0: it has none */
};

/* A message from the server; the bytes are borrowed. */
struct transport_incoming {
        const void *payload;
        size_t payload_bytes;
        bool text;
        uint64_t token; /* for acknowledge() once it is on disk; 0: the server waits for nothing */
        const char *id; /* what the server calls it, in its epoch: the second of that name and
                           payload is dropped; NULL */
        const char *cursor; /* where to go on from once it is on disk; NULL: where we did before */
        const char *epoch;  /* the cursor's; NULL: none */
};

/* What the server says when a connection is open. */
struct transport_opening {
        struct recovery recovery; /* told if this is a reconnect. NONE: what was missed is on its
                                     way, and recovered() will say when it has come */
        const char *cursor;       /* as in moved(); NULL: where we did before */
        const char *epoch;  /* in which the server is now: when the cursor is of another one, what
                               was missed is lost, whatever it says; NULL: it has none */
        uint32_t in_flight; /* messages that the server takes at once, not proved yet; 0: any */
};

/* Called from the loop, never from inside a call of ours. `closed` is the last one and comes at
 * most once; after it only abandon() is allowed. In every one of them any connection may be
 * abandoned or closed, this one too. */
struct transport_handlers {
        /* Messages may be written. */
        void (*opened)(const struct transport_opening *opening, void *userdata);
        /* What was missed has come, all of it before what is new; without a count it is of the
         * messages since opened(). */
        void (*recovered)(const struct recovery *recovery, void *userdata);
        /* Where to go on from has changed without a message; "": nothing has come yet. */
        void (*moved)(const char *cursor, const char *epoch, void *userdata);
        void (*message)(const struct transport_incoming *message, void *userdata);
        /* The answer to ping(). */
        void (*ponged)(uint64_t sequence, void *userdata);
        /* The server has these messages, in any order of ids; as many in one call as came in one
         * turn of the loop, for they are noted on disk together. */
        void (*proved)(const uint64_t *ids, size_t n, void *userdata);
        /* The server does not want this one, now or ever: the reason is a word or two. */
        void (*rejected)(uint64_t id, const char *reason, void *userdata);
        /* All that was handed over has gone to the socket. */
        void (*drained)(void *userdata);
        /* Any byte came in: once per turn of the loop, before what it brings. */
        void (*received)(void *userdata);
        void (*closed)(const struct cause *cause, void *userdata);
};

/* The steps done so far: usec after open(), 0 not reached. */
struct transport_steps {
        struct stream_steps stream;
        uint64_t opened_usec;
};

struct transport_ops {
        /* The pong of a ping proves all that was written before it, and nothing else does; else
         * each message is proved by itself, by proved(). */
        bool ping_proves;

        /* Begins to connect. Returns at once; failures of the network come by closed(). `config` is
         * only read during the call. */
        int (*open)(struct connector *connector, const struct transport_config *config,
                    const struct transport_handlers *handlers, void *userdata,
                    struct transport **ret);

        /* It carries the channel from now on: says what is to be said before any message. NULL:
         * nothing is. */
        void (*begin)(struct transport *transport, const struct channel_options *options);

        /* Takes a message; the bytes are copied. It is written as soon as the socket takes it.
         * -EMSGSIZE too large, -EILSEQ text that is not UTF-8: it will never be taken; other errors
         * are those of the connection, whose end is told. */
        int (*write)(struct transport *transport, const struct transport_outgoing *message);

        /* Asks for a sign of life behind what was written. A protocol without one does nothing:
         * silence after it ends the connection all the same. */
        int (*ping)(struct transport *transport, uint64_t sequence);

        /* These messages are on disk. NULL: the protocol has no acknowledgement. */
        void (*acknowledge)(struct transport *transport, const uint64_t *tokens, size_t n);

        /* Held: nothing more is written until released. */
        void (*set_held)(struct transport *transport, bool held);
        /* Paused: no message is delivered and nothing more is read, so that the server feels
         * back-pressure. The opening goes on. */
        void (*set_paused)(struct transport *transport, bool paused);

        /* Ends it without a word: by reset, no goodbye, so that the kernel stops retransmitting and
         * the server's session stays. */
        void (*abandon)(struct transport *transport);
        /* Ends it with the protocol's goodbye, in the background. */
        void (*close)(struct transport *transport);

        /* -ENOTCONN before it is connected. */
        int (*endpoints)(const struct transport *transport, struct address *ret_source,
                         struct address *ret_peer);
        /* How the upload goes; what is still queued here is pending too. */
        void (*get_upload)(const struct transport *transport, struct stream_upload *ret);
        void (*get_steps)(const struct transport *transport, struct transport_steps *ret);
};

/* How a protocol is spoken. */
const struct transport_ops *transport_ops(enum protocol protocol);
