/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the agent hands to the queue on disk and what comes back: for whom it is, how much is on its
 * way, and what the disk refused and is asked of it again. */

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "store.h"

struct agent;

/* Takes finished requests from now on. */
int agent_store_listen(struct agent *agent);

/* The disk has refused something that is tried again: until it is through no channel reads or
 * writes. */
bool agent_store_refuses(const struct agent *agent);
/* So much is on its way to the disk that servers, or senders too, have to wait. */
bool agent_store_is_busy(const struct agent *agent);
bool agent_store_is_flooded(const struct agent *agent);

/* Puts a new channel on disk and then makes it; takes over `record` and answers `call`. */
int agent_open_channel(struct agent *agent, struct store_channel *record, sd_bus_message *call);

/* Hands a request to the store with the time on it. `call`, if any, is answered when it is done. */
void agent_submit(struct agent *agent, struct store_request *request, sd_bus_message *call);
