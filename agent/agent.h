/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The daemon: owns the channels, the servers, the users and the ports, and wires them together. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "bucket.h"
#include "netmon_client.h"
#include "resolver.h"
#include "status.h"
#include "store.h"

struct bus_link;
struct bus_peers;
struct channel;
struct connector;
struct peer;
struct resume;
struct server;

struct agent_config {
        char bus[512];             /* "system", "session" or a D-Bus address; "": none */
        char state_directory[512]; /* of queue.db */
        char proxy[512];           /* for channels without one of their own; "": none */
        uint64_t queue_bytes;      /* the database file never grows beyond it */
        uint64_t user_bytes;       /* queued and unread of one user, over all channels */
        uint32_t user_channels;    /* of one user who is not root */
        bool allow_special;        /* channels to loopback, link-local and the like for everyone */
};

/* What is accounted to a uid. */
struct user {
        LIST_ENTRY(user) of_agent;
        uid_t uid;
        uint32_t n_channels; /* with those on their way to the disk */
        uint64_t bytes;      /* queued and unread */
        struct bucket reconnects;
};

struct agent {
        struct agent_config config;
        sd_event *event;
        struct store *store;
        struct resolver *resolver;
        struct connector *connector;
        struct netmon_client *netmon;
        struct resume *resume;
        struct bus_link *bus_link;
        LIST_HEAD(channels, channel) channels;
        TAILQ_HEAD(changed_channels, channel) changed; /* since they were last told */
        LIST_HEAD(servers, server) servers;
        LIST_HEAD(users, user) users;

        /* Of the bus connection there is; NULL without. */
        sd_bus *bus;
        struct bus_peers *peers;
        sd_bus_slot *slots[5];

        /* The sum over all channels, and what was last told of it. */
        struct status status;
        bool status_changed; /* and has to be added up again */
        uint64_t n_queued;   /* messages, over all channels */
        enum status_word status_word;
        uint64_t status_since_usec;
        struct status told;
        enum status_word told_word;
        uint64_t queued_told_usec;

        /* Requests that the disk refused, to be submitted again in order. */
        struct store_request *refused;
        struct store_request **refused_end;
        uint64_t round;                      /* of trying; see STORE_RECEIVE */
        const struct store_request *retried; /* the last of those submitted again; NULL: none is */
        sd_event_source *refused_timer;

        sd_event_source *store_source;
        sd_event_source *changes; /* runs once after something has changed */
        sd_event_source *later;   /* the same, for what is not told at once */
};

int agent_new(const struct agent_config *config, struct agent **ret, char *problem,
              size_t problem_size);
void agent_free(struct agent *agent);
int agent_run(struct agent *agent);

/* A connection with the agent's objects on it: done by the agent itself for its own bus. */
int agent_attach(struct agent *agent, sd_bus *bus);
void agent_detach(struct agent *agent);

/* Finds or makes. NULL without memory. */
struct user *agent_user(struct agent *agent, uid_t uid);

struct channel *agent_find_channel(struct agent *agent, uint64_t id);
struct channel *agent_find_key(struct agent *agent, uid_t uid, const char *app_id,
                               const char *name);

/* The sum over the channels of one user. */
void agent_status_of(struct agent *agent, uid_t uid, struct status *ret);

/* What is shown of a channel has changed: it is told at the end of this turn of the loop. */
void agent_channel_changed(struct agent *agent, struct channel *channel);
/* It has been told, or is about to go. */
void agent_channel_told(struct agent *agent, struct channel *channel);
/* The sum may have changed with the states of channels; told likewise. */
void agent_status_changed(struct agent *agent);

/* The name of a server was resolved, or not (`error`, and `problem` says why). `moved`: none of the
 * addresses of before is among the new ones. */
void agent_server_resolved(struct agent *agent, struct server *server, int error,
                           const char *problem, bool moved);
/* netmon's answer for a server has changed. */
void agent_server_paths(struct agent *agent, struct server *server);

/* Others that wait for the same host may try. */
void agent_host_good(struct agent *agent, struct channel *by);

/* A channel of this user may connect to this address. */
bool agent_may_reach(const struct agent *agent, uid_t uid, const struct address *address);

/* Offers what this peer may take again, on all channels. */
void agent_pump_peer(struct agent *agent, const struct peer *peer);
