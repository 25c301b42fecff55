/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A private bus with the fake daemons on it, for wherryctl. */

#include <stddef.h>

/* `daemons`: names for the fake to take, NULL at the end; NULL: those of both daemons. */
void world_start(const char *const *daemons);
void world_stop(void);
/* A bus without daemons. */
void world_start_empty(void);

const char *world_address(void);

/* Tells the fake something, see fake.h. */
void world_tell(const char *member, const char *types, ...);
void world_receive(const char *channel, const void *payload, size_t len);
