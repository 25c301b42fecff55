/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* wherry-sockreset: ends connections of other programs whose source address is gone for good; they
 * would hang for up to fifteen minutes. What the addresses are it hears from wherry-netmon. */

#include <systemd/sd-event.h>

struct reset_settings;
struct sockreset;

/* `bus_address` is a D-Bus address, "system" or "session"; the settings are borrowed. */
int sockreset_new(sd_event *event, const char *bus_address, const struct reset_settings *settings,
                  struct sockreset **ret);
void sockreset_free(struct sockreset *sockreset);

static inline void sockreset_freep(struct sockreset **sockreset) {
        sockreset_free(*sockreset);
}
