/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* org.wherry.Agent1.Channel on the bus: the objects, their methods, and their signals, which go to
 * those attached only. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

struct agent;
struct channel;
struct peer;
struct store_message;

/* Registers the objects on a new connection; `ret` keeps them there. */
int bus_channel_register(struct agent *agent, sd_bus *bus, sd_bus_slot **ret_objects,
                         sd_bus_slot **ret_nodes);

/* One property as an entry of an a{sv}; all of them as the a{sa{sv}} of the object manager. */
int bus_channel_append_property(struct channel *channel, sd_bus_message *m, const char *name);
int bus_channel_append_object(struct channel *channel, sd_bus_message *m);

/* The caller may use it; one whose user is gone is root's. */
bool channel_is_open_to(const struct channel *channel, const struct peer *peer);
/* And its signals go to him. */
bool channel_is_heard_by(const struct channel *channel, const struct peer *peer);

/* InterfacesAdded and InterfacesRemoved. */
void bus_channel_added(struct channel *channel);
void bus_channel_removed(struct channel *channel);

/* PropertiesChanged and MessageStates: what has changed since the last call. */
void bus_channel_tell(struct channel *channel);
/* When counters that were held back may be told; USEC_NEVER when none are. */
uint64_t bus_channel_due_usec(const struct channel *channel);

/* Received, to this subscriber. */
void bus_channel_received(struct channel *channel, struct peer *peer,
                          const struct store_message *message);
/* Unsubscribed. */
void bus_channel_unsubscribed(struct channel *channel, struct peer *peer, const char *reason);
/* Recovered, with the outcome that stands in the channel, or with "lost". */
void bus_channel_recovered(struct channel *channel);
void bus_channel_lost(struct channel *channel, uint64_t count, const char *reason);
