/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A laptop with two uplinks, for benches: w0 (wifi, metric 100) and c0 (cellular, metric 700), and
 * behind both a server's namespace with 203.0.113.1. A third link, s0, goes there as well and
 * carries nothing.
 *
 * Both ends of a link have the same index. So the kernel takes it for what stands at the end of a
 * cable, and may hold the loss of its carrier back for up to a second; of other virtual links it
 * tells that at once. */

#include <stdbool.h>

#define UPLINKS_SERVER "203.0.113.1"
#define UPLINKS_CONFIG "[Interface w0]\nType=wifi\n[Interface c0]\nType=cellular\n"

enum uplink {
        UPLINK_W0 = 101, /* their indices */
        UPLINK_C0,
        UPLINK_S0,
};

struct uplinks {
        int laptop; /* the namespaces */
        int server_side;
        int control; /* a socket of the server's side */
};

/* Makes the namespaces and enters the laptop's. */
void uplinks_start(struct uplinks *u);
void uplinks_stop(struct uplinks *u);

/* Switches the link at its other end: the laptop sees the carrier go, or come. */
void uplinks_set_carrier(struct uplinks *u, enum uplink link, bool carrier);
const char *uplink_name(enum uplink link);
