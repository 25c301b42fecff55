/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A dump of all links, then of all addresses, read without holding up the loop. */

#include <systemd/sd-event.h>

struct nlmsghdr;
struct rtnl_dump;

struct rtnl_dump_owner {
        /* One RTM_NEWLINK or RTM_NEWADDR of the dump. */
        void (*message)(const struct nlmsghdr *nlh, void *userdata);
        /* The dump is over: 0; -EINTR when it is not to be trusted because something changed
         * meanwhile; another negative errno when it failed. */
        void (*done)(int result, void *userdata);
};

/* `owner` is borrowed. */
int rtnl_dump_new(sd_event *event, const struct rtnl_dump_owner *owner, void *userdata,
                  struct rtnl_dump **ret);
void rtnl_dump_free(struct rtnl_dump *dump);

static inline void rtnl_dump_freep(struct rtnl_dump **dump) {
        rtnl_dump_free(*dump);
}

/* Begins a dump; only one at a time. After success done() is called, and never from here. */
int rtnl_dump_start(struct rtnl_dump *dump);
