/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Calls to the two daemons, with an end to every wait and a sentence for every failure. */

#include <systemd/sd-bus.h>

#include "ctl.h"
#include "moment.h"

#define BUS_TIMEOUT_USEC (10 * USEC_PER_SEC)

struct service {
        const char *bus_name;
        const char *path;
        const char *interface;
        const char *program; /* "wherry-agent" */
};

extern const struct service netmon_service, agent_service;

/* Connects; on failure says why in `ret_problem`, to be freed. */
enum outcome bus_connect(struct ctl *ctl, char **ret_problem);
/* The same; tells it. */
enum outcome bus_open(struct ctl *ctl);
void bus_close(struct ctl *ctl);

/* A new call of a member of the service's own interface on its own object. */
sd_bus_message *bus_method(struct ctl *ctl, const struct service *service, const char *member);
/* The same for another interface and object. */
sd_bus_message *bus_method_of(struct ctl *ctl, const struct service *service, const char *path,
                              const char *interface, const char *member);

/* Calls, and takes the reference of `m`. `ret` may be NULL. On failure tells why. */
enum outcome bus_call(struct ctl *ctl, const struct service *service, sd_bus_message *m,
                      uint64_t timeout_usec, sd_bus_message **ret);

/* Why a call failed and what to do about it, as a sentence to be freed. */
char *bus_explain(const struct ctl *ctl, const struct service *service, const sd_bus_error *error);
/* Tells it. */
enum outcome bus_tell(const struct ctl *ctl, const struct service *service,
                      const sd_bus_error *error);

/* What the error means for the exit status, without a word. */
enum outcome bus_outcome(const sd_bus_error *error);

/* Tells of a reply that is not what the contract says. */
enum outcome bus_malformed(const struct service *service);

/* Handles what has come, without waiting; tells it when the bus is gone. */
enum outcome bus_process(struct ctl *ctl);
