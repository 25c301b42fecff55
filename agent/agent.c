/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "agent_store.h"
#include "bus_agent.h"
#include "bus_channel.h"
#include "bus_link.h"
#include "bus_peers.h"
#include "channel.h"
#include "cleanup.h"
#include "connection.h"
#include "connector.h"
#include "log.h"
#include "moment.h"
#include "names.h"
#include "record.h"
#include "resume.h"
#include "server.h"

/* A transient channel waits so long for its app when the bus itself went away. */
#define GRACE_USEC (30 * USEC_PER_SEC)
/* Others are told that a host answers at most so often. */
#define HOST_GOOD_USEC (30 * USEC_PER_SEC)
/* What nobody's user is left of goes after so long. */
#define ORPHAN_USEC (UINT64_C(30) * 24 * 3600 * USEC_PER_SEC)
#define RECONNECTS 4
#define RECONNECT_USEC (15 * USEC_PER_SEC)

struct user *agent_user(struct agent *agent, uid_t uid) {
        struct user *user;

        LIST_FOREACH(user, &agent->users, of_agent)
                if (user->uid == uid)
                        return user;
        user = calloc(1, sizeof(*user));
        if (!user)
                return NULL;
        user->uid = uid;
        user->reconnects = (struct bucket)BUCKET_INIT(RECONNECTS, RECONNECT_USEC);
        LIST_INSERT_HEAD(&agent->users, user, of_agent);
        return user;
}

struct channel *agent_find_channel(struct agent *agent, uint64_t id) {
        struct channel *channel;

        LIST_FOREACH(channel, &agent->channels, of_agent)
                if (channel->record->id == id)
                        return channel;
        return NULL;
}

struct channel *agent_find_key(struct agent *agent, uid_t uid, const char *app_id,
                               const char *name) {
        struct channel *channel;

        LIST_FOREACH(channel, &agent->channels, of_agent) {
                const struct store_channel *record = channel->record;

                if (record->uid == uid && strcmp(record->name, name) == 0 &&
                    strcmp(record->app_id, app_id) == 0)
                        return channel;
        }
        return NULL;
}

bool agent_may_reach(const struct agent *agent, uid_t uid, const struct address *address) {
        return agent->config.allow_special || uid == 0 || uid == getuid() ||
               !address_is_special(address);
}

static void add_to_status(const struct channel *channel, struct status *status) {
        const struct cause *cause = channel_cause(channel);

        status_add(status, &(struct status_channel){
                                   .state = channel_state(channel),
                                   .suspended = channel->record->suspended,
                                   .cause = cause->kind,
                                   .cause_usec = channel->cause_usec,
                                   .next_attempt_usec = channel->policy.next_attempt_usec,
                                   .n_queued = channel->record->counts.n_queued,
                           });
}

void agent_status_of(struct agent *agent, uid_t uid, struct status *ret) {
        struct channel *channel;

        *ret = (struct status){0};
        LIST_FOREACH(channel, &agent->channels, of_agent)
                if (channel->record->uid == uid)
                        add_to_status(channel, ret);
}

static void agent_update_status(struct agent *agent) {
        struct channel *channel;
        enum status_word word;

        agent->status_changed = false;
        agent->status = (struct status){0};
        LIST_FOREACH(channel, &agent->channels, of_agent)
                add_to_status(channel, &agent->status);
        word = status_word(&agent->status);
        if (word != agent->status_word) {
                agent->status_word = word;
                agent->status_since_usec = moment_now().usec;
        }
}

void agent_channel_changed(struct agent *agent, struct channel *channel) {
        if (!channel->changed)
                TAILQ_INSERT_TAIL(&agent->changed, channel, of_changed);
        channel->changed = true;
        (void)sd_event_source_set_enabled(agent->changes, SD_EVENT_ONESHOT);
}

void agent_channel_told(struct agent *agent, struct channel *channel) {
        if (channel->changed)
                TAILQ_REMOVE(&agent->changed, channel, of_changed);
        channel->changed = false;
}

void agent_status_changed(struct agent *agent) {
        agent->status_changed = true;
        (void)sd_event_source_set_enabled(agent->changes, SD_EVENT_ONESHOT);
}

/* The end of a turn in which something has changed: everything is told once. */
static int on_changes(sd_event_source *source, void *userdata) {
        struct agent *agent = userdata;
        struct channel *channel;

        while ((channel = TAILQ_FIRST(&agent->changed))) {
                agent_channel_told(agent, channel);
                bus_channel_tell(channel);
        }
        if (agent->status_changed)
                agent_update_status(agent);
        agent->status.n_queued = agent->n_queued;
        if (!agent->bus)
                return 0;
        bus_agent_tell(agent);
        if (agent->told.n_queued != agent->status.n_queued) {
                (void)sd_event_source_set_time(agent->later,
                                               agent->queued_told_usec + BUS_AGENT_QUEUED_USEC);
                (void)sd_event_source_set_enabled(agent->later, SD_EVENT_ONESHOT);
        }
        return 0;
}

static int on_later(sd_event_source *source, uint64_t usec, void *userdata) {
        return on_changes(source, userdata);
}

void agent_server_resolved(struct agent *agent, struct server *server, int error,
                           const char *problem, bool moved) {
        struct channel *channel;

        LIST_FOREACH(channel, &agent->channels, of_agent)
                if (channel->server == server)
                        channel_resolved(channel, error, problem, moved);
}

void agent_server_paths(struct agent *agent, struct server *server) {
        struct channel *channel;

        LIST_FOREACH(channel, &agent->channels, of_agent)
                if (channel->server == server)
                        channel_paths_changed(channel);
}

static void on_watch_changed(void *watch_userdata) {
        server_watch_changed(watch_userdata);
}

static void on_interfaces_changed(void *userdata) {
        struct agent *agent = userdata;
        struct channel *channel;
        struct server *server;

        LIST_FOREACH(channel, &agent->channels, of_agent)
                channel_paths_changed(channel);
        LIST_FOREACH(server, &agent->servers, of_agent)
                server_seek(server);
}

void agent_host_good(struct agent *agent, struct channel *by) {
        uint64_t now_usec = moment_now().usec;
        struct server *server = by->server;
        struct channel *channel;

        if (server->good_told_usec != 0 && now_usec < server->good_told_usec + HOST_GOOD_USEC)
                return;
        server->good_told_usec = now_usec;
        LIST_FOREACH(channel, &agent->channels, of_agent)
                if (channel != by && channel->server == server)
                        channel_step(channel, POLICY_HOST_GOOD, NULL);
}

void agent_pump_peer(struct agent *agent, const struct peer *peer) {
        struct channel *channel;

        LIST_FOREACH(channel, &agent->channels, of_agent)
                if (incoming_subscription(channel, peer))
                        incoming_pump(channel);
}

static void on_peer_gone(struct peer *peer, void *userdata) {
        struct agent *agent = userdata;
        struct channel *channel, *next;

        for (channel = LIST_FIRST(&agent->channels); channel; channel = next) {
                next = LIST_NEXT(channel, of_agent);
                incoming_forget(channel, peer);
                waiters_forget(channel, peer->name);
                if (channel->opener != peer)
                        continue;
                channel->opener = NULL;
                /* The bus going away is not the app's doing. */
                channel->grace_usec = moment_now().usec + (agent->bus ? 0 : GRACE_USEC);
                channel_settle(channel);
        }
}

int agent_attach(struct agent *agent, sd_bus *bus) {
        int r;

        r = bus_agent_register(agent, bus, &agent->slots[0]);
        if (r < 0)
                return r;
        r = bus_channel_register(agent, bus, &agent->slots[3], &agent->slots[4]);
        if (r < 0)
                return r;
        /* The last filter is the first to be asked: callers are known before anything else. */
        r = bus_peers_new(bus, on_peer_gone, agent, &agent->peers);
        if (r < 0)
                return r;
        agent->bus = bus;
        return netmon_client_attach(agent->netmon, bus);
}

static int on_bus_up(sd_bus *bus, void *userdata) {
        return agent_attach(userdata, bus);
}

static void on_bus_named(void *userdata) {
        log_notice("bus: %s is ours", AGENT_BUS_NAME);
        (void)sd_notify(0, "READY=1");
}

void agent_detach(struct agent *agent) {
        agent->bus = NULL;
        netmon_client_detach(agent->netmon);
        bus_peers_free(STEAL(agent->peers));
        for (size_t i = 0; i < sizeof(agent->slots) / sizeof(agent->slots[0]); i++)
                agent->slots[i] = sd_bus_slot_unref(agent->slots[i]);
}

static void on_bus_down(void *userdata) {
        agent_detach(userdata);
}

static const struct bus_link_owner bus_owner = {
        .up = on_bus_up,
        .named = on_bus_named,
        .down = on_bus_down,
};

static void on_resumed(void *userdata) {
        struct agent *agent = userdata;

        resume_told(agent->resume);
}

static const struct netmon_handlers netmon_handlers = {
        .watch_changed = on_watch_changed,
        .resumed = on_resumed,
        .interfaces_changed = on_interfaces_changed,
};

/* One channel as it was on disk. */
static void agent_restore(struct agent *agent, struct store_channel *record) {
        uint64_t id = record->id, now_usec = moment_now().realtime_usec;
        struct channel *channel;
        int r;

        r = channel_new(agent, record, &channel);
        if (r < 0) {
                log_error("channel %" PRIu64 ": cannot be restored: %s, ignoring", id,
                          strerror(-r));
                return;
        }
        if (!channel->record->options.persistent)
                channel->grace_usec = moment_now().usec + GRACE_USEC;
        if (channel->record->orphaned)
                channel_orphan(channel, now_usec, ORPHAN_USEC);
        else if (channel->record->closed_realtime_usec != 0)
                channel_adopt(channel);
        channel_start(channel);
}

static int agent_load(struct agent *agent) {
        struct store_channel **records;
        size_t n;
        int r;

        r = store_load_channels(agent->store, &records, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                agent_restore(agent, records[i]);
        free(records);
        log_info("queue: %zu channels", n);
        return 0;
}

static int agent_add_sources(struct agent *agent) {
        int r;

        r = agent_store_listen(agent);
        if (r < 0)
                return r;
        r = sd_event_add_defer(agent->event, &agent->changes, on_changes, agent);
        if (r < 0)
                return r;
        return sd_event_add_time(agent->event, &agent->later, CLOCK_BOOTTIME, USEC_NEVER, 0,
                                 on_later, agent);
}

static void agent_freep(struct agent **agent) {
        agent_free(*agent);
}

/* All parts but the queue. */
static int agent_add_parts(struct agent *agent) {
        int r;

        r = agent_add_sources(agent);
        if (r < 0)
                return r;
        r = resolver_new(agent->event, &agent->resolver);
        if (r < 0)
                return r;
        r = connector_new(agent->event, &agent->connector);
        if (r < 0)
                return r;
        r = netmon_client_new(&netmon_handlers, agent, &agent->netmon);
        if (r < 0)
                return r;
        r = resume_new(agent, &agent->resume);
        if (r < 0)
                return r;
        r = agent_load(agent);
        if (r < 0 || *agent->config.bus == '\0')
                return r;
        return bus_link_new(agent->event, agent->config.bus, AGENT_BUS_NAME, &bus_owner, agent,
                            &agent->bus_link);
}

int agent_new(const struct agent_config *config, struct agent **ret, char *problem,
              size_t problem_size) {
        CLEANUP(agent_freep) struct agent *agent = calloc(1, sizeof(*agent));
        int r;

        if (!agent) {
                (void)snprintf(problem, problem_size, "cannot start: %s", strerror(ENOMEM));
                return -ENOMEM;
        }
        agent->config = *config;
        agent->refused_end = &agent->refused;
        TAILQ_INIT(&agent->changed);
        agent->status_since_usec = moment_now().usec;
        r = sd_event_default(&agent->event);
        if (r >= 0) {
                r = store_open(config->state_directory, config->queue_bytes, &agent->store, problem,
                               problem_size);
                if (r < 0)
                        return r;
                r = agent_add_parts(agent);
        }
        if (r < 0) {
                (void)snprintf(problem, problem_size, "cannot start: %s", strerror(-r));
                return r;
        }
        *ret = STEAL(agent);
        return 0;
}

void agent_free(struct agent *agent) {
        if (!agent)
                return;
        if (agent->bus_link)
                bus_link_free(agent->bus_link);
        else if (agent->netmon)
                agent_detach(agent);
        while (!LIST_EMPTY(&agent->channels))
                channel_free(LIST_FIRST(&agent->channels));
        while (!LIST_EMPTY(&agent->users)) {
                struct user *user = LIST_FIRST(&agent->users);

                LIST_REMOVE(user, of_agent);
                free(user);
        }
        resume_free(agent->resume);
        netmon_client_free(agent->netmon);
        connector_free(agent->connector);
        resolver_free(agent->resolver);
        sd_event_source_disable_unref(agent->store_source);
        sd_event_source_disable_unref(agent->changes);
        sd_event_source_disable_unref(agent->later);
        sd_event_source_disable_unref(agent->refused_timer);
        /* What was accepted is written before the end. */
        store_free(agent->store);
        while (agent->refused) {
                struct store_request *next = agent->refused->next;

                store_request_free(agent->refused);
                agent->refused = next;
        }
        sd_event_unref(agent->event);
        free(agent);
}

int agent_run(struct agent *agent) {
        return sd_event_loop(agent->event);
}
