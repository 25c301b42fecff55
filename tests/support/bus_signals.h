/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The signals that a connection hears, kept in order until a test takes them. */

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

struct bus_signals;

/* Installs the match rule and waits until the bus has it: whatever is sent from now on is heard. */
struct bus_signals *bus_signals_listen(sd_bus *bus, const char *match);
void bus_signals_free(struct bus_signals *signals);

/* The next signal with that member (NULL: any); those before it are dropped. Waits for it until
 * `deadline_usec` of CLOCK_BOOTTIME; NULL when none came. To be unreferenced. */
sd_bus_message *bus_signals_next(struct bus_signals *signals, const char *member,
                                 uint64_t deadline_usec);

/* Takes whatever comes until then, and says how many signals had that member (NULL: any). */
size_t bus_signals_count(struct bus_signals *signals, const char *member, uint64_t deadline_usec);

/* Drops what `peer` has sent until now. */
void bus_signals_clear(struct bus_signals *signals, const char *peer);
