/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* org.wherry.Agent1 on the bus: the manager object. */

#include <systemd/sd-bus.h>

#include "moment.h"

struct agent;

/* Queued is told once in so long while it moves. */
#define BUS_AGENT_QUEUED_USEC USEC_PER_SEC

/* Registers the object and its object manager on a new connection; the slots keep them there. */
int bus_agent_register(struct agent *agent, sd_bus *bus, sd_bus_slot *slots[3]);

/* Runs an OpenChannel (again, when its key was being made by another call). Answers it. */
void bus_agent_open(struct agent *agent, sd_bus_message *call);

/* PropertiesChanged of what differs from what was last told. */
void bus_agent_tell(struct agent *agent);
