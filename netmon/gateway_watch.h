/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Hears when the gateway of a path does not answer for its address any more, or does again. */

#include <stdbool.h>
#include <systemd/sd-event.h>

struct gateway_watch;
struct rtnl_request;
struct world;

/* One of them may have failed or come back: call gateway_watch_update(). */
typedef void (*gateway_watch_handler)(void *userdata);

/* Borrows `request`. */
int gateway_watch_new(sd_event *event, struct rtnl_request *request, gateway_watch_handler handler,
                      void *userdata, struct gateway_watch **ret);
void gateway_watch_free(struct gateway_watch *watch);

static inline void gateway_watch_freep(struct gateway_watch **watch) {
        gateway_watch_free(*watch);
}

/* After the paths have been asked for. True when a gateway failed or came back. */
bool gateway_watch_update(struct gateway_watch *watch, struct world *world);
