/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* netmon's objects over a made-up machine, on a socket pair in place of a bus. The other end plays
 * the bus and everyone on it: a call says who it is from. */

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "cleanup.h"
#include "fake_net.h"
#include "names.h"

#define ROOT ":1.0"
#define ALICE ":1.7" /* uid 1000, like every name but ROOT */
#define BOB ":1.8"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define SIGNALS_MAX 32

struct netmon_bus {
        struct fake_net net; /* two uplinks, asked for */
        struct bus_netmon *bus;
        sd_bus *ours;
        sd_bus *theirs;
        sd_bus_message *reply;
        sd_bus_message *signals[SIGNALS_MAX]; /* that have come and were not taken */
        size_t n_signals;
};

void netmon_bus_start(struct netmon_bus *nb);
void netmon_bus_stop(struct netmon_bus *nb);

/* Calls as `sender`, NULL for nobody. Returns the reply, or NULL with the error's name in `error`,
 * which the caller frees. */
sd_bus_message *netmon_bus_call(struct netmon_bus *nb, const char *sender, const char *path,
                                const char *interface, const char *member, sd_bus_error *error,
                                const char *types, ...);

/* `name` leaves the bus. */
void netmon_bus_leave(struct netmon_bus *nb, const char *name);
/* `name` belongs to the connection `owner` from now on. */
void netmon_bus_own(struct netmon_bus *nb, const char *name, const char *owner);
/* Asks the kernel again and publishes, as after a message of it. */
void netmon_bus_publish(struct netmon_bus *nb);

/* The oldest signal with that member; NULL when there is none. */
sd_bus_message *netmon_bus_take(struct netmon_bus *nb, const char *member);
/* Drops what has come. */
void netmon_bus_forget(struct netmon_bus *nb);
/* The values that are left in a message, a line each; drops it. To be freed. */
char *netmon_bus_text(sd_bus_message *m);
/* All properties of an object, as netmon_bus_text() has them. */
char *netmon_bus_properties(struct netmon_bus *nb, const char *sender, const char *path,
                            const char *interface);
/* `sender` watches 198.51.100.7; the object's path, to be freed. */
char *netmon_bus_watch(struct netmon_bus *nb, const char *sender);

/* A call that must succeed: its reply. */
#define CALL(nb, sender, path, interface, member, ...)                                        \
        ({                                                                                    \
                CLEANUP(sd_bus_error_free) sd_bus_error error_ = SD_BUS_ERROR_NULL;           \
                sd_bus_message *reply_ = netmon_bus_call(nb, sender, path, interface, member, \
                                                         &error_, __VA_ARGS__);               \
                cr_assert(reply_ != NULL, "%s: %s", member, error_.message);                  \
                reply_;                                                                       \
        })

/* A call that must fail with the error `wanted`, and say why. */
#define REFUSED(nb, wanted, sender, path, interface, member, ...)                             \
        do {                                                                                  \
                CLEANUP(sd_bus_error_free) sd_bus_error error_ = SD_BUS_ERROR_NULL;           \
                sd_bus_message *reply_ = netmon_bus_call(nb, sender, path, interface, member, \
                                                         &error_, __VA_ARGS__);               \
                cr_assert(reply_ == NULL, "%s was not refused", member);                      \
                cr_assert(eq(str, (char *)error_.name, wanted), "%s", error_.message);        \
                cr_assert(ne(str, (char *)error_.message, ""));                               \
        } while (false)
