/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* send --lines: every line of standard input is a message. */

#include "channel.h"
#include "outgoing.h"

/* Queues them in order and in batches, up to the first that is refused, and tells its number: every
 * line before it was queued, none after it. */
enum outcome lines_send(struct ctl *ctl, const struct channel *channel, const struct outgoing *o);
