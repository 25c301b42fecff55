/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A small stand-in for both daemons, for the tests of wherryctl. It keeps to the contract as far as
 * wherryctl needs it, and does what the tests tell it through org.wherry.Fake at /fake:
 *
 *   Receive(s channel, ay payload)        the server sends a message
 *   Fail(s member, s error)               the next call of the member fails so; "hang": no answer
 *   State(s channel, s state, s sentence) the channel takes a state
 *   Path(s interface)                     the default path moves to another interface; "": an old
 *                                         signal about it comes late
 *   Link(s interface, b carrier)          "gone0" appears with true and goes with false
 *   Tell(b all)                           netmon tells all that it can of eth0 and the machine
 *   Drop(s name)                          gives up a bus name, Take(s name) takes it again
 *   WaitFor(s member)                     answers once the member was called (since the last wait)
 */

#include <stdbool.h>
#include <systemd/sd-bus.h>

#define FAKE_NAME "org.wherry.Fake"
#define FAKE_PATH "/fake"

int fake_netmon_register(sd_bus *bus);
int fake_agent_register(sd_bus *bus);

int fake_netmon_path(sd_bus *bus, const char *interface);
void fake_netmon_tell(bool all);
int fake_netmon_link(sd_bus *bus, const char *interface, int carrier);
int fake_agent_receive(sd_bus *bus, const char *channel, const void *payload, size_t len);
int fake_agent_state(sd_bus *bus, const char *channel, const char *state, const char *sentence);
/* What is in memory only is forgotten: subscriptions. */
void fake_agent_restart(void);
