/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Connecting a stream: one address of each family at a time, libcurl racing the two, until one of
 * them is connected, through the proxy and TLS, or the time is over. */

#include <stdint.h>

#include "cause.h"
#include "stream.h"

struct connector_link;
struct dial;

struct dial_handlers {
        void (*connected)(void *userdata); /* dial_take() is due, in there or later */
        void (*failed)(const struct cause *cause, void *userdata);
};

/* The handlers are called from the loop, one of them once; they may free it. */
int dial_new(struct connector *connector, const struct stream_config *config,
             const struct dial_handlers *handlers, void *userdata, struct dial **ret);
void dial_free(struct dial *dial);

/* How far it has got, or had when it failed. */
void dial_get_steps(const struct dial *dial, struct stream_steps *ret);

/* What was connected; the caller owns the link now, which owns the descriptor. */
void dial_take(struct dial *dial, struct connector_link **ret_link, int *ret_fd,
               struct stream_steps *ret_steps);
