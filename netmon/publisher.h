/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tells others what is true of the network: on the bus, and scripts in a file. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct hints;
struct publisher;
struct world;

/* `world` and `hints` are borrowed; the hints come over the same bus. "" as `state_file`: none. */
int publisher_new(sd_event *event, const char *bus_address, const char *state_file,
                  struct world *world, struct hints *hints, struct publisher **ret);
void publisher_free(struct publisher *publisher);

static inline void publisher_freep(struct publisher **publisher) {
        publisher_free(*publisher);
}

/* The world stands for the first time: from now on others may look at it. Until then nobody is told
 * anything. */
int publisher_start(struct publisher *publisher);
bool publisher_has_started(const struct publisher *publisher);

/* What changed of the interfaces; true when something was told. */
bool publisher_tell_links(struct publisher *publisher);
/* And of all else. `event_usec`: when the first message of it was read. */
void publisher_tell_paths(struct publisher *publisher, uint64_t event_usec);
void publisher_tell_sleep(struct publisher *publisher);
void publisher_tell_resumed(struct publisher *publisher, uint64_t slept_usec);
/* The file for scripts; the bus comes first. */
void publisher_write_state(struct publisher *publisher);
