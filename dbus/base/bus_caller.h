/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who calls: the uid behind a bus connection, asked of the bus once for each connection and without
 * waiting. Calls that come meanwhile are kept in their order. */

#include <stdint.h>
#include <systemd/sd-bus.h>

struct bus_caller_list;

/* A method handler that knows who calls; the rest as of sd_bus_message_handler_t. */
typedef int (*bus_caller_handler)(sd_bus_message *m, uint32_t uid, void *userdata,
                                  sd_bus_error *ret_error);

/* A connection that had called left the bus. */
typedef void (*bus_caller_gone)(const char *sender, void *userdata);

/* One for each bus connection; borrows `bus`. */
int bus_caller_list_new(sd_bus *bus, bus_caller_gone gone, void *userdata,
                        struct bus_caller_list **ret);
void bus_caller_list_free(struct bus_caller_list *list);

static inline void bus_caller_list_freep(struct bus_caller_list **list) {
        bus_caller_list_free(*list);
}

#define BUS_CALLER_WAITING_MAX 64

/* Runs `handler` now, or later when the bus has told the uid; then it answers the call itself,
 * with an error when the handler returns one. To be returned from a method handler. A connection
 * with BUS_CALLER_WAITING_MAX calls that wait gets LimitsExceeded. */
int bus_caller_run(struct bus_caller_list *list, sd_bus_message *m, bus_caller_handler handler,
                   void *userdata, sd_bus_error *ret_error);
