/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whom to ask: the kernel through a socket, or a table in a test. */

#include <stdint.h>

struct link_stats;
struct marks;
struct route_query;
struct route_reply;

struct kernel {
        /* 0 and *ret filled; the kernel's word when it has no route (-ENETUNREACH, -EHOSTUNREACH,
         * -EACCES, -EINVAL, ...); -EAGAIN when it could not be asked. */
        int (*look_up)(void *userdata, const struct route_query *query, struct route_reply *ret);
        /* The value of rp_filter that holds for an interface; -EAGAIN when it could not be asked.
         */
        int (*rp_filter)(void *userdata, uint32_t ifindex);
        /* 0 and *ret, valid until the next call: the marks in the policy rules; -EAGAIN when it
         * could not be asked. */
        int (*marks)(void *userdata, const struct marks **ret);
        /* 0 and *ret filled, or a negative errno. */
        int (*stats)(void *userdata, uint32_t ifindex, struct link_stats *ret);
        void *userdata;
};
