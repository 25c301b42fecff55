/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A channel as the user names it: by name (with --app-id), or by object path. */

#include "bus.h"

/* Of every verb that takes a CHANNEL. */
#define CHANNEL_APP_ID_OPTION \
        { "app-id", 0, "ID", "of the app that opened the channel" }

struct channel {
        const char *word; /* as given; borrowed */
        char *path;
};

/* Finds it, which attaches this connection to it. 0, or a negative errno with `ret_error` set. */
int channel_get(struct ctl *ctl, const char *word, struct channel *ret, sd_bus_error *ret_error);
/* The same; tells it when there is none. */
enum outcome channel_find(struct ctl *ctl, const char *word, struct channel *ret);
void channel_deinit(struct channel *channel);

/* A new call of a member of the channel. */
sd_bus_message *channel_method(struct ctl *ctl, const struct channel *channel, const char *member);

/* {"channel": as given, "object": path} */
json_object *channel_json(const struct channel *channel);
