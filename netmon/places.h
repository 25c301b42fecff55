/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which networks we are on: finds out the gateways' hardware addresses, and makes the ids. */

#include <stdbool.h>
#include <systemd/sd-event.h>

struct places;
struct rtnl_request;
struct world;

/* The place of a network has become known. */
typedef void (*places_handler)(void *userdata);

/* Borrows `request`. Without the secret in `directory` there are no ids: that is logged. */
int places_new(sd_event *event, struct rtnl_request *request, const char *directory,
               places_handler handler, void *userdata, struct places **ret);
void places_free(struct places *places);

static inline void places_freep(struct places **places) {
        places_free(*places);
}

/* After the paths have been asked for. True when the id of a network changed. */
bool places_update(struct places *places, struct world *world);
