/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cleanup.h"
#include "store_batch.h"
#include "store_channel.h"
#include "store_request.h"

/* Of one transaction: enough to share the wait for the disk among many, little enough to fit into
 * the log and to keep nobody waiting. */
#define BATCH_MAX_REQUESTS 4096
#define BATCH_MAX_BYTES (UINT64_C(1) << 20)

struct request_list {
        struct store_request *first;
        struct store_request **end; /* where the next one goes */
};

struct store {
        struct store_batch batch; /* the thread's, while it has requests */
        pthread_t thread;
        bool has_thread;
        int done_fd;

        pthread_mutex_t mutex; /* over the next three */
        pthread_cond_t submitted_or_ending;
        struct request_list submitted;
        struct request_list done;
        bool ending;

        /* The submitter's. */
        struct request_list taken; /* from `done`, not yet given to the caller */
        size_t pending_bytes;
};

static void list_init(struct request_list *list) {
        list->first = NULL;
        list->end = &list->first;
}

static void list_push(struct request_list *list, struct store_request *request) {
        request->next = NULL;
        *list->end = request;
        list->end = &request->next;
}

static struct store_request *list_pop(struct request_list *list) {
        struct store_request *request = list->first;

        if (!request)
                return NULL;
        list->first = request->next;
        if (!list->first)
                list->end = &list->first;
        request->next = NULL;
        return request;
}

/* The whole of `from` goes behind `to`. */
static void list_append(struct request_list *to, struct request_list *from) {
        if (!from->first)
                return;
        *to->end = from->first;
        to->end = from->end;
        list_init(from);
}

/* Waits for requests, and takes as many as fit into one transaction; none when the store ends. */
static void take_batch(struct store *store, struct request_list *batch) {
        size_t n = 0, bytes = 0;

        list_init(batch);
        (void)pthread_mutex_lock(&store->mutex);
        while (!store->submitted.first && !store->ending)
                (void)pthread_cond_wait(&store->submitted_or_ending, &store->mutex);
        while (store->submitted.first && n < BATCH_MAX_REQUESTS && bytes < BATCH_MAX_BYTES) {
                struct store_request *request = list_pop(&store->submitted);

                n++;
                bytes += request->submitted_bytes;
                list_push(batch, request);
        }
        (void)pthread_mutex_unlock(&store->mutex);
}

static void give_back(struct store *store, struct request_list *batch) {
        uint64_t one = 1;

        /* Under the lock, so that store_take_done() clears it only when nothing is there. */
        (void)pthread_mutex_lock(&store->mutex);
        list_append(&store->done, batch);
        (void)!write(store->done_fd, &one, sizeof(one));
        (void)pthread_mutex_unlock(&store->mutex);
}

static void *store_thread(void *userdata) {
        struct store *store = userdata;

        for (;;) {
                struct request_list batch;
                uint64_t now;

                take_batch(store, &batch);
                if (!batch.first)
                        return NULL;
                now = batch.first->now_realtime_usec;
                store_batch_perform(&store->batch, batch.first);
                give_back(store, &batch);
                store_batch_rest(&store->batch, now);
        }
}

/* Signals are the loop's business. */
static int start_thread(struct store *store) {
        sigset_t all, before;
        int error;

        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_BLOCK, &all, &before);
        error = pthread_create(&store->thread, NULL, store_thread, store);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        store->has_thread = error == 0;
        return -error;
}

static void store_freep(struct store **store) {
        store_free(*store);
}

int store_open(const char *directory, uint64_t limit_bytes, struct store **ret, char *problem,
               size_t problem_size) {
        CLEANUP(store_freep) struct store *store = calloc(1, sizeof(*store));
        int r;

        if (!store) {
                (void)snprintf(problem, problem_size, "%s: %s", directory, strerror(ENOMEM));
                return -ENOMEM;
        }
        (void)pthread_mutex_init(&store->mutex, NULL);
        (void)pthread_cond_init(&store->submitted_or_ending, NULL);
        list_init(&store->submitted);
        list_init(&store->done);
        list_init(&store->taken);
        store->done_fd = -1;
        r = store_batch_open(&store->batch, directory, limit_bytes, problem, problem_size);
        if (r < 0)
                return r;
        store->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        r = store->done_fd < 0 ? -errno : start_thread(store);
        if (r < 0) {
                (void)snprintf(problem, problem_size, "%s: cannot start the storage thread: %s",
                               directory, strerror(-r));
                return r;
        }
        *ret = STEAL(store);
        return 0;
}

void store_free(struct store *store) {
        struct store_request *request;

        if (!store)
                return;
        if (store->has_thread) {
                (void)pthread_mutex_lock(&store->mutex);
                store->ending = true;
                (void)pthread_cond_signal(&store->submitted_or_ending);
                (void)pthread_mutex_unlock(&store->mutex);
                (void)pthread_join(store->thread, NULL);
        }
        list_append(&store->taken, &store->done);
        while ((request = list_pop(&store->taken)))
                store_request_free(request);
        store_batch_close(&store->batch);
        (void)pthread_cond_destroy(&store->submitted_or_ending);
        (void)pthread_mutex_destroy(&store->mutex);
        close_fdp(&store->done_fd);
        free(store);
}

int store_load_channels(struct store *store, struct store_channel ***ret, size_t *ret_n) {
        /* The thread does not touch the database before the first request. */
        return store_channel_load(&store->batch.db, &store->batch.tallies, ret, ret_n);
}

void store_submit(struct store *store, struct store_request *request) {
        request->submitted_bytes = store_request_payload_bytes(request);
        store->pending_bytes += request->submitted_bytes;
        (void)pthread_mutex_lock(&store->mutex);
        list_push(&store->submitted, request);
        (void)pthread_cond_signal(&store->submitted_or_ending);
        (void)pthread_mutex_unlock(&store->mutex);
}

int store_fd(const struct store *store) {
        return store->done_fd;
}

struct store_request *store_take_done(struct store *store) {
        struct store_request *request;
        uint64_t n;

        if (!store->taken.first) {
                (void)pthread_mutex_lock(&store->mutex);
                list_append(&store->taken, &store->done);
                if (!store->taken.first)
                        (void)!read(store->done_fd, &n, sizeof(n));
                (void)pthread_mutex_unlock(&store->mutex);
        }
        request = list_pop(&store->taken);
        if (request)
                store->pending_bytes -= request->submitted_bytes;
        return request;
}

size_t store_pending_bytes(const struct store *store) {
        return store->pending_bytes;
}
