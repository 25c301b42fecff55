/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One connection of a channel, in the making or established: where it goes, over which path, and
 * whether it is alive. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "cause.h"
#include "heartbeat.h"
#include "path.h"
#include "view.h"

struct channel;
struct transport;
struct transport_outgoing;

/* How far it got and when; 0: not reached. */
struct link_steps {
        uint64_t started_usec;
        uint64_t resolved_usec;
        uint64_t connected_usec; /* TCP */
        uint64_t secured_usec;   /* TLS */
        uint64_t opened_usec;    /* the protocol's own opening */
};

struct link {
        struct channel *channel;
        uint64_t number;             /* of all links, so that a late answer finds no successor */
        struct transport *transport; /* NULL while the name is being resolved */
        struct path path;            /* made on; ifindex 0: unknown */
        bool open;
        bool held;                      /* nothing is written */
        bool paused;                    /* nothing is read */
        char source[ADDRESS_TEXT_SIZE]; /* "" until connected */
        struct heartbeat heartbeat;
        uint64_t acked_bytes; /* when the last ping was sent, or the heartbeat was asked */
        struct link_steps steps;
};

/* `path` is the one to go over, NULL when none is known. */
int link_new(struct channel *channel, const struct path *path, struct link **ret);

/* Ends it without a word. NULL is allowed. */
void link_free(struct link *link);
/* Ends it with the protocol's goodbye, in the background. NULL is allowed. */
void link_close(struct link *link);

/* Ends what is being connected to, so that link_connect() may begin anew. */
void link_disconnect(struct link *link);
/* Begins to connect to one of the addresses. When that fails at once: a negative errno. */
int link_connect(struct link *link, const struct address *addresses, size_t n);

/* It carries the channel from now on: what the protocol says before any message. */
void link_begin(struct link *link);
/* Writes a message, as transport.h says, or a ping behind what was written. */
int link_write(struct link *link, const struct transport_outgoing *message);
int link_ping(struct link *link);
/* A message that came with this token is on disk. */
void link_acknowledge(struct link *link, uint64_t token);

/* Nothing is written and no deadline runs, until released. */
void link_hold(struct link *link, bool held);
/* Nothing is read, until released. */
void link_pause(struct link *link, bool paused);
/* A byte must come within 2 s. */
void link_probe(struct link *link);

/* What the heartbeat wants at its deadline: a ping is sent here; true when the link is lost. */
bool link_tick(struct link *link, const struct moment *at, struct cause *ret);
uint64_t link_deadline(const struct link *link);

/* For the view. */
struct view_use link_use(const struct link *link);

/* Brings `steps` up to date. */
void link_update_steps(struct link *link);
