/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The addresses that the machine has, and those that no interface has any more. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netaddr.h"

/* So many departed addresses are remembered at once. */
#define DEPARTURES_MAX 1024

struct own_address {
        struct netaddr address;
        uint32_t ifindex; /* of an IPv6 link-local one, which is another on each; else 0 */
};

/* An address on an interface. */
struct holding {
        uint32_t ifindex;
        struct netaddr address;
};

struct departure {
        struct own_address address;
        uint64_t due_usec; /* then it is gone for good */
};

struct departures {
        struct holding *holdings;
        size_t n_holdings;
        struct departure *pending;
        size_t n_pending;
};

/* Nothing is known any more: what was pending is forgotten, too. Also the end of it. */
void departures_clear(struct departures *departures);

/* The interface has these addresses, and no others; none when it is gone. What no interface has
 * from now on is gone at `due_usec`, unless it comes back. Loopback addresses and what the loopback
 * interface had never go. 0, -ENOMEM and nothing is changed, or -ENOSPC when not all that went
 * could be remembered. */
int departures_set(struct departures *departures, uint32_t ifindex, const struct netaddr *addresses,
                   size_t n, uint64_t due_usec);

/* Takes one that is gone for good by now; false when there is none. */
bool departures_take(struct departures *departures, uint64_t now_usec, struct own_address *ret);

/* When the next one is; UINT64_MAX when none is pending. */
uint64_t departures_deadline(const struct departures *departures);
