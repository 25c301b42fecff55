/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The connections of a channel: what the policy wants done with them, and what happens to them.
 *
 * At most three at a time: the link, an attempt beside it, and a retiring one that the link has
 * replaced and whose messages are not proved yet. */

#include <stdbool.h>
#include <stddef.h>

#include "address.h"
#include "cause.h"
#include "moment.h"

struct channel;
struct link;

/* Performs bits of enum policy_action, but for those that belong to an opening; false, and why,
 * when the attempt failed at once. */
bool channel_perform(struct channel *channel, unsigned actions, struct cause *ret);

/* An attempt has ended, as `cause` says (NULL: it became the link): keeps what Explain() tells. */
void channel_keep_steps(struct channel *channel, const struct cause *cause);
void channel_drop_attempt(struct channel *channel);

/* Reads what may be read now, after anything has changed about that. */
void channel_share_reading(struct channel *channel);

/* The deadlines of the connections, but for those of the policy. */
void channel_tick_links(struct channel *channel, const struct moment *at);

/* The name of the server was resolved, or not. */
void channel_resolved(struct channel *channel, int error, const char *problem, bool moved);

/* From links. */
void channel_worked(struct channel *channel, const struct address *peer);
void channel_opened(struct channel *channel, struct link *link);
void channel_message(struct channel *channel, const void *data, size_t len, bool text);
void channel_received(struct channel *channel, struct link *link, const struct moment *at);
/* The pong of a ping that was written behind messages. */
void channel_proved(struct channel *channel, struct link *link);
/* `close_code` of the WebSocket, 0: none. */
void channel_closed(struct channel *channel, struct link *link, const struct cause *cause,
                    unsigned close_code);
