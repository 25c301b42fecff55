/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A bare listener to rtnetlink in a thread: it notes when the kernel tells of a change, and as the
 * floor of reconnecting it connects to an echo server on that message. */

#include <stdbool.h>
#include <stdint.h>

struct path_floor;

enum path_news {
        PATH_NEWS_CARRIER_LOST,  /* of that interface */
        PATH_NEWS_DEFAULT_ROUTE, /* an IPv4 default route over that interface */
};

/* In the current network namespace, which it stays in. */
struct path_floor *path_floor_start(const char *server, uint16_t port);
void path_floor_stop(struct path_floor *floor);

/* What it waits for from now on. With `interface` (else NULL) it connects then, bound to that
 * interface, and echoes a byte. */
void path_floor_expect(struct path_floor *floor, enum path_news news, unsigned ifindex,
                       const char *interface);

struct path_floor_times {
        uint64_t told_usec;   /* the kernel's message was read */
        uint64_t echoed_usec; /* 0: it does not connect */
};

/* Waits until it has done that. */
struct path_floor_times path_floor_wait(struct path_floor *floor);
