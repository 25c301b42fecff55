/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream.h"

#include <curl/curl.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "cleanup.h"
#include "connector.h"
#include "dial.h"
#include "failure.h"
#include "moment.h"

#define FINISH_USEC USEC_PER_SEC
#define DISCARD_MAX_BYTES (64 * 1024) /* in a turn of the loop */

struct stream {
        sd_event *event; /* borrows the connector's */
        struct stream_handlers handlers;
        void *userdata;
        struct dial *dial;           /* until it is connected or has failed */
        struct connector_link *link; /* from then on */
        int fd;                      /* the link's; -1 before */
        struct stream_steps steps;

        sd_event_source *io;
        sd_event_source *turn;
        bool want_read;
        bool want_write;
        bool poked;
        bool unread; /* the last read did not come to an end: TLS may hold what epoll cannot see */

        sd_event_source *finish; /* set: nobody's any more */
};

static void stream_destroy(struct stream *s) {
        if (!s)
                return;
        sd_event_source_disable_unref(s->io);
        sd_event_source_disable_unref(s->turn);
        sd_event_source_disable_unref(s->finish);
        dial_free(s->dial);
        connector_link_free(s->link);
        free(s);
}

static void stream_destroyp(struct stream **s) {
        stream_destroy(*s);
}

void stream_free(struct stream *s) {
        static const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

        /* Resets the connection and drops what is unsent; the TLS goodbye finds none any more. */
        if (s && s->fd >= 0)
                (void)connect(s->fd, &nowhere, sizeof(nowhere));
        stream_destroy(s);
}

/* The deferred source runs in the next turn when there is something to do that epoll will not
 * tell. */
static void arm_turn(struct stream *s) {
        bool wanted = s->poked || (s->want_read && s->unread);

        (void)sd_event_source_set_enabled(s->turn, wanted ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

void stream_poke(struct stream *s) {
        if (s->poked)
                return;
        s->poked = true;
        arm_turn(s);
}

void stream_set_wants(struct stream *s, bool read, bool write) {
        if (s->want_read == read && s->want_write == write)
                return;
        s->want_read = read;
        s->want_write = write;
        arm_turn(s);
        (void)sd_event_source_set_io_events(s->io, (read ? EPOLLIN : 0) | (write ? EPOLLOUT : 0));
        /* With no event wanted epoll would still report errors, again and again. */
        (void)sd_event_source_set_enabled(s->io, read || write ? SD_EVENT_ON : SD_EVENT_OFF);
}

/* libcurl's result as an errno: the kernel's, or EPROTO when it was TLS that failed. */
static int failed(const struct stream *s, CURLcode result) {
        long error = 0;

        if (result == CURLE_AGAIN)
                return -EAGAIN;
        (void)curl_easy_getinfo(s->link->easy, CURLINFO_OS_ERRNO, &error);
        return error > 0 ? (int)-error : -EPROTO;
}

ssize_t stream_recv(struct stream *s, void *buffer, size_t size) {
        CURLcode result;
        bool unread;
        size_t n;

        result = curl_easy_recv(s->link->easy, buffer, size, &n);
        unread = result == CURLE_OK && n > 0;
        if (s->unread != unread) {
                s->unread = unread;
                arm_turn(s);
        }
        return result == CURLE_OK ? (ssize_t)n : failed(s, result);
}

ssize_t stream_send(struct stream *s, const void *data, size_t len) {
        CURLcode result;
        size_t n;

        result = curl_easy_send(s->link->easy, data, len, &n);
        return result == CURLE_OK ? (ssize_t)n : failed(s, result);
}

/* Drops what still comes; true at the end of the stream. */
static bool discard(struct stream *s) {
        char buffer[4096];

        for (size_t total = 0; total < DISCARD_MAX_BYTES; total += sizeof(buffer)) {
                ssize_t n = stream_recv(s, buffer, sizeof(buffer));

                if (n == -EAGAIN)
                        return false;
                if (n <= 0)
                        return true;
        }
        return false;
}

static void finish_if_ended(struct stream *s) {
        static const struct linger in_order = {};

        if (!discard(s))
                return;
        (void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &in_order, sizeof(in_order));
        stream_destroy(s);
}

static void on_ready(struct stream *s) {
        if (s->finish)
                finish_if_ended(s);
        else
                s->handlers.ready(s->userdata);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        on_ready(userdata);
        return 0;
}

static int on_turn(sd_event_source *source, void *userdata) {
        struct stream *s = userdata;

        s->poked = false;
        arm_turn(s);
        on_ready(s);
        return 0;
}

static void on_finish(void *userdata) {
        stream_free(userdata);
}

static int on_finish_time(sd_event_source *source, uint64_t usec, void *userdata) {
        on_finish(userdata);
        return 0;
}

void stream_finish(struct stream *s) {
        if (sd_event_add_time(s->event, &s->finish, CLOCK_BOOTTIME, moment_now().usec + FINISH_USEC,
                              USEC_PER_MSEC, on_finish_time, s) < 0) {
                stream_free(s);
                return;
        }
        connector_link_disown(s->link, on_finish, s);
        stream_set_wants(s, true, false);
        stream_poke(s);
}

static void on_failed(const struct cause *cause, void *userdata) {
        struct stream *s = userdata;

        dial_get_steps(s->dial, &s->steps);
        dial_free(STEAL(s->dial));
        s->handlers.failed(cause, s->userdata);
}

static void on_connected(void *userdata) {
        struct stream *s = userdata;

        dial_take(s->dial, &s->link, &s->fd, &s->steps);
        dial_free(STEAL(s->dial));
        if (sd_event_add_io(s->event, &s->io, s->fd, 0, on_io, s) < 0) {
                struct cause cause;

                cause_setf(&cause, CAUSE_LOST, "out of memory");
                s->handlers.failed(&cause, s->userdata);
                return;
        }
        (void)sd_event_source_set_enabled(s->io, SD_EVENT_OFF);
        s->handlers.connected(s->userdata);
}

int stream_new(struct connector *connector, const struct stream_config *config,
               const struct stream_handlers *handlers, void *userdata, struct stream **ret) {
        static const struct dial_handlers dial_handlers = {on_connected, on_failed};
        CLEANUP(stream_destroyp) struct stream *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->event = connector_event(connector);
        s->handlers = *handlers;
        s->userdata = userdata;
        s->fd = -1;
        r = sd_event_add_defer(s->event, &s->turn, on_turn, s);
        if (r < 0)
                return r;
        arm_turn(s);
        r = dial_new(connector, config, &dial_handlers, s, &s->dial);
        if (r < 0)
                return r;
        *ret = STEAL(s);
        return 0;
}

void stream_describe(int error, struct cause *ret) {
        switch (-error) {
        case ECONNRESET:
        case EPIPE:
                failure_setf(ret, FAILURE_SOCKET, -error, "the server reset the connection");
                return;
        case EPROTO:
                failure_setf(ret, FAILURE_TLS, FAILURE_TLS_BROKEN,
                             "the server broke the TLS session");
                return;
        default:
                cause_setf(ret, CAUSE_LOST, "the connection broke: %s", strerror(-error));
                return;
        }
}

int stream_endpoints(const struct stream *s, struct address *ret_source, struct address *ret_peer) {
        struct sockaddr_storage source, peer;
        socklen_t source_len = sizeof(source), peer_len = sizeof(peer);

        if (s->fd < 0)
                return -ENOTCONN;
        if (getsockname(s->fd, (struct sockaddr *)&source, &source_len) < 0 ||
            getpeername(s->fd, (struct sockaddr *)&peer, &peer_len) < 0)
                return -errno;
        address_from_sockaddr(&source, ret_source);
        address_from_sockaddr(&peer, ret_peer);
        return 0;
}

void stream_get_steps(const struct stream *s, struct stream_steps *ret) {
        if (s->dial)
                dial_get_steps(s->dial, ret);
        else
                *ret = s->steps;
}

void stream_get_upload(const struct stream *s, struct stream_upload *ret) {
        struct tcp_info info = {};
        socklen_t size = sizeof(info);

        if (s->fd >= 0)
                (void)getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &info, &size);
        *ret = (struct stream_upload){
                .acked_bytes = info.tcpi_bytes_acked,
                .pending = info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0,
        };
}
