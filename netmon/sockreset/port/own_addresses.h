/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which addresses the machine's interfaces have, as wherry-netmon tells it. */

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

struct netaddr;
struct own_addresses;

struct own_addresses_owner {
        /* The interface has these, and no others; none when it is gone. */
        void (*changed)(uint32_t ifindex, const struct netaddr *addresses, size_t n,
                        void *userdata);
        /* netmon is gone, or another: nothing is known, what was pending included. */
        void (*unknown)(void *userdata);
};

/* On one bus connection; borrows both. netmon may be absent, come late, restart and vanish. */
int own_addresses_new(sd_bus *bus, const struct own_addresses_owner *owner, void *userdata,
                      struct own_addresses **ret);
void own_addresses_free(struct own_addresses *own);

static inline void own_addresses_freep(struct own_addresses **own) {
        own_addresses_free(*own);
}
