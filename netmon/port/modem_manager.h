/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What ModemManager says of its modems, as long as it is on the bus. */

#include <linux/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "hint.h"

struct modem_manager;

#define MODEM_LINKS_MAX 4

struct mm_modem {
        char path[128];
        char ports[MODEM_LINKS_MAX][IFNAMSIZ]; /* network interfaces that are its own */
        size_t n_ports;
        char operator_name[HINT_TEXT_SIZE];
        uint32_t technologies;        /* MMModemAccessTechnology */
        uint32_t signal_quality;      /* percent */
        uint32_t registration_state;  /* MMModem3gppRegistrationState */
        char cell_id[HINT_TEXT_SIZE]; /* "MCC,MNC,LAC,CI,TAC"; "" while it is not for everyone */
        struct mm_bearer {
                char path[128];
                char interface[IFNAMSIZ]; /* what its packets go through */
                bool is_connected;
        } bearers[MODEM_LINKS_MAX];
        size_t n_bearers;
};

/* Something in the modems changed. */
typedef void (*modem_manager_handler)(void *userdata);

/* For one bus connection; borrows it. */
int modem_manager_new(sd_bus *bus, modem_manager_handler handler, void *userdata,
                      struct modem_manager **ret);
void modem_manager_free(struct modem_manager *mm);

static inline void modem_manager_freep(struct modem_manager **mm) {
        modem_manager_free(*mm);
}

/* The modem behind a network interface; NULL when it is not known that there is one. */
const struct mm_modem *modem_manager_find(const struct modem_manager *mm, const char *name);
/* The modem with that object path. */
const struct mm_modem *modem_manager_find_path(const struct modem_manager *mm, const char *path);
