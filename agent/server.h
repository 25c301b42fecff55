/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The host that channels connect to (a proxy, where there is one): its addresses and the paths to
 * them, shared by all channels.
 *
 * The last addresses that worked are kept for a day: after a path event the resolver is usually
 * behind the link that just died, so they are used at once and the name is resolved beside. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "address.h"
#include "path.h"
#include "resolver.h"

struct agent;
struct netmon_watch;
struct server;

/* Where a watch belongs to: its userdata. */
struct server_watch {
        struct server *server;
        struct netmon_watch *watch; /* NULL: none */
        struct address address;
        bool is_default; /* no address is known: the default path stands for it */
};

struct server {
        LIST_ENTRY(server) of_agent;
        struct agent *agent;
        unsigned n_users;
        char *host;
        bool is_address;
        struct address addresses[RESOLVER_ADDRESSES_MAX]; /* preferred first */
        size_t n_addresses;
        uint64_t resolved_usec; /* when the addresses came or last worked */
        struct address worked;  /* the one that last worked; family 0: none has */
        struct resolver_query *query;
        bool query_is_old; /* begun before the path changed: its resolver may be out of reach */
        struct server_watch watches[2]; /* one per family at most, the preferred first */
        uint64_t good_told_usec;        /* when others were last told that it is good */
};

/* Finds or makes the server and takes a share in it. */
int server_acquire(struct agent *agent, const char *host, bool is_address, struct server **ret);
void server_release(struct server *server);

/* Addresses to connect to without waiting: those of a numeric host, or that worked within a day.
 * Else 0, and the name has to be resolved first. */
size_t server_addresses(const struct server *server, const struct address **ret);

/* Begins to resolve the name, unless that is under way on this path or the host is numeric; the end
 * is told to every channel by agent_server_resolved(). */
int server_resolve(struct server *server);

/* Resolves the name when no address is known and no default path is usable: it may be that of a
 * neighbour or stand in /etc/hosts. */
void server_seek(struct server *server);

/* A connection to this address works. */
void server_worked(struct server *server, const struct address *address);

/* netmon's answers for the addresses, the preferred first; returns how many. */
size_t server_answers(const struct server *server, const struct paths *ret[2]);
/* The first answer is on its way. */
bool server_is_pending(const struct server *server);

/* For netmon's handler: the answer of a watch with this userdata has changed. */
void server_watch_changed(struct server_watch *watch);
