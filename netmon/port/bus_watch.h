/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The objects /org/wherry/NetMon1/watch/N: each is its creator's alone and ends with him. */

#include <stdint.h>
#include <systemd/sd-bus.h>

struct bus_watch_list;
struct question;
struct world;

#define BUS_WATCH_MAX_USER 64
#define BUS_WATCH_MAX_PRIVILEGED 4096

/* For one bus connection; borrows both. */
int bus_watch_list_new(sd_bus *bus, struct world *world, struct bus_watch_list **ret);
void bus_watch_list_free(struct bus_watch_list *list);

static inline void bus_watch_list_freep(struct bus_watch_list **list) {
        bus_watch_list_free(*list);
}

/* Adds a watch of `question` for the connection `sender` of user `uid`, who may have `limit` of
 * them. *ret_path is borrowed from it. -EDQUOT over the limit; else as watched_take(). */
int bus_watch_add(struct bus_watch_list *list, const char *sender, uint32_t uid, size_t limit,
                  const struct question *question, const char **ret_path);

/* The connection left the bus: its watches end. */
void bus_watch_forget(struct bus_watch_list *list, const char *sender);

/* Tells the creators of the watches whose answer changed. */
int bus_watch_list_publish(struct bus_watch_list *list, uint64_t event_usec);
