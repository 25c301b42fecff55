/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The protocol "raw": a message is a WebSocket message, and the pong of a ping proves that the
 * server's end has read all before it. Nothing tells what was missed. */

#include "transport.h"

extern const struct transport_ops raw_ops;
