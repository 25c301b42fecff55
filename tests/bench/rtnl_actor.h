/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Changes to the network, quick and countable: rtnetlink requests without a shell between. */

#include <stdbool.h>
#include <stdint.h>

struct rtnl_actor;

/* For the network namespace that this process is in now. */
struct rtnl_actor *rtnl_actor_new(void);
void rtnl_actor_free(struct rtnl_actor *actor);

/* Each waits for the kernel's answer and dies on an error. Addresses are in host order. */
void rtnl_actor_address(struct rtnl_actor *actor, bool add, uint32_t ifindex, uint32_t address);
/* Replaces the default route of metric 100. */
void rtnl_actor_default(struct rtnl_actor *actor, uint32_t ifindex, uint32_t gateway);
void rtnl_actor_route(struct rtnl_actor *actor, bool add, uint32_t ifindex, uint32_t prefix,
                      uint8_t prefix_len);
void rtnl_actor_add_veth(struct rtnl_actor *actor, const char *name, const char *peer);
void rtnl_actor_remove_link(struct rtnl_actor *actor, const char *name);
