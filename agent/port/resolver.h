/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names to addresses without ever blocking the loop: a small pool of threads over getaddrinfo().
 *
 * Lookups of one host are merged while they are fresh; one that hangs is not joined any more, a
 * second goes beside it (the resolver behind it may have changed with the network). A lookup that
 * hangs occupies its thread, not the loop: at most two a host and eight in all, more wait in line.
 * Answers that nobody waits for any more are dropped. */

#include <stddef.h>
#include <systemd/sd-event.h>

#include "address.h"

#define RESOLVER_ADDRESSES_MAX 16
#define RESOLVER_HOST_SIZE 256

struct resolver;
struct resolver_query;

/* error: 0 with n >= 1 in the order of preference, or that of getaddrinfo(3), which is negative,
 * with a sentence in `problem`. The query is over; its handle is dead. Everything is borrowed. */
typedef void (*resolver_done)(int error, const struct address *addresses, size_t n,
                              const char *problem, void *userdata);

int resolver_new(sd_event *event, struct resolver **ret);

/* Does not wait for lookups that hang. Forgets all queries; not to be called from `done`. */
void resolver_free(struct resolver *resolver);

/* Starts a lookup; `done` is called from the loop, never from inside this call. -EINVAL for a name
 * that is empty or too long. */
int resolver_query_new(struct resolver *resolver, const char *host, resolver_done done,
                       void *userdata, struct resolver_query **ret);
/* Forgets a running lookup: `done` will not be called. NULL is allowed. */
void resolver_query_free(struct resolver_query *query);
