/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resolver.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "cleanup.h"
#include "moment.h"

#define THREADS_MAX 8
#define LOOKUPS_PER_HOST_MAX 2
#define THREAD_STACK_BYTES (256 * 1024)  /* address space; getaddrinfo() touches some 30 KiB */
#define FRESH_USEC (100 * USEC_PER_MSEC) /* a lookup this young is joined */

enum lookup_state {
        LOOKUP_QUEUED,
        LOOKUP_RUNNING, /* in a thread's hands: it alone touches the result */
        LOOKUP_DONE,
};

/* One getaddrinfo(). `next` and `state` are read and written under the pool's lock; the queries
 * are the loop's. */
struct lookup {
        struct lookup *next;
        enum lookup_state state;
        uint64_t started_usec;
        struct resolver_query *queries;
        char host[RESOLVER_HOST_SIZE];
        struct address addresses[RESOLVER_ADDRESSES_MAX];
        size_t n_addresses;
        int error; /* of getaddrinfo(3) */
        char problem[128 + RESOLVER_HOST_SIZE];
};

struct resolver_query {
        struct resolver_query *next;
        struct resolver *resolver;
        struct lookup *lookup;
        resolver_done done;
        void *userdata;
};

/* What the threads see. It outlives the resolver while a lookup hangs. */
struct pool {
        pthread_mutex_t lock;
        unsigned n_threads;
        int wake_fd;            /* -1: the resolver is gone, nobody wants an answer */
        struct lookup *lookups; /* oldest first */
};

struct resolver {
        struct pool *pool;
        sd_event_source *wake;
};

static void pool_free(struct pool *pool) {
        while (pool->lookups) {
                struct lookup *lookup = pool->lookups;

                pool->lookups = lookup->next;
                free(lookup);
        }
        (void)pthread_mutex_destroy(&pool->lock);
        free(pool);
}

static void pool_unlink(struct pool *pool, const struct lookup *lookup) {
        struct lookup **link = &pool->lookups;

        while (*link != lookup)
                link = &(*link)->next;
        *link = lookup->next;
}

static void pool_append(struct pool *pool, struct lookup *lookup) {
        struct lookup **link = &pool->lookups;

        while (*link)
                link = &(*link)->next;
        *link = lookup;
}

/* The first in line whose host has not too many running already. */
static struct lookup *pool_next(const struct pool *pool) {
        for (struct lookup *lookup = pool->lookups; lookup; lookup = lookup->next) {
                unsigned n = 0;

                if (lookup->state != LOOKUP_QUEUED)
                        continue;
                for (const struct lookup *l = pool->lookups; l; l = l->next)
                        n += l->state == LOOKUP_RUNNING && strcmp(l->host, lookup->host) == 0;
                if (n < LOOKUPS_PER_HOST_MAX)
                        return lookup;
        }
        return NULL;
}

static void take_answer(struct lookup *lookup, const struct addrinfo *answer) {
        for (; answer && lookup->n_addresses < RESOLVER_ADDRESSES_MAX; answer = answer->ai_next) {
                struct address *address = &lookup->addresses[lookup->n_addresses];

                if (answer->ai_family == AF_INET)
                        address->in4 = ((struct sockaddr_in *)answer->ai_addr)->sin_addr;
                else if (answer->ai_family == AF_INET6)
                        address->in6 = ((struct sockaddr_in6 *)answer->ai_addr)->sin6_addr;
                else
                        continue;
                address->family = answer->ai_family;
                lookup->n_addresses++;
        }
}

/* No AI_ADDRCONFIG: it leaves out a family of which no address is configured yet, but answers are
 * kept and used on networks that come up later. The order is by what the routes allow now. */
static void look_up(struct lookup *lookup) {
        static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
        struct addrinfo *answer;
        int error;

        error = getaddrinfo(lookup->host, NULL, &hints, &answer);
        if (error == 0) {
                take_answer(lookup, answer);
                freeaddrinfo(answer);
                error = EAI_NONAME; /* when there was none of ours in it */
        }
        lookup->error = lookup->n_addresses > 0 ? 0 : error;
        if (lookup->n_addresses == 0)
                (void)snprintf(lookup->problem, sizeof(lookup->problem),
                               "the name %s has no address: %s", lookup->host, gai_strerror(error));
}

/* Threads end as soon as there is nothing to do: starting one costs nothing beside a lookup, and
 * none wakes up for nothing. */
static void *run_thread(void *userdata) {
        struct pool *pool = userdata;
        struct lookup *lookup;
        bool last;

        (void)pthread_mutex_lock(&pool->lock);
        while ((lookup = pool_next(pool))) {
                lookup->state = LOOKUP_RUNNING;
                lookup->started_usec = moment_now().usec;
                (void)pthread_mutex_unlock(&pool->lock);
                look_up(lookup);
                (void)pthread_mutex_lock(&pool->lock);
                lookup->state = LOOKUP_DONE;
                if (pool->wake_fd >= 0)
                        (void)eventfd_write(pool->wake_fd, 1);
        }
        pool->n_threads--;
        last = pool->wake_fd < 0 && pool->n_threads == 0;
        (void)pthread_mutex_unlock(&pool->lock);
        if (last)
                pool_free(pool);
        return NULL;
}

/* Under the lock. */
static int start_thread(struct pool *pool) {
        sigset_t all, before;
        pthread_attr_t attributes;
        pthread_t thread;
        int r;

        (void)sigfillset(&all);
        (void)pthread_attr_init(&attributes);
        (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        (void)pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the loop's */
        r = pthread_create(&thread, &attributes, run_thread, pool);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        (void)pthread_attr_destroy(&attributes);
        if (r == 0)
                pool->n_threads++;
        return -r;
}

static struct lookup *take_done(struct pool *pool) {
        struct lookup *lookup;

        (void)pthread_mutex_lock(&pool->lock);
        for (lookup = pool->lookups; lookup; lookup = lookup->next)
                if (lookup->state == LOOKUP_DONE) {
                        pool_unlink(pool, lookup);
                        break;
                }
        (void)pthread_mutex_unlock(&pool->lock);
        return lookup;
}

static int on_wake(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct resolver *resolver = userdata;
        struct lookup *lookup;
        eventfd_t value;

        (void)eventfd_read(fd, &value);
        while ((lookup = take_done(resolver->pool))) {
                /* A handler may free other queries of this lookup: each time the first one. */
                while (lookup->queries) {
                        struct resolver_query query = *lookup->queries;

                        free(lookup->queries);
                        lookup->queries = query.next;
                        query.done(lookup->error, lookup->addresses, lookup->n_addresses,
                                   lookup->problem, query.userdata);
                }
                free(lookup);
        }
        return 0;
}

int resolver_new(sd_event *event, struct resolver **ret) {
        CLEANUP(freep) struct resolver *resolver = calloc(1, sizeof(*resolver));
        CLEANUP(freep) struct pool *pool = calloc(1, sizeof(*pool));
        CLEANUP(close_fdp) int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        int r;

        if (!resolver || !pool)
                return -ENOMEM;
        if (fd < 0)
                return -errno;
        r = sd_event_add_io(event, &resolver->wake, fd, EPOLLIN, on_wake, resolver);
        if (r < 0)
                return r;
        (void)pthread_mutex_init(&pool->lock, NULL);
        pool->wake_fd = steal_fd(&fd);
        resolver->pool = STEAL(pool);
        *ret = STEAL(resolver);
        return 0;
}

void resolver_free(struct resolver *resolver) {
        struct pool *pool;
        bool last;

        if (!resolver)
                return;
        pool = resolver->pool;
        sd_event_source_disable_unref(resolver->wake);
        (void)pthread_mutex_lock(&pool->lock);
        (void)close(pool->wake_fd);
        pool->wake_fd = -1;
        for (struct lookup *lookup = pool->lookups, *next; lookup; lookup = next) {
                next = lookup->next;
                while (lookup->queries) {
                        struct resolver_query *query = lookup->queries;

                        lookup->queries = query->next;
                        free(query);
                }
                if (lookup->state == LOOKUP_QUEUED) {
                        pool_unlink(pool, lookup);
                        free(lookup);
                }
        }
        last = pool->n_threads == 0;
        (void)pthread_mutex_unlock(&pool->lock);
        if (last)
                pool_free(pool);
        free(resolver);
}

/* Under the lock. An abandoned lookup is never fresh: it may have been abandoned because the
 * network changed. */
static struct lookup *find_fresh(const struct pool *pool, const char *host) {
        uint64_t now = moment_now().usec;

        for (struct lookup *lookup = pool->lookups; lookup; lookup = lookup->next)
                if (strcmp(lookup->host, host) == 0 && lookup->queries &&
                    (lookup->state == LOOKUP_QUEUED || lookup->started_usec + FRESH_USEC > now))
                        return lookup;
        return NULL;
}

/* Under the lock: a lookup to wait for, found or begun. */
static int get_lookup(struct pool *pool, const char *host, struct lookup **ret) {
        struct lookup *lookup;

        lookup = find_fresh(pool, host);
        if (lookup) {
                *ret = lookup;
                return 0;
        }
        lookup = calloc(1, sizeof(*lookup));
        if (!lookup)
                return -ENOMEM;
        (void)strcpy(lookup->host, host);
        pool_append(pool, lookup);
        if (pool->n_threads < THREADS_MAX) {
                int r = start_thread(pool);

                if (r < 0 && pool->n_threads == 0) { /* else another thread will come to it */
                        pool_unlink(pool, lookup);
                        free(lookup);
                        return r;
                }
        }
        *ret = lookup;
        return 0;
}

int resolver_query_new(struct resolver *resolver, const char *host, resolver_done done,
                       void *userdata, struct resolver_query **ret) {
        CLEANUP(freep) struct resolver_query *query = NULL;
        int r;

        if (host[0] == '\0' || strlen(host) >= RESOLVER_HOST_SIZE)
                return -EINVAL;
        query = calloc(1, sizeof(*query));
        if (!query)
                return -ENOMEM;
        (void)pthread_mutex_lock(&resolver->pool->lock);
        r = get_lookup(resolver->pool, host, &query->lookup);
        (void)pthread_mutex_unlock(&resolver->pool->lock);
        if (r < 0)
                return r;
        query->resolver = resolver;
        query->done = done;
        query->userdata = userdata;
        query->next = query->lookup->queries;
        query->lookup->queries = query;
        *ret = STEAL(query);
        return 0;
}

void resolver_query_free(struct resolver_query *query) {
        struct pool *pool;
        struct lookup *lookup;
        struct resolver_query **link;

        if (!query)
                return;
        pool = query->resolver->pool;
        lookup = query->lookup;
        for (link = &lookup->queries; *link != query;)
                link = &(*link)->next;
        *link = query->next;
        free(query);
        if (lookup->queries)
                return;
        (void)pthread_mutex_lock(&pool->lock);
        if (lookup->state == LOOKUP_QUEUED) {
                pool_unlink(pool, lookup);
                free(lookup);
        }
        (void)pthread_mutex_unlock(&pool->lock);
}
