/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Single questions to the kernel, answered before the call returns.
 *
 * A route lookup waits for nothing. A question about a link may wait for the kernel's lock: the
 * longest such wait is remembered, and there is never more than one. */

#include <stdint.h>

struct kernel;
struct netaddr;
struct nlmsghdr;
struct rtnl_request;

int rtnl_request_new(struct rtnl_request **ret);
void rtnl_request_free(struct rtnl_request *request);

static inline void rtnl_request_freep(struct rtnl_request **request) {
        rtnl_request_free(*request);
}

/* Fills *ret; it borrows `request`. */
void rtnl_request_kernel(struct rtnl_request *request, struct kernel *ret);

/* RTM_GETLINK, which makes the kernel look at the carrier now. 0 and *ret, valid until the next
 * request; -ENODEV when there is no such link; another negative errno. */
int rtnl_request_link(struct rtnl_request *request, uint32_t ifindex, const struct nlmsghdr **ret);

/* RTM_GETNEIGH, for one neighbour; the same. -ENOENT when the kernel does not know it. */
int rtnl_request_neighbour(struct rtnl_request *request, uint32_t ifindex,
                           const struct netaddr *address, const struct nlmsghdr **ret);

/* Settings of interfaces are kept until this is called: when one was announced to have changed,
 * and when an announcement may have been missed. */
void rtnl_request_forget_settings(struct rtnl_request *request);
/* The same for the policy rules. */
void rtnl_request_forget_rules(struct rtnl_request *request);

uint64_t rtnl_request_longest_usec(const struct rtnl_request *request);
