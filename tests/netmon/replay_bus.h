/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The bus of a replay: netmon connects to it as to any other. It plays the bus daemon and a client
 * that hears everything, writes it down, and keeps by the signals alone what stands on the bus. */

#include <systemd/sd-bus.h>

struct replay_bus;

/* Listens at `address`, to be freed. */
struct replay_bus *replay_bus_new(const char *directory, char **ret_address);
void replay_bus_free(struct replay_bus *bus);

/* Works on what has come. Above 0 when there was something. */
int replay_bus_process(struct replay_bus *bus);

/* A heading for what comes from now on. */
void replay_bus_head(struct replay_bus *bus, const char *text);
/* All that was published, one thing a line, without times and counters. */
const char *replay_bus_published(struct replay_bus *bus);

/* Calls a method of netmon's manager object; the reply comes by replay_bus_process(). */
void replay_bus_call(struct replay_bus *bus, const char *interface, const char *member,
                     const char *types, ...);
/* The reply, to be unreferenced. Dies when there is none. */
sd_bus_message *replay_bus_reply(struct replay_bus *bus);

/* Takes replies to GetAll and GetManagedObjects for what stands on the bus now; or compares them
 * with what was told since. */
void replay_bus_learn(struct replay_bus *bus, sd_bus_message *manager, sd_bus_message *objects);
void replay_bus_compare(struct replay_bus *bus, sd_bus_message *manager, sd_bus_message *objects);

/* What netmon said twice, or did not say, or said wrongly; NULL: nothing. */
const char *replay_bus_problem(const struct replay_bus *bus);
