/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What nl80211 tells, into the model's links. Without it, as where no WiFi is, nothing happens. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct radio;
struct world;

struct radio_owner {
        /* The link may have lost or got its carrier, and the kernel may hold that back. */
        void (*ask_link)(uint32_t ifindex, void *userdata);
        /* Links differ, or were asked for: after everything that was there to read. */
        void (*changed)(void *userdata);
};

/* Borrows `owner` and `world`. */
int radio_new(sd_event *event, struct world *world, const struct radio_owner *owner, void *userdata,
              struct radio **ret);
void radio_free(struct radio *radio);

static inline void radio_freep(struct radio **radio) {
        radio_free(*radio);
}

/* Asks about the links that are new or have associated. True when any differs. */
bool radio_update(struct radio *radio);
/* Asks for one link's signal and what comes with it; for struct signal_source. */
void radio_ask_signal(void *userdata, uint32_t ifindex);
