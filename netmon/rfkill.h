/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kill switches of radios, as sysfs and the kernel's announcements have them, into the world.
 */

#include <stdbool.h>
#include <systemd/sd-event.h>

struct rfkill;
struct world;

/* One was switched, came or went: links may have lost or got their carrier. */
typedef void (*rfkill_handler)(void *userdata);

/* Borrows `world`. Where the kernel announces no devices it does nothing. */
int rfkill_new(sd_event *event, struct world *world, rfkill_handler handler, void *userdata,
               struct rfkill **ret);
void rfkill_free(struct rfkill *rfkill);

static inline void rfkill_freep(struct rfkill **rfkill) {
        rfkill_free(*rfkill);
}

/* Looks whether a switch is why a radio's link was just switched off: the kernel says so only after
 * that. */
void rfkill_look(struct rfkill *rfkill);
