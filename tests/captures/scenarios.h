/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is done to a network while it is recorded, one scenario for each capture. */

#include <stddef.h>

struct recording;

struct scenario {
        const char *name;
        void (*run)(struct recording *recording); /* in a namespace of its own */
};

extern const struct scenario scenarios[];
extern const size_t n_scenarios;

/* Adds wifi0 and cell0, both with default routes of both families, and takes that. */
void scenario_add_uplinks(struct recording *recording);

/* Those of a WiFi card. */
void scenario_wifi(struct recording *recording);
/* Its switch. */
void scenario_rfkill(struct recording *recording);
