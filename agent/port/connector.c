/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connector.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "cleanup.h"
#include "moment.h"

struct connector {
        sd_event *event;
        CURLM *multi;
        sd_event_source *timer;
        struct connector_link *disowned;
};

/* Handlers may start and free links: libcurl's list of results bears that. */
static void tell_results(struct connector *connector) {
        CURLMsg *message;
        int n_left;

        while ((message = curl_multi_info_read(connector->multi, &n_left))) {
                struct connector_link *link;

                if (message->msg != CURLMSG_DONE)
                        continue;
                (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&link);
                link->done(message->data.result, link->userdata);
        }
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct connector *connector = userdata;
        int n_running, what = 0;

        if (revents & EPOLLIN)
                what |= CURL_CSELECT_IN;
        if (revents & EPOLLOUT)
                what |= CURL_CSELECT_OUT;
        if (revents & (EPOLLERR | EPOLLHUP))
                what |= CURL_CSELECT_ERR;
        (void)curl_multi_socket_action(connector->multi, fd, what, &n_running);
        tell_results(connector);
        return 0;
}

/* libcurl wants other events of a socket, or none any more. Without a source the attempt runs into
 * its deadline; an error returned here would end all attempts for good. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *socket_data) {
        struct connector *connector = userdata;
        sd_event_source *source = socket_data;
        struct connector_link *link;
        uint32_t events = 0;

        if (what == CURL_POLL_REMOVE) {
                sd_event_source_disable_unref(source);
                (void)curl_multi_assign(connector->multi, fd, NULL);
                return 0;
        }
        if (what & CURL_POLL_IN) {
                events |= EPOLLIN;
                (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&link);
                if (link->connected_usec == 0)
                        link->connected_usec = moment_now().usec;
        }
        if (what & CURL_POLL_OUT)
                events |= EPOLLOUT;
        if (source)
                (void)sd_event_source_set_io_events(source, events);
        else if (sd_event_add_io(connector->event, &source, fd, events, on_io, connector) >= 0)
                (void)curl_multi_assign(connector->multi, fd, source);
        return 0;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata) {
        struct connector *connector = userdata;
        int n_running;

        (void)curl_multi_socket_action(connector->multi, CURL_SOCKET_TIMEOUT, 0, &n_running);
        tell_results(connector);
        return 0;
}

/* libcurl counts from now, which sd-event's own "now" may be behind of. */
static int on_timer(CURLM *multi, long timeout_msec, void *userdata) {
        struct connector *connector = userdata;
        struct timespec now;

        if (timeout_msec < 0) {
                (void)sd_event_source_set_enabled(connector->timer, SD_EVENT_OFF);
                return 0;
        }
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        (void)sd_event_source_set_time(connector->timer,
                                       (uint64_t)now.tv_sec * USEC_PER_SEC +
                                               (uint64_t)now.tv_nsec / 1000 +
                                               (uint64_t)timeout_msec * USEC_PER_MSEC);
        (void)sd_event_source_set_enabled(connector->timer, SD_EVENT_ONESHOT);
        return 0;
}

int connector_new(sd_event *event, struct connector **ret) {
        CLEANUP(freep) struct connector *connector = calloc(1, sizeof(*connector));
        int r;

        if (!connector)
                return -ENOMEM;
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return -ENOMEM;
        connector->multi = curl_multi_init();
        if (!connector->multi) {
                curl_global_cleanup();
                return -ENOMEM;
        }
        /* To the microsecond: every attempt begins with this timer. */
        r = sd_event_add_time(event, &connector->timer, CLOCK_MONOTONIC, 0, 1, on_timeout,
                              connector);
        if (r < 0) {
                (void)curl_multi_cleanup(connector->multi);
                curl_global_cleanup();
                return r;
        }
        (void)sd_event_source_set_enabled(connector->timer, SD_EVENT_OFF);
        (void)curl_multi_setopt(connector->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
        (void)curl_multi_setopt(connector->multi, CURLMOPT_SOCKETDATA, connector);
        (void)curl_multi_setopt(connector->multi, CURLMOPT_TIMERFUNCTION, on_timer);
        (void)curl_multi_setopt(connector->multi, CURLMOPT_TIMERDATA, connector);
        connector->event = sd_event_ref(event);
        *ret = STEAL(connector);
        return 0;
}

void connector_free(struct connector *connector) {
        if (!connector)
                return;
        while (connector->disowned)
                connector->disowned->end(connector->disowned->userdata);
        (void)curl_multi_cleanup(connector->multi);
        sd_event_source_disable_unref(connector->timer);
        sd_event_unref(connector->event);
        free(connector);
        curl_global_cleanup();
}

sd_event *connector_event(struct connector *connector) {
        return connector->event;
}

/* A cache of names for this connection alone: in that of the multi handle the addresses of one
 * attempt would be there for the next, for ever. */
static CURLSH *make_share(void) {
        CURLSH *share = curl_share_init();

        if (share && curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK)
                return share;
        (void)curl_share_cleanup(share);
        return NULL;
}

static void connector_link_freep(struct connector_link **link) {
        connector_link_free(*link);
}

int connector_link_new(struct connector *connector, struct connector_link **ret) {
        CLEANUP(connector_link_freep) struct connector_link *link = calloc(1, sizeof(*link));

        if (!link)
                return -ENOMEM;
        link->connector = connector;
        link->share = make_share();
        link->easy = curl_easy_init();
        if (!link->share || !link->easy ||
            curl_easy_setopt(link->easy, CURLOPT_SHARE, link->share) != CURLE_OK ||
            curl_easy_setopt(link->easy, CURLOPT_PRIVATE, link) != CURLE_OK)
                return -ENOMEM;
        *ret = STEAL(link);
        return 0;
}

static void leave_background(struct connector_link *link) {
        if (link->next)
                link->next->prev = link->prev;
        if (link->prev)
                link->prev->next = link->next;
        else if (link->connector->disowned == link)
                link->connector->disowned = link->next;
}

void connector_link_free(struct connector_link *link) {
        if (!link)
                return;
        leave_background(link);
        connector_link_stop(link);
        curl_easy_cleanup(link->easy);
        (void)curl_share_cleanup(link->share);
        free(link);
}

int connector_link_start(struct connector_link *link, void (*done)(CURLcode result, void *userdata),
                         void *userdata) {
        link->done = done;
        link->userdata = userdata;
        link->connected_usec = 0;
        return curl_multi_add_handle(link->connector->multi, link->easy) == CURLM_OK ? 0 : -ENOMEM;
}

void connector_link_stop(struct connector_link *link) {
        (void)curl_multi_remove_handle(link->connector->multi, link->easy);
}

void connector_link_disown(struct connector_link *link, void (*end)(void *userdata),
                           void *userdata) {
        link->end = end;
        link->userdata = userdata;
        link->next = link->connector->disowned;
        if (link->next)
                link->next->prev = link;
        link->connector->disowned = link;
}
