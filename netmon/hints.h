/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What others than rtnetlink tell: the clocks, and services on the bus. None of it is needed. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "hint.h"

struct hints;
struct suspend_clocks;

struct hints_owner {
        /* The machine is about to sleep, or no more. */
        void (*preparing_for_sleep)(bool is_preparing, void *userdata);
        /* It has slept so long. */
        void (*resumed)(uint64_t slept_usec, void *userdata);
        /* What hints_source() finds may have changed. */
        void (*links)(void *userdata);
};

/* Watches the clocks from now on. `owner` is borrowed. */
int hints_new(sd_event *event, const struct hints_owner *owner, void *userdata,
              void (*read_clocks)(struct suspend_clocks *ret), struct hints **ret);
void hints_free(struct hints *hints);

static inline void hints_freep(struct hints **hints) {
        hints_free(*hints);
}

/* Whom to ask of what services say of an interface; borrows `hints`. */
struct hint_source hints_source(struct hints *hints);

/* Follows the services on a bus connection, until it is detached. */
int hints_attach(struct hints *hints, sd_bus *bus);
void hints_detach(struct hints *hints);
