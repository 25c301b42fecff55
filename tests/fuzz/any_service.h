/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The bus and all services on it, in a fuzzer's hands, at the other end of a socket pair. Every
 * name is owned by ANY_SERVICE; what is asked of it, and what it signals, has any contents. */

#include <stddef.h>
#include <systemd/sd-bus.h>

struct any_feed;

#define ANY_SERVICE ":1.5"

struct any_signal {
        const char *sender;
        const char *path;
        const char *interface;
        const char *member;
        const char *signature;
};

/* Our end, with what is said from now on; the same at every call. */
sd_bus *any_service_start(struct any_feed *feed);
/* Until nobody has anything to say. */
void any_service_settle(void);
/* Sends one of the signals; the feed tells which. */
void any_service_signal(const struct any_signal *signals, size_t n);
