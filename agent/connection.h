/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The connections of a channel: what the policy wants done with them, and what happens to them.
 *
 * At most three at a time: the link, an attempt beside it, and a retiring one that the link has
 * replaced and whose messages are not proved yet. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "cause.h"
#include "moment.h"

struct channel;
struct link;
struct recovery;
struct transport_incoming;
struct transport_opening;

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
void channel_opened(struct channel *channel, struct link *link,
                    const struct transport_opening *opening);
void channel_recovered(struct channel *channel, struct link *link, const struct recovery *recovery);
void channel_message(struct channel *channel, struct link *link,
                     const struct transport_incoming *message);
void channel_received(struct channel *channel, struct link *link, const struct moment *at);
/* The pong of a ping that was written behind messages. */
void channel_proved(struct channel *channel, struct link *link);
/* Messages that the server has, or does not want. */
void channel_proved_ids(struct channel *channel, struct link *link, const uint64_t *ids, size_t n);
void channel_rejected(struct channel *channel, struct link *link, uint64_t id, const char *reason);
void channel_closed(struct channel *channel, struct link *link, const struct cause *cause);

/* A message that came over this link, if there still is one of that number, is on disk. */
void channel_committed(struct channel *channel, uint64_t link_number, uint64_t token);
