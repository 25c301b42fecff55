/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* libcurl's multi handle in the sd-event loop: the sockets and timers of connections in the making,
 * and the list of connections that say goodbye in the background. */

#include <curl/curl.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct connector;

int connector_new(sd_event *event, struct connector **ret);

/* Every connection that somebody owns must be gone; those in the background end here, at once. */
void connector_free(struct connector *connector);

sd_event *connector_event(struct connector *connector);

/* One connection's easy handle, with a cache of names of its own. */
struct connector_link {
        struct connector *connector;
        CURL *easy;
        CURLSH *share;
        /* When libcurl began to wait for the peer's part of the handshake; 0: it has not. It does
         * not tell the time of TCP itself when TLS fails. */
        uint64_t connected_usec;
        void (*done)(CURLcode result, void *userdata);
        void (*end)(void *userdata);
        void *userdata;
        struct connector_link *next; /* of those in the background */
        struct connector_link *prev;
};

int connector_link_new(struct connector *connector, struct connector_link **ret);
/* Leaves the socket to libcurl, which says the goodbye of TLS if it still can. NULL is allowed. */
void connector_link_free(struct connector_link *link);

/* Begins to connect as the easy handle is set up; done() is called from the loop, once. */
int connector_link_start(struct connector_link *link, void (*done)(CURLcode result, void *userdata),
                         void *userdata);
/* Drops what start() began; it can be started again. */
void connector_link_stop(struct connector_link *link);

/* Nobody owns it any more: connector_free() calls end(), which must free it. */
void connector_link_disown(struct connector_link *link, void (*end)(void *userdata),
                           void *userdata);
