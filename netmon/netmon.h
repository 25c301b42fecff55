/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The daemon: kernel messages into the model, answers out of it onto the bus. */

#include <systemd/sd-event.h>

struct netmon;
struct settings;

struct netmon_options {
        const char *bus_address; /* or "system", "session" */
        int receive_buffer;      /* bytes; 0: as much as can be had */
        int rtnl_fd;             /* a netlink socket of the service manager; -1: none */
        const struct settings *settings;
        const char *state_directory; /* where the machine's secret is */
        const char *state_file;      /* for scripts; "": none */
};

/* Starts it on the loop; everything it needs of `options` is copied, the socket is taken over. */
int netmon_new(sd_event *event, const struct netmon_options *options, struct netmon **ret);
void netmon_free(struct netmon *netmon);

static inline void netmon_freep(struct netmon **netmon) {
        netmon_free(*netmon);
}
