/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a kernel said while things happened to its network: the announcements, and at each moment
 * the answers that it would have given. tests/captures/README.md says how they are made, and what a
 * line of such a file holds. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture_bytes {
        uint8_t *data;
        size_t len;
};

enum capture_source {
        CAPTURE_ROUTE, /* links, addresses, routes, rules, settings: all that is multicast but ...
                        */
        CAPTURE_NEIGHBOUR,
        CAPTURE_WIFI,   /* of nl80211 */
        CAPTURE_SWITCH, /* of a radio */
        CAPTURE_SOURCE_COUNT,
};

struct capture_event {
        enum capture_source source;
        struct capture_bytes datagram;
};

/* Messages have neither sequence number nor port; a request has no sequence number. */
struct capture_answer {
        struct capture_bytes request;
        int error;        /* 0, or a negative errno */
        bool is_dump;     /* ended by NLMSG_DONE */
        bool is_asked;    /* a replay has come to it */
        size_t *messages; /* places in capture.messages */
        size_t n_messages;
};

struct capture_moment {
        uint64_t usec;
        uint64_t slept_usec; /* just before it */
        char *label;
        struct capture_event *events;
        size_t n_events;
        struct capture_answer *answers; /* other ones than at the moment before */
        size_t n_answers;
};

struct capture {
        struct capture_bytes *messages; /* each once */
        size_t n_messages;
        struct capture_moment *moments;
        size_t n_moments;
};

/* Dies when the file is no capture. */
void capture_read(const char *path, struct capture *ret);
void capture_write(const struct capture *capture, const char *path);
void capture_deinit(struct capture *capture);

struct capture_moment *capture_add_moment(struct capture *capture, uint64_t usec,
                                          const char *label);
void capture_add_event(struct capture_moment *moment, enum capture_source source, const void *data,
                       size_t len);
/* The place of a message that is the same, added if there is none. */
size_t capture_add_message(struct capture *capture, const void *data, size_t len);

/* What is answered to a request at a moment; NULL when that is not known. */
struct capture_answer *capture_find(const struct capture *capture, size_t moment,
                                    const void *request, size_t len);
/* Puts an answer into the last moment, in place of another to the same request, unless it is that
 * of the moment before. Takes over what it points to. */
void capture_add_answer(struct capture *capture, struct capture_answer *answer);
void capture_answer_deinit(struct capture_answer *answer);

/* Drops the answers to requests that no replay has made, and the messages of nobody. */
void capture_prune(struct capture *capture);
