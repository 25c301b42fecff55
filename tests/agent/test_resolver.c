/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resolver.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "moment.h"
#include "netns.h"

/* This program's getaddrinfo() stands in front of the C library's. Names: "hang..." does not answer
 * before release(); "none..." has no address; "real..." asks the C library; others have two. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned n_calls, n_running, n_hanging;
static bool released;

static struct addrinfo *make_answer(const char *address, struct addrinfo *next) {
        struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
        int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
                dlsym(RTLD_NEXT, "getaddrinfo");
        struct addrinfo *answer;

        cr_assert(eq(int, real(address, NULL, &hints, &answer), 0));
        answer->ai_next = next;
        return answer;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **answer) {
        int error = 0;

        (void)pthread_mutex_lock(&lock);
        n_calls++;
        n_running++;
        if (strncmp(name, "hang", 4) == 0) {
                n_hanging++;
                (void)pthread_cond_broadcast(&changed);
                while (!released)
                        (void)pthread_cond_wait(&changed, &lock);
                n_hanging--;
        }
        (void)pthread_mutex_unlock(&lock);
        if (strncmp(name, "real", 4) == 0) {
                int (*real)(const char *, const char *, const struct addrinfo *,
                            struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");

                error = real(name, service, hints, answer);
        } else if (strncmp(name, "none", 4) == 0) {
                error = EAI_NONAME;
        } else {
                *answer = make_answer("192.0.2.1", make_answer("2001:db8::1", NULL));
        }
        (void)pthread_mutex_lock(&lock);
        n_running--;
        (void)pthread_cond_broadcast(&changed);
        (void)pthread_mutex_unlock(&lock);
        return error;
}

static void wait_hanging(unsigned n) {
        (void)pthread_mutex_lock(&lock);
        while (n_hanging < n)
                (void)pthread_cond_wait(&changed, &lock);
        (void)pthread_mutex_unlock(&lock);
}

static void release(void) {
        (void)pthread_mutex_lock(&lock);
        released = true;
        (void)pthread_cond_broadcast(&changed);
        (void)pthread_mutex_unlock(&lock);
}

static sd_event *event;
static struct resolver *resolver;

static void setup(void) {
        cr_assert(sd_event_new(&event) >= 0);
        cr_assert(eq(int, resolver_new(event, &resolver), 0));
}

static void teardown(void) {
        release();
        resolver_free(resolver);
        sd_event_unref(event);
}

TestSuite(resolver, .init = setup, .fini = teardown, .timeout = 30);

struct answer {
        unsigned n_calls;
        int error;
        char text[2][ADDRESS_TEXT_SIZE];
        size_t n;
        char problem[256];
        struct resolver_query *query;
        struct answer *to_free; /* inside the handler */
        struct answer *to_ask;
};

static void ask(const char *host, struct answer *answer);

static void on_done(int error, const struct address *addresses, size_t n, const char *problem,
                    void *userdata) {
        struct answer *answer = userdata;

        answer->n_calls++;
        answer->error = error;
        answer->n = n;
        for (size_t i = 0; i < n && i < 2; i++)
                address_format(&addresses[i], answer->text[i]);
        (void)strncpy(answer->problem, problem, sizeof(answer->problem) - 1);
        if (answer->to_free) {
                resolver_query_free(answer->to_free->query);
                answer->to_free->query = NULL;
        }
        if (answer->to_ask)
                ask("other", answer->to_ask);
}

static void ask(const char *host, struct answer *answer) {
        cr_assert(eq(int, resolver_query_new(resolver, host, on_done, answer, &answer->query), 0));
        cr_assert(eq(uint, answer->n_calls, 0), "answered from inside the call");
}

static void run_until(const struct answer *answer) {
        while (answer->n_calls == 0)
                cr_assert(sd_event_run(event, UINT64_MAX) >= 0);
}

Test(resolver, addresses_in_order) {
        struct answer answer = {};

        ask("example", &answer);
        run_until(&answer);
        cr_assert(eq(int, answer.error, 0));
        cr_assert(eq(sz, answer.n, 2));
        cr_assert(eq(str, answer.text[0], (char *)"192.0.2.1"));
        cr_assert(eq(str, answer.text[1], (char *)"2001:db8::1"));
}

Test(resolver, no_address) {
        struct answer answer = {};

        ask("none.example", &answer);
        run_until(&answer);
        cr_assert(eq(int, answer.error, EAI_NONAME));
        cr_assert(eq(sz, answer.n, 0));
        cr_assert(strstr(answer.problem, "none.example") != NULL, "%s", answer.problem);
}

Test(resolver, bad_names) {
        struct resolver_query *query;
        char host[RESOLVER_HOST_SIZE + 1] = "";

        cr_assert(eq(int, resolver_query_new(resolver, host, on_done, NULL, &query), -EINVAL));
        (void)memset(host, 'x', RESOLVER_HOST_SIZE);
        cr_assert(eq(int, resolver_query_new(resolver, host, on_done, NULL, &query), -EINVAL));
}

Test(resolver, merged) {
        struct answer answers[20] = {};

        for (size_t i = 0; i < 20; i++)
                ask("hang", &answers[i]);
        wait_hanging(1);
        release();
        for (size_t i = 0; i < 20; i++)
                run_until(&answers[i]);
        cr_assert(eq(uint, n_calls, 1));
}

/* The first lookup hangs and is given up: a second goes beside it, a third waits in line. */
Test(resolver, two_of_a_host) {
        struct answer answers[4] = {};

        for (unsigned i = 0; i < 2; i++) {
                ask("hang", &answers[i]);
                wait_hanging(i + 1);
                resolver_query_free(answers[i].query);
        }
        ask("hang", &answers[2]);
        ask("fine", &answers[3]); /* and blocks nobody else */
        run_until(&answers[3]);
        cr_assert(eq(uint, n_hanging, 2));
        cr_assert(eq(uint, n_calls, 3));
        release();
        run_until(&answers[2]);
        cr_assert(eq(int, answers[2].error, 0));
        cr_assert(eq(uint, answers[0].n_calls + answers[1].n_calls, 0), "told although freed");
}

/* A lookup that has been running for a while is not joined. */
Test(resolver, stale_is_not_joined) {
        struct answer answers[2] = {};

        ask("hang", &answers[0]);
        wait_hanging(1);
        cr_assert(sd_event_run(event, 120 * USEC_PER_MSEC) >= 0);
        ask("hang", &answers[1]);
        wait_hanging(2);
        release();
        run_until(&answers[0]);
        run_until(&answers[1]);
}

Test(resolver, eight_in_all) {
        struct answer answers[12] = {};
        char host[12][16];

        for (unsigned i = 0; i < 12; i++) {
                (void)snprintf(host[i], sizeof(host[i]), "hang%u", i);
                ask(host[i], &answers[i]);
        }
        wait_hanging(8);
        cr_assert(sd_event_run(event, 50 * USEC_PER_MSEC) >= 0); /* a ninth would come now */
        cr_assert(eq(uint, n_calls, 8));
        resolver_query_free(answers[11].query); /* in line: never looked up */
        release();
        for (unsigned i = 0; i < 11; i++)
                run_until(&answers[i]);
        cr_assert(eq(uint, n_calls, 11));
        cr_assert(eq(uint, answers[11].n_calls, 0));
}

Test(resolver, handler_frees_and_asks) {
        struct answer answers[3] = {}, other = {};

        for (size_t i = 0; i < 3; i++)
                ask("hang", &answers[i]);
        answers[0].to_free = answers[2].to_free = &answers[1]; /* whichever is told first */
        answers[2].to_ask = &other;
        wait_hanging(1);
        release();
        run_until(&answers[0]);
        run_until(&other);
        cr_assert(eq(uint, answers[1].n_calls, 0));
}

Test(resolver, free_does_not_wait) {
        struct answer answers[10] = {};
        uint64_t before;

        for (size_t i = 0; i < 10; i++) {
                char host[16];

                (void)snprintf(host, sizeof(host), "hang%zu", i);
                ask(host, &answers[i]);
        }
        wait_hanging(8);
        before = moment_now().usec;
        resolver_free(resolver);
        resolver = NULL;
        cr_assert(moment_now().usec - before < 100 * USEC_PER_MSEC);
        release();
        /* The threads end by themselves, and what they share goes with the last (leak check). */
        (void)pthread_mutex_lock(&lock);
        while (n_running > 0)
                (void)pthread_cond_wait(&changed, &lock);
        (void)pthread_mutex_unlock(&lock);
        cr_assert(eq(uint, n_calls, 8));
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata) {
        static uint64_t last;
        uint64_t *worst = userdata, now = moment_now().usec;

        if (last > 0 && now - last > *worst)
                *worst = now - last;
        last = now;
        (void)sd_event_source_set_time(source, now + 5 * USEC_PER_MSEC);
        (void)sd_event_source_set_enabled(source, SD_EVENT_ON);
        return 0;
}

/* The C library's resolver with a name server that never answers: the loop goes on meanwhile, and
 * the query can be dropped. */
Test(resolver, silent_name_server) {
        struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(53)};
        char byte;
        struct answer answer = {};
        uint64_t worst = 0, until;
        int fd;

        netns_enter();
        netns_replace_file("/etc/resolv.conf",
                           "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        cr_assert(bind(fd, (struct sockaddr *)&server, sizeof(server)) == 0);

        cr_assert(sd_event_add_time(event, NULL, CLOCK_BOOTTIME, moment_now().usec, 1, on_tick,
                                    &worst) >= 0);
        ask("real.example", &answer);
        until = moment_now().usec + 300 * USEC_PER_MSEC;
        while (moment_now().usec < until)
                cr_assert(sd_event_run(event, 5 * USEC_PER_MSEC) >= 0);
        cr_assert(recv(fd, &byte, 1, MSG_DONTWAIT) > 0, "the name server was not asked");
        cr_assert(eq(uint, answer.n_calls, 0));
        cr_assert(worst < 100 * USEC_PER_MSEC, "the loop stood still for %lu us", worst);
        run_until(&answer);
        cr_assert(eq(int, answer.error, EAI_AGAIN));
        (void)close(fd);
}
