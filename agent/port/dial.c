/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dial.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "cleanup.h"
#include "connect_cause.h"
#include "connect_options.h"
#include "connector.h"
#include "failure.h"
#include "moment.h"
#include "route.h"

struct dial {
        struct connector_link *link;
        struct dial_handlers handlers;
        void *userdata;

        char interface[IF_NAMESIZE]; /* empty: not bound */
        char host[URI_HOST_SIZE];    /* that is connected to */
        uint16_t port;
        bool is_address;                                /* libcurl takes it as it is */
        struct address addresses[STREAM_ADDRESSES_MAX]; /* alternating as long as there are two
                                                           families */
        size_t n_addresses;
        size_t next; /* the first one that has not been tried */

        uint64_t started_usec;
        uint64_t round_usec; /* when the present one began */
        uint64_t end_usec;
        sd_event_source *deadline; /* of the round */

        struct curl_slist *resolve;
        char error[CURL_ERROR_SIZE];
        int bind_error;
        struct cause cause;        /* why it has failed so far */
        struct stream_steps steps; /* of the round that has ended */
        int fd;
};

void dial_free(struct dial *d) {
        if (!d)
                return;
        sd_event_source_disable_unref(d->deadline);
        connector_link_free(d->link);
        curl_slist_free_all(d->resolve);
        free(d);
}

static void dial_freep(struct dial **d) {
        dial_free(*d);
}

/* One of the addresses was connected to, and it was that that failed. */
static bool was_answered(const struct dial *d) {
        return d->cause.kind == CAUSE_CERTIFICATE || d->cause.kind == CAUSE_PROTOCOL;
}

void dial_get_steps(const struct dial *d, struct stream_steps *ret) {
        *ret = d->steps;
        if (!d->link)
                return;
        if (d->link->connected_usec != 0)
                ret->connected_usec = d->link->connected_usec - d->started_usec;
        else if (was_answered(d))
                ret->connected_usec = moment_now().usec - d->started_usec;
}

/* The handler may free all, so nothing is used afterwards, nor lent. */
static void fail(struct dial *d) {
        struct cause cause = d->cause;

        (void)sd_event_source_set_enabled(d->deadline, SD_EVENT_OFF);
        dial_get_steps(d, &d->steps);
        connector_link_free(STEAL(d->link));
        d->handlers.failed(&cause, d->userdata);
}

/* That the kernel has no way to one address tells nothing when another one was answered. */
static void note(struct dial *d, const struct cause *cause) {
        if (d->cause.kind == CAUSE_NONE || cause->kind != CAUSE_NO_PATH)
                d->cause = *cause;
}

static void note_result(struct dial *d, CURLcode result) {
        struct connect_failure failure = {
                .result = result,
                .error = d->bind_error,
                .host = d->host,
                .port = d->port,
                .detail = d->error,
        };
        struct cause cause;
        long error;

        if (failure.error == 0 &&
            curl_easy_getinfo(d->link->easy, CURLINFO_OS_ERRNO, &error) == CURLE_OK)
                failure.error = (int)error;
        (void)curl_easy_getinfo(d->link->easy, CURLINFO_HTTP_CONNECTCODE, &failure.proxy_status);
        connect_cause(&failure, &cause);
        note(d, &cause);
}

static void on_done(CURLcode result, void *userdata);

/* Rounds are ours and not libcurl's: within a family 7.88 stands still after an address that fails,
 * until some timer wakes it. Each round has half of the time that is left, the last one all. */
static int start_round(struct dial *d) {
        const struct address *first = &d->addresses[d->next++];
        size_t n = 1;
        int r;

        if (d->next < d->n_addresses && first[1].family != first[0].family) {
                d->next++;
                n++;
        }
        d->round_usec = moment_now().usec;
        r = sd_event_source_set_time(d->deadline,
                                     d->next == d->n_addresses
                                             ? d->end_usec
                                             : d->round_usec + (d->end_usec - d->round_usec) / 2);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(d->deadline, SD_EVENT_ONESHOT);
        if (r < 0)
                return r;
        connector_link_stop(d->link);
        curl_slist_free_all(STEAL(d->resolve));
        if (!d->is_address) {
                d->resolve = connect_options_resolve(d->host, d->port, first, n);
                if (!d->resolve)
                        return -ENOMEM;
                (void)curl_easy_setopt(d->link->easy, CURLOPT_RESOLVE, d->resolve);
        }
        d->error[0] = '\0';
        return connector_link_start(d->link, on_done, d);
}

/* The addresses left may do better. */
static void go_on(struct dial *d) {
        if (was_answered(d) || d->next == d->n_addresses || moment_now().usec >= d->end_usec ||
            start_round(d) < 0)
                fail(d);
}

static void on_done(CURLcode result, void *userdata) {
        struct dial *d = userdata;
        curl_socket_t fd = CURL_SOCKET_BAD;

        if (result == CURLE_OK)
                result = curl_easy_getinfo(d->link->easy, CURLINFO_ACTIVESOCKET, &fd);
        if (result != CURLE_OK) {
                note_result(d, result);
                go_on(d);
                return;
        }
        d->fd = fd;
        (void)sd_event_source_set_enabled(d->deadline, SD_EVENT_OFF);
        d->handlers.connected(d->userdata);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        struct dial *d = userdata;
        struct cause cause;

        if (d->n_addresses > 0) { /* else the cause is known from the beginning */
                cause_setf(&cause, CAUSE_TIMEOUT, "connecting to %s port %u took too long", d->host,
                           d->port);
                note(d, &cause);
        }
        go_on(d);
        return 0;
}

/* Of each socket that libcurl makes. From now on every way to close it is a reset, but for the end
 * of stream_finish(). Bound here and not by libcurl, which would fall back to binding to an
 * address. */
static int on_new_socket(void *userdata, curl_socket_t fd, curlsocktype purpose) {
        static const struct linger reset = {.l_onoff = 1};
        struct dial *d = userdata;
        int r;

        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        r = route_bind(fd, d->interface);
        if (r < 0) {
                d->bind_error = -r;
                return CURL_SOCKOPT_ERROR;
        }
        return CURL_SOCKOPT_OK;
}

/* Leaves out the addresses that the kernel has no way to: on a network with one family, the other's
 * "unreachable" would hide why the server's real addresses failed. */
static size_t keep_reachable(struct dial *d, const struct address *addresses, size_t n_addresses,
                             struct address reachable[STREAM_ADDRESSES_MAX]) {
        char text[ADDRESS_TEXT_SIZE];
        size_t n = 0;

        for (size_t i = 0; i < n_addresses && n < STREAM_ADDRESSES_MAX; i++) {
                int r = route_probe(&addresses[i], d->interface);

                if (r >= 0) {
                        reachable[n++] = addresses[i];
                        continue;
                }
                address_format(&addresses[i], text);
                failure_setf(&d->cause, FAILURE_SOCKET, -r, "no way to %s%s%s: %s", text,
                             d->interface[0] != '\0' ? " by " : "", d->interface, strerror(-r));
        }
        return n;
}

/* The first of each family, in their order, then the second of each, and so on. */
static void alternate(struct dial *d, const struct address *addresses, size_t n_addresses) {
        for (size_t rank = 0; d->n_addresses < n_addresses; rank++) {
                size_t n4 = 0, n6 = 0;

                for (size_t i = 0; i < n_addresses; i++) {
                        size_t *n_before = addresses[i].family == AF_INET ? &n4 : &n6;

                        if ((*n_before)++ == rank)
                                d->addresses[d->n_addresses++] = addresses[i];
                }
        }
}

static int set_options(struct dial *d, const struct stream_config *config) {
        CURL *easy = d->link->easy;
        int r;

        r = connect_options_set(easy, config);
        if (r < 0)
                return r;
        (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, d->error);
        (void)curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_new_socket);
        (void)curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, d);
        return 0;
}

int dial_new(struct connector *connector, const struct stream_config *config,
             const struct dial_handlers *handlers, void *userdata, struct dial **ret) {
        const struct uri *host = config->proxy ? config->proxy : config->uri;
        struct address reachable[STREAM_ADDRESSES_MAX];
        CLEANUP(dial_freep) struct dial *d = NULL;
        int r;

        if (config->n_addresses == 0 ||
            (config->interface && strlen(config->interface) >= IF_NAMESIZE))
                return -EINVAL;
        d = calloc(1, sizeof(*d));
        if (!d)
                return -ENOMEM;
        d->handlers = *handlers;
        d->userdata = userdata;
        (void)strcpy(d->host, host->host);
        d->port = host->port;
        d->is_address = host->is_address;
        if (config->interface)
                (void)strcpy(d->interface, config->interface);
        alternate(d, reachable,
                  keep_reachable(d, config->addresses, d->is_address ? 1 : config->n_addresses,
                                 reachable));
        d->started_usec = moment_now().usec;
        d->end_usec = d->n_addresses > 0 ? d->started_usec + config->connect_timeout_usec : 0;
        r = sd_event_add_time(connector_event(connector), &d->deadline, CLOCK_BOOTTIME, d->end_usec,
                              USEC_PER_MSEC, on_deadline, d);
        if (r < 0)
                return r;
        if (d->n_addresses > 0) { /* else it fails in the next turn */
                r = connector_link_new(connector, &d->link);
                if (r >= 0)
                        r = set_options(d, config);
                if (r >= 0)
                        r = start_round(d);
                if (r < 0)
                        return r;
        }
        *ret = STEAL(d);
        return 0;
}

static uint64_t get_usec(const struct dial *d, CURLINFO info) {
        curl_off_t usec = 0;

        (void)curl_easy_getinfo(d->link->easy, info, &usec);
        return usec > 0 ? d->round_usec - d->started_usec + (uint64_t)usec : 0;
}

void dial_take(struct dial *d, struct connector_link **ret_link, int *ret_fd,
               struct stream_steps *ret_steps) {
        CURL *easy = d->link->easy;

        ret_steps->connected_usec = get_usec(d, CURLINFO_CONNECT_TIME_T);
        ret_steps->secured_usec = get_usec(d, CURLINFO_APPCONNECT_TIME_T);
        if (ret_steps->secured_usec == 0)
                ret_steps->secured_usec = ret_steps->connected_usec;
        /* What points into the dial, and what is not needed any more. */
        (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
        (void)curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, NULL);
        (void)curl_easy_setopt(easy, CURLOPT_RESOLVE, NULL);
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, NULL);
        *ret_fd = d->fd;
        *ret_link = STEAL(d->link);
}
