/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What NetworkManager says of its devices, as long as it is on the bus. */

#include <linux/if.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "hint.h"

struct network_manager;

struct nm_device {
        char path[128];
        char interface[IFNAMSIZ];    /* of the device; for a modem it may be a serial line ... */
        char ip_interface[IFNAMSIZ]; /* ... and then this is what packets go through */
        char udi[128];               /* for a modem: its path in ModemManager */
        uint32_t metered;            /* NMMetered */
        char active[128];            /* path of its active connection; "/": none */
        char connection[HINT_CONNECTION_SIZE]; /* the name of that */
};

/* Something in the devices changed. */
typedef void (*network_manager_handler)(void *userdata);

/* For one bus connection; borrows it. */
int network_manager_new(sd_bus *bus, network_manager_handler handler, void *userdata,
                        struct network_manager **ret);
void network_manager_free(struct network_manager *nm);

static inline void network_manager_freep(struct network_manager **nm) {
        network_manager_free(*nm);
}

/* The device that packets through this interface go to; NULL when there is none. */
const struct nm_device *network_manager_find(const struct network_manager *nm, const char *name);
