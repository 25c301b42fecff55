/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is on disk of a channel: made, changed and removed. Changes hold once they are there. */

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "store.h"

struct agent;
struct channel;

/* A copy of what the channel is, or is about to be when changes are on their way: change it and
 * hand it to channel_change(). -ENOMEM. */
int channel_copy_record(const struct channel *channel, struct store_channel **ret);

/* Puts the changed record on disk, and takes it over; then it holds, and `call`, if any, is
 * answered: with the object's path when it is an OpenChannel. -ENOMEM. */
int channel_change(struct channel *channel, struct store_channel *changed, sd_bus_message *call);

/* The first connection was made: the next one is a reconnect. */
void channel_save_connected(struct channel *channel);

/* Disconnects, and forgets the channel with everything in it; `call`, if any, is answered. */
void channel_remove(struct channel *channel, sd_bus_message *call);

/* Its user is gone, or another one, as it seems at this start. A directory service that was late is
 * forgiven once: the secrets are wiped when it seems so at the next start too. Removes the channel
 * after `kept_usec`. */
void channel_orphan(struct channel *channel, uint64_t now_realtime_usec, uint64_t kept_usec);

/* Its user is there again. */
void channel_adopt(struct channel *channel);

/* The counts as of the last request. */
void channel_set_counts(struct channel *channel, const struct store_counts *counts);

/* A STORE_CHANNEL_PUT of this channel is done. */
void channel_change_done(struct channel *channel, struct store_request *request,
                         sd_bus_message *call);
