/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent_store.h"

#include <errno.h>
#include <string.h>

#include "agent.h"
#include "bus_agent.h"
#include "bus_call.h"
#include "bus_channel.h"
#include "bus_error.h"
#include "bus_peers.h"
#include "channel.h"
#include "cleanup.h"
#include "connection.h"
#include "log.h"
#include "moment.h"
#include "names.h"
#include "record.h"

/* What the disk refused is asked of it again after so long. */
#define REFUSED_USEC USEC_PER_SEC
#define STORE_BUSY_BYTES ((size_t)16 << 20)
#define STORE_FLOODED_BYTES ((size_t)64 << 20)

bool agent_store_refuses(const struct agent *agent) {
        return agent->refused || agent->retried;
}

bool agent_store_is_busy(const struct agent *agent) {
        return store_pending_bytes(agent->store) > STORE_BUSY_BYTES;
}

bool agent_store_is_flooded(const struct agent *agent) {
        return store_pending_bytes(agent->store) > STORE_FLOODED_BYTES;
}

static void release_call(void *context) {
        sd_bus_message_unref(context);
}

void agent_submit(struct agent *agent, struct store_request *request, sd_bus_message *call) {
        request->now_realtime_usec = moment_now().realtime_usec;
        request->round = agent->round;
        if (call) {
                request->context = sd_bus_message_ref(call);
                request->release_context = release_call;
        }
        store_submit(agent->store, request);
}

int agent_open_channel(struct agent *agent, struct store_channel *record, sd_bus_message *call) {
        struct store_request *request = store_request_new(STORE_CHANNEL_PUT, 0);
        struct user *user = agent_user(agent, record->uid);

        if (!request || !user) {
                store_request_free(request);
                store_channel_free(record);
                return -ENOMEM;
        }
        user->n_channels++;
        request->put = record;
        agent_submit(agent, request, call);
        return 0;
}

static void channel_made(struct agent *agent, struct store_request *request, sd_bus_message *call) {
        struct user *user = agent_user(agent, request->put->uid);
        struct channel *channel;
        struct peer *peer;
        int r = request->error;

        user->n_channels--; /* channel_new() counts it */
        if (r == -EEXIST) {
                bus_agent_open(agent, call);
                return;
        }
        if (r >= 0)
                r = channel_new(agent, STEAL(request->put), &channel);
        if (r < 0) {
                (void)sd_bus_reply_method_errorf(call, bus_error_name(r),
                                                 "the channel cannot be stored");
                return;
        }
        peer = agent->peers ? bus_peers_caller(agent->peers, call) : NULL;
        if (peer)
                (void)peer_attach(peer, channel->record->id);
        if (!channel->record->options.persistent) {
                channel->opener = peer;
                if (!peer)
                        channel->grace_usec = moment_now().usec;
        }
        (void)sd_bus_reply_method_return(call, "o", channel->path);
        bus_channel_added(channel);
        channel_start(channel);
}

static void channel_removed(struct channel *channel, struct store_request *request,
                            sd_bus_message *call) {
        struct agent *agent = channel->agent;
        struct peer *peer;

        if (request->error < 0) {
                channel->closing = false;
                if (call)
                        (void)sd_bus_reply_method_errorf(call, bus_error_name(request->error),
                                                         "the channel cannot be removed");
                channel_start(channel);
                channel_settle(channel); /* a suspended one does not start */
                return;
        }
        if (call)
                (void)sd_bus_reply_method_return(call, NULL);
        if (agent->peers) {
                incoming_close(channel);
                bus_channel_removed(channel);
                for (peer = bus_peers_first(agent->peers); peer; peer = LIST_NEXT(peer, of_peers))
                        peer_forget_channel(peer, channel->record->id);
        }
        channel_free(channel);
}

/* True: the request is kept by whom it is for. */
static bool request_done(struct agent *agent, struct store_request *request, sd_bus_message *call) {
        struct channel *channel = agent_find_channel(agent, request->channel);
        bool kept = false;

        if (request->kind == STORE_CHANNEL_PUT && request->channel == 0) {
                channel_made(agent, request, call);
                return false;
        }
        if (!channel) {
                if (call)
                        (void)sd_bus_reply_method_errorf(call, ERROR_CLOSED,
                                                         "the channel is closed");
                return false;
        }
        switch (request->kind) {
        case STORE_CHANNEL_PUT:
                channel_change_done(channel, request, call);
                return false;
        case STORE_CHANNEL_REMOVE:
                channel_removed(channel, request, call);
                return false;
        case STORE_SEND:
        case STORE_FINISH:
        case STORE_MARK_SENT:
        case STORE_COUNT_TRY:
        case STORE_READ_OUT:
        case STORE_EXPIRE:
        case STORE_RETRY:
        case STORE_DISCARD:
                outgoing_done(channel, request, call);
                break;
        case STORE_RECEIVE:
        case STORE_READ_IN:
        case STORE_ACKNOWLEDGE:
                kept = incoming_done(channel, request, call);
                break;
        case STORE_LIST:
                kept = call ? bus_call_list_done(channel, request, call)
                            : incoming_done(channel, request, call);
                break;
        }
        channel_share_reading(channel);
        channel_settle(channel);
        return kept;
}

/* Nobody waits for it, and it may succeed later: it is not given up. */
static bool request_is_refused(const struct store_request *request) {
        return !request->context &&
               (request->error == -EIO || request->error == -ENOSPC || request->error == -ENOMEM);
}

static void agent_refuse(struct agent *agent, struct store_request *request) {
        if (!agent->refused)
                log_warning("queue: cannot be written (%s), retrying", strerror(-request->error));
        request->error = 0;
        request->next = NULL;
        *agent->refused_end = request;
        agent->refused_end = &request->next;
        (void)sd_event_source_set_time(agent->refused_timer, moment_now().usec + REFUSED_USEC);
        (void)sd_event_source_set_enabled(agent->refused_timer, SD_EVENT_ONESHOT);
}

static int on_refused_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        struct agent *agent = userdata;
        struct store_request *request = agent->refused;

        agent->round++;
        agent->refused = NULL;
        agent->refused_end = &agent->refused;
        while (request) {
                struct store_request *next = request->next;

                agent->retried = request;
                agent_submit(agent, request, NULL);
                request = next;
        }
        return 0;
}

/* What the store held back goes on, on every channel. */
static void agent_go_on(struct agent *agent) {
        struct channel *channel;

        LIST_FOREACH(channel, &agent->channels, of_agent) {
                channel_share_reading(channel);
                outgoing_pump(channel);
                incoming_pump(channel);
                channel_settle(channel);
        }
}

static bool agent_is_held_back(const struct agent *agent) {
        return agent_store_refuses(agent) || agent_store_is_busy(agent);
}

static int on_store(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct agent *agent = userdata;
        bool was_held_back = agent_is_held_back(agent);
        struct store_request *request;

        while ((request = store_take_done(agent->store))) {
                if (request == agent->retried)
                        agent->retried = NULL;
                if (request_is_refused(request))
                        agent_refuse(agent, request);
                else if (!request_done(agent, request, request->context))
                        store_request_free(request);
        }
        if (was_held_back && !agent_is_held_back(agent))
                agent_go_on(agent);
        return 0;
}

int agent_store_listen(struct agent *agent) {
        int r;

        r = sd_event_add_io(agent->event, &agent->store_source, store_fd(agent->store), EPOLLIN,
                            on_store, agent);
        if (r < 0)
                return r;
        return sd_event_add_time(agent->event, &agent->refused_timer, CLOCK_BOOTTIME, USEC_NEVER, 0,
                                 on_refused_timer, agent);
}
