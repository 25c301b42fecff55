/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "channel.h"
#include "cleanup.h"
#include "moment.h"
#include "netmon_client.h"

#define ADDRESSES_KEPT_USEC (UINT64_C(24) * 3600 * USEC_PER_SEC)

static void server_free(struct server *server) {
        for (size_t i = 0; i < 2; i++)
                netmon_watch_free(server->watches[i].watch);
        resolver_query_free(server->query);
        free(server->host);
        free(server);
}

static void server_freep(struct server **server) {
        if (*server)
                server_free(*server);
}

static void watch_set(struct server_watch *watch, const struct address *address) {
        char text[ADDRESS_TEXT_SIZE] = "default";

        if (watch->watch && (address ? !watch->is_default && address_equal(&watch->address, address)
                                     : watch->is_default))
                return;
        netmon_watch_free(watch->watch);
        watch->watch = NULL;
        watch->is_default = !address;
        if (address) {
                watch->address = *address;
                address_format(address, text);
        }
        /* Without memory the path is unknown, which is no more than the truth. */
        (void)netmon_watch_new(watch->server->agent->netmon, text, watch, &watch->watch);
}

static void watch_clear(struct server_watch *watch) {
        netmon_watch_free(watch->watch);
        watch->watch = NULL;
}

/* The watches follow the addresses: the first one, and the first of the other family. */
static void server_follow(struct server *server) {
        const struct address *second = NULL;

        if (server->n_addresses == 0) {
                watch_set(&server->watches[0], NULL);
                watch_clear(&server->watches[1]);
                return;
        }
        watch_set(&server->watches[0], &server->addresses[0]);
        for (size_t i = 1; !second && i < server->n_addresses; i++)
                if (server->addresses[i].family != server->addresses[0].family)
                        second = &server->addresses[i];
        if (second)
                watch_set(&server->watches[1], second);
        else
                watch_clear(&server->watches[1]);
}

int server_acquire(struct agent *agent, const char *host, bool is_address, struct server **ret) {
        CLEANUP(server_freep) struct server *server = NULL;
        struct server *known;

        LIST_FOREACH(known, &agent->servers, of_agent)
                if (strcmp(known->host, host) == 0) {
                        known->n_users++;
                        *ret = known;
                        return 0;
                }
        server = calloc(1, sizeof(*server));
        if (!server)
                return -ENOMEM;
        server->agent = agent;
        server->watches[0].server = server;
        server->watches[1].server = server;
        server->host = strdup(host);
        if (!server->host)
                return -ENOMEM;
        server->is_address = is_address;
        if (is_address) {
                int r = address_parse(host, &server->addresses[0]);

                if (r < 0)
                        return r;
                server->n_addresses = 1;
        }
        server_follow(server);
        server->n_users = 1;
        LIST_INSERT_HEAD(&agent->servers, server, of_agent);
        *ret = STEAL(server);
        return 0;
}

void server_release(struct server *server) {
        if (!server || --server->n_users > 0)
                return;
        LIST_REMOVE(server, of_agent);
        server_free(server);
}

size_t server_addresses(const struct server *server, const struct address **ret) {
        uint64_t now_usec = moment_now().usec;

        *ret = server->addresses;
        if (!server->is_address && now_usec - server->resolved_usec > ADDRESSES_KEPT_USEC)
                return 0;
        return server->n_addresses;
}

static bool server_has(const struct server *server, const struct address *address) {
        for (size_t i = 0; i < server->n_addresses; i++)
                if (address_equal(&server->addresses[i], address))
                        return true;
        return false;
}

/* The address that worked goes to the front: it is the likeliest to work again, and the one whose
 * path matters. */
static void server_prefer_worked(struct server *server) {
        for (size_t i = 0; i < server->n_addresses; i++) {
                if (!address_equal(&server->addresses[i], &server->worked))
                        continue;
                memmove(&server->addresses[1], &server->addresses[0],
                        i * sizeof(server->addresses[0]));
                server->addresses[0] = server->worked;
                return;
        }
}

static void on_resolved(int error, const struct address *addresses, size_t n, const char *problem,
                        void *userdata) {
        struct server *server = userdata;
        bool moved = true;

        server->query = NULL;
        if (error < 0) {
                agent_server_resolved(server->agent, server, error, problem, false);
                return;
        }
        for (size_t i = 0; moved && i < n; i++)
                moved = !server_has(server, &addresses[i]);
        if (n > RESOLVER_ADDRESSES_MAX)
                n = RESOLVER_ADDRESSES_MAX;
        memcpy(server->addresses, addresses, n * sizeof(*addresses));
        server->n_addresses = n;
        server_prefer_worked(server);
        server->resolved_usec = moment_now().usec;
        server_follow(server);
        agent_server_resolved(server->agent, server, 0, NULL, moved);
        agent_server_paths(server->agent, server); /* other answers count now */
}

int server_resolve(struct server *server) {
        if (server->is_address || (server->query && !server->query_is_old))
                return 0;
        resolver_query_free(STEAL(server->query));
        server->query_is_old = false;
        return resolver_query_new(server->agent->resolver, server->host, on_resolved, server,
                                  &server->query);
}

void server_worked(struct server *server, const struct address *address) {
        server->resolved_usec = moment_now().usec;
        server->worked = *address;
        server_prefer_worked(server);
        server_follow(server);
}

size_t server_answers(const struct server *server, const struct paths *ret[2]) {
        size_t n = 0;

        for (size_t i = 0; i < 2; i++)
                if (server->watches[i].watch)
                        ret[n++] = netmon_watch_paths(server->watches[i].watch);
        return n;
}

bool server_is_pending(const struct server *server) {
        for (size_t i = 0; i < 2; i++)
                if (server->watches[i].watch && netmon_watch_is_pending(server->watches[i].watch))
                        return true;
        return false;
}

void server_seek(struct server *server) {
        const struct netmon_watch *watch = server->watches[0].watch;
        const struct paths *paths = watch ? netmon_watch_paths(watch) : NULL;

        if (!server->watches[0].is_default || !paths || !paths->known || paths->selected.usable ||
            paths->n_alternatives > 0)
                return;
        /* When it fails, the next news is the next occasion. */
        (void)server_resolve(server);
}

void server_watch_changed(struct server_watch *watch) {
        struct server *server = watch->server;

        server->query_is_old = true;
        agent_server_paths(server->agent, server);
        server_seek(server);
}
