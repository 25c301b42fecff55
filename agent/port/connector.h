/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* libcurl's multi handle in the sd-event loop: the sockets and timers of connections in the making,
 * and the list of connections that say goodbye in the background. */

#include <curl/curl.h>
#include <systemd/sd-event.h>

struct connector;
struct connector_link;

int connector_new(sd_event *event, struct connector **ret);

/* Every stream that somebody owns must be gone; those in the background end here, at once. */
void connector_free(struct connector *connector);

sd_event *connector_event(struct connector *connector);

/* One easy handle in the multi handle; embedded in its owner. */
struct connector_link {
        CURL *easy;
        void (*done)(struct connector_link *link, CURLcode result); /* connected, or failed */
        void (*end)(struct connector_link *link); /* connector_free() found it in the background */
        struct connector_link *next;              /* of those in the background */
        struct connector_link *prev;
};

/* Starts it; done() is called from the loop, once. */
int connector_add(struct connector *connector, struct connector_link *link);
void connector_remove(struct connector *connector, struct connector_link *link);

/* Nobody owns it any more: connector_free() will call end() unless it is removed before. */
void connector_disown(struct connector *connector, struct connector_link *link);
