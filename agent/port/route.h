/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which way packets of ours go, as far as a socket can say and ask. */

#include "address.h"

/* The socket uses this interface only. An empty name: no binding. */
int route_bind(int fd, const char *interface);

/* Whether the kernel has a way to an address (by an interface, or any if empty): 0, or why not as
 * negative errno. Nothing is sent. */
int route_probe(const struct address *address, const char *interface);
