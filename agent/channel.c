/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "bus_channel.h"
#include "cleanup.h"
#include "connection.h"
#include "log.h"
#include "moment.h"
#include "names.h"
#include "power.h"
#include "protocol.h"
#include "record.h"
#include "server.h"
#include "view.h"

/* So long a channel waits for netmon's first answer before it connects anyway. */
#define START_WAIT_USEC USEC_PER_SEC
#define TIMER_ACCURACY_USEC (5 * USEC_PER_MSEC)

enum channel_state channel_state(const struct channel *channel) {
        if (channel->closing)
                return CHANNEL_CLOSED;
        if (channel->record->orphaned)
                return CHANNEL_FAILED;
        if (channel->policy.state == CHANNEL_CONNECTED && channel->recovering)
                return CHANNEL_RECOVERING;
        return channel->policy.state;
}

const struct cause *channel_cause(const struct channel *channel) {
        static const struct cause orphaned = {
                .kind = CAUSE_ORPHANED,
                .text = "the user that it belongs to does not exist any more",
        };

        return channel->record->orphaned ? &orphaned : &channel->policy.cause;
}

uint32_t channel_attempt(const struct channel *channel) {
        switch (channel_state(channel)) {
        case CHANNEL_CONNECTING:
        case CHANNEL_BACKOFF:
        case CHANNEL_WAITING:
        case CHANNEL_FAILED:
                return channel->policy.failures + 1;
        case CHANNEL_IDLE:
        case CHANNEL_RECOVERING:
        case CHANNEL_CONNECTED:
        case CHANNEL_CLOSED:
        case CHANNEL_STATE_COUNT:
                return 0;
        }
        return 0;
}

uint64_t channel_in_flight(const struct channel *channel) {
        return channel->out.outbox.n_written;
}

uint64_t channel_queued(const struct channel *channel) {
        uint64_t n = channel->record->counts.n_queued, n_written = channel->out.outbox.n_written;

        return n > n_written ? n - n_written : 0;
}

bool channel_is_writable(const struct channel *channel) {
        return channel->link && !channel->retiring && !channel->link->held;
}

static uint64_t earliest(uint64_t a, uint64_t b) {
        return b != 0 && b < a ? b : a;
}

static uint64_t channel_deadline(const struct channel *channel) {
        const struct link *attempt = channel->attempt;
        uint64_t usec = channel->policy.deadline_usec;

        /* What ran out in sleep says nothing of the server: all else waits. */
        if (channel->resume_usec != 0)
                return earliest(channel->resume_usec, channel->grace_usec);
        if (channel->link)
                usec = earliest(usec, link_deadline(channel->link));
        if (channel->retiring)
                usec = earliest(usec, channel->retire_usec);
        if (attempt && !attempt->transport)
                usec = earliest(usec, attempt->steps.started_usec +
                                              channel->record->options.connect_timeout_usec);
        usec = earliest(usec, channel->start_usec);
        usec = earliest(usec, channel->grace_usec);
        usec = earliest(usec, outgoing_deadline(channel));
        usec = earliest(usec, bus_channel_due_usec(channel));
        return earliest(usec, incoming_deadline(channel));
}

void channel_settle(struct channel *channel) {
        uint64_t usec = channel_deadline(channel);

        if (usec != channel->timer_usec) {
                channel->timer_usec = usec;
                (void)sd_event_source_set_time(channel->timer, usec);
                (void)sd_event_source_set_enabled(
                        channel->timer, usec == USEC_NEVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
        }
        agent_channel_changed(channel->agent, channel);
}

static void channel_update_view(struct channel *channel, struct policy_view *ret) {
        const struct path *best, *used;
        struct view_input input = {
                .interfaces = netmon_client_interfaces(channel->agent->netmon),
                .refuse_metered = channel->record->options.refuse_metered,
                .link = link_use(channel->link),
                .attempt = link_use(channel->attempt),
        };

        input.n_answers = server_answers(channel->server, input.answers);
        view_build(&input, ret, &best);
        channel->best = best ? *best : (struct path){0};
        used = view_link_path(&input);
        if (used)
                channel->used = *used;
        else if (!ret->known)
                channel->used = (struct path){0};
}

void channel_step(struct channel *channel, enum policy_event event, const struct cause *cause) {
        enum cause_kind kind = channel->policy.cause.kind;
        struct cause failure;
        struct policy_view view;
        unsigned actions;

        for (;;) {
                struct moment at = moment_now();

                if (event == POLICY_FAILED || event == POLICY_LOST) {
                        struct policy_options options;

                        channel_options_policy(&channel->record->options, power_backoff_cap_usec(),
                                               &options);
                        policy_set_options(&channel->policy, &options);
                }
                if (event == POLICY_PATH)
                        channel_update_view(channel, &view);
                actions = policy_step(&channel->policy, event, &view, cause, &at);
                if (channel_perform(channel, actions, &failure))
                        break;
                if (channel->attempt)
                        channel_keep_steps(channel, &failure);
                channel_drop_attempt(channel);
                event = POLICY_FAILED;
                cause = &failure;
        }
        if (channel->policy.cause.kind != kind)
                channel->cause_usec = moment_now().usec;
        channel_share_reading(channel);
        channel_settle(channel);
        agent_status_changed(channel->agent);
}

void channel_paths_changed(struct channel *channel) {
        /* Half an answer, of one family, may look like none: the other half is on its way. */
        if (!server_is_pending(channel->server))
                channel_step(channel, POLICY_PATH, NULL);
        if (channel->start_usec != 0)
                channel_start(channel);
}

void channel_start(struct channel *channel) {
        struct moment at = moment_now();

        if (channel->started || channel->closing || channel->record->suspended ||
            channel->record->orphaned)
                return;
        if (channel->in.blocked) {
                channel_stop(channel, CAUSE_INBOX_FULL, "the app does not take its messages");
                return;
        }
        /* netmon's first word is worth a moment: it may save an attempt without a path. */
        if (channel->start_usec == 0)
                channel->start_usec = at.usec + START_WAIT_USEC;
        if (!server_is_pending(channel->server) || at.usec >= channel->start_usec) {
                channel->start_usec = 0;
                channel->started = true;
                channel_step(channel, POLICY_PATH, NULL);
                channel_step(channel, POLICY_START, NULL);
        }
        channel_settle(channel);
}

void channel_resume_at(struct channel *channel, uint64_t usec) {
        channel->resume_usec = usec;
        channel_settle(channel);
}

void channel_stop(struct channel *channel, enum cause_kind kind, const char *text) {
        struct cause cause;

        channel->start_usec = 0;
        channel->started = false;
        cause_setf(&cause, kind, "%s", text);
        channel_step(channel, POLICY_STOP, &cause);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        struct channel *channel = userdata;
        struct moment at = moment_now();

        channel->timer_usec = USEC_NEVER; /* it was a one-shot */
        if (channel->grace_usec != 0 && at.usec >= channel->grace_usec) {
                channel->grace_usec = 0;
                channel_remove(channel, NULL);
                return 0;
        }
        if (channel->resume_usec > at.usec) {
                channel_settle(channel);
                return 0;
        }
        if (channel->resume_usec != 0) {
                channel->resume_usec = 0;
                channel_step(channel, POLICY_RESUMED, NULL);
        }
        channel_tick_links(channel, &at);
        if (channel->start_usec != 0 && at.usec >= channel->start_usec)
                channel_start(channel);
        outgoing_tick(channel, &at);
        incoming_tick(channel, &at);
        channel_step(channel, POLICY_TICK, NULL);
        return 0;
}

void channel_free(struct channel *channel) {
        if (!channel)
                return;
        if (channel->user) {
                LIST_REMOVE(channel, of_agent);
                agent_channel_told(channel->agent, channel);
                agent_status_changed(channel->agent);
                channel->agent->n_queued -= channel->record->counts.n_queued;
                channel->user->n_channels--;
                channel->user->bytes -=
                        channel->record->counts.queued_bytes + channel->record->counts.unread_bytes;
        }
        sd_event_source_disable_unref(channel->timer);
        link_free(channel->attempt);
        link_free(channel->link);
        link_free(channel->retiring);
        outgoing_deinit(channel);
        incoming_deinit(channel);
        server_release(channel->server);
        uri_deinit(&channel->uri);
        uri_deinit(&channel->proxy);
        free(channel->shown_uri);
        store_channel_free(channel->record);
        free(channel);
}

static void channel_freep(struct channel **channel) {
        channel_free(*channel);
}

/* Takes the record's URI and proxy apart, into places that own nothing yet. */
int channel_set_server(struct channel *channel, const struct store_channel *record) {
        const char *proxy =
                *record->options.proxy ? record->options.proxy : channel->agent->config.proxy;
        struct uri uri = {0}, proxy_uri = {0};
        CLEANUP(freep) char *shown = uri_redact(record->uri);
        const struct protocol_row *protocol = NULL;
        char problem[256];
        struct server *server;
        int r;

        if (!shown)
                return -ENOMEM;
        r = uri_parse(record->uri, &uri, problem, sizeof(problem));
        if (r >= 0) {
                protocol = protocol_find(uri.scheme, record->options.protocol);
                if (!protocol)
                        r = -EINVAL;
        }
        if (r >= 0 && *proxy)
                r = uri_parse_proxy(proxy, &proxy_uri, problem, sizeof(problem));
        if (r >= 0)
                r = server_acquire(channel->agent, *proxy ? proxy_uri.host : uri.host,
                                   *proxy ? proxy_uri.is_address : uri.is_address, &server);
        if (r < 0) {
                uri_deinit(&uri);
                uri_deinit(&proxy_uri);
                return r;
        }
        /* What another server calls its messages means nothing here. */
        if (channel->uri.target && !uri_same_place(&channel->uri, &uri))
                incoming_move(channel, NULL, NULL);
        server_release(channel->server);
        uri_deinit(&channel->uri);
        uri_deinit(&channel->proxy);
        free(channel->shown_uri);
        channel->server = server;
        channel->uri = uri;
        channel->protocol = protocol;
        channel->proxy = proxy_uri;
        channel->has_proxy = *proxy != '\0';
        channel->shown_uri = STEAL(shown);
        return 0;
}

int channel_new(struct agent *agent, struct store_channel *record, struct channel **ret) {
        CLEANUP(channel_freep) struct channel *channel = calloc(1, sizeof(*channel));
        struct moment at = moment_now();
        struct policy_options options;
        struct user *user;
        int r;

        if (!channel) {
                store_channel_free(record);
                return -ENOMEM;
        }
        channel->agent = agent;
        channel->record = record;
        channel->timer_usec = USEC_NEVER;
        r = channel_set_server(channel, record);
        if (r < 0)
                return r;
        (void)snprintf(channel->path, sizeof(channel->path), "%s/%" PRIu64, AGENT_CHANNEL_PATH,
                       record->id);
        channel_options_policy(&record->options, power_backoff_cap_usec(), &options);
        policy_init(&channel->policy, &options, &at);
        outgoing_init(channel);
        incoming_init(channel);
        r = sd_event_add_time(agent->event, &channel->timer, CLOCK_BOOTTIME, USEC_NEVER,
                              TIMER_ACCURACY_USEC, on_timer, channel);
        if (r < 0)
                return r;
        user = agent_user(agent, record->uid);
        if (!user)
                return -ENOMEM;
        user->n_channels++;
        user->bytes += record->counts.queued_bytes + record->counts.unread_bytes;
        channel->user = user;
        agent->n_queued += record->counts.n_queued;
        LIST_INSERT_HEAD(&agent->channels, channel, of_agent);
        agent_status_changed(agent);
        *ret = STEAL(channel);
        return 0;
}
