/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A laptop with two uplinks and a server behind both, for the tests of the agent.
 *
 * This process is the laptop: w0 (10.1.0.2, 2001:db8:1::2, typed wifi, metric 100) and c0
 * (10.2.0.2, 2001:db8:2::2, typed cellular and metered, metric 700), each a veth into the server's
 * namespace, where 203.0.113.1 and 2001:db8:ffff::1 are on lo. There recorder.py serves port 8080.
 * On the laptop run a bus, netmon and the agent, as user nobody. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent_client.h"
#include "bus_daemon.h"
#include "recorder.h"

#define WORLD_WAIT_USEC UINT64_C(15000000) /* for what must come */

#define WORLD_ECHO "ws://203.0.113.1:8080/echo"
#define WORLD_ECHO6 "ws://[2001:db8:ffff::1]:8080/echo"
#define WORLD_SINK "ws://203.0.113.1:8080/sink"
#define WORLD_SERVER(path) "ws://203.0.113.1:8080" path
#define WORLD_PORT 8080
#define WORLD_TLS_PORT 8443
/* Addresses in the server's namespace that drop everything. */
#define WORLD_BLACK_HOLE "203.0.113.66"
#define WORLD_BLACK_HOLE6 "2001:db8:ffff::66"

/* Users that every machine has, neither root nor the daemons'. */
#define WORLD_USER 1
#define WORLD_OTHER_USER 2

struct agent_world {
        struct bus_daemon daemon;
        pid_t netmon;
        pid_t agent;
        int laptop; /* the namespaces */
        int server_side;
        struct recorder server;
        struct agent_client app; /* of WORLD_USER */
};

/* All of it. Skips the test when namespaces cannot be made. */
void world_start(struct agent_world *world);
/* The same without netmon and agent and app, for tests that start them otherwise. */
void world_start_network(struct agent_world *world);
/* Ends both daemons in order: their exit statuses must be 0. */
void world_stop(struct agent_world *world);

/* `arguments` NULL: none. */
void world_start_netmon(struct agent_world *world, const char *const *arguments);
void world_stop_netmon(struct agent_world *world);
/* Starts it on the queue that is there, does not wait for it. */
void world_start_agent(struct agent_world *world);
/* kill -9. */
void world_kill_agent(struct agent_world *world);
/* The same and starts it again, and waits until it is there. */
void world_restart_agent(struct agent_world *world);
/* Connects the app, and waits for both daemons' names that are to be there. */
void world_connect_app(struct agent_world *world);

void world_restart_server(struct agent_world *world);
/* One more server on the server's side; the caller stops it. */
void world_start_other_server(struct agent_world *world, struct recorder *server, unsigned port,
                              const char *certificate);

/* Runs a shell command on the server's side. */
void world_server_shell(struct agent_world *world, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* How many TCP sockets of the laptop have that local address, in whatever state. */
unsigned world_count_sockets(const char *address);

/* Switches the carrier of an uplink off at its other end, and on again with its default route. */
void world_cut(struct agent_world *world, const char *name);
void world_heal(struct agent_world *world, const char *name);
/* Packets over it vanish without a word, in both directions, and do so no more. */
void world_swallow(struct agent_world *world, const char *name);
void world_spit_out(struct agent_world *world, const char *name);

/* Lets so much time pass, in which nothing should happen. */
void world_pass(struct agent_world *world, uint64_t usec);

/* The channel connects from that address next: the number of the connection at the server. */
unsigned world_expect_open(struct agent_world *world, const char *peer);

/* Waits until the property Path of the channel is over that interface. */
void world_wait_interface(struct agent_world *world, const char *path, const char *interface);

/* The server knows of no connection beyond n in all, and the channel has one of them. */
void world_expect_connections(struct agent_world *world, const char *path, unsigned n);

/* Opens a channel of WORLD_USER and waits until it is connected. Its path, to be freed. */
char *world_open_connected(struct agent_world *world, const char *name, const char *uri);
/* Sends "PREFIX FIRST" and so on, n of them, and waits until the server has got the last one. */
void world_send_and_wait(struct agent_world *world, const char *path, const char *prefix,
                         unsigned first, unsigned n);
/* What the server got in all is "PREFIX 0" to "PREFIX n-1", in order and without a gap. A
 * connection may begin with up to so many of those that had come when it was opened; returns how
 * many repeats there were. */
unsigned world_expect_in_order(struct agent_world *world, const char *prefix, unsigned n,
                               unsigned repeats);
