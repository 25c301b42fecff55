/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The gateways of the paths, and which of them do not answer for their address. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netaddr.h"

struct world;

#define GATEWAYS_MAX 16

struct gateway {
        uint32_t ifindex;
        struct netaddr address;
        bool has_failed;
};

struct gateways {
        struct gateway list[GATEWAYS_MAX];
        size_t n;
};

/* Those of the answers that stand now; what was known of them is kept. True when they are others
 * than before. */
bool gateways_collect(struct world *world);

bool gateways_have_failed(const struct gateways *gateways, uint32_t ifindex,
                          const struct netaddr *address);
