/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "agent_store.h"
#include "bus_error.h"
#include "channel.h"
#include "cleanup.h"
#include "log.h"
#include "power.h"

static void store_channel_freep(struct store_channel **record) {
        store_channel_free(*record);
}

int channel_copy_record(const struct channel *channel, struct store_channel **ret) {
        const struct store_channel *record = channel->update ? channel->update : channel->record;
        CLEANUP(store_channel_freep) struct store_channel *copy = calloc(1, sizeof(*copy));
        int r;

        if (!copy)
                return -ENOMEM;
        r = channel_options_copy(&copy->options, &record->options);
        if (r < 0)
                return r;
        copy->uri = strdup(record->uri);
        if (!copy->uri)
                return -ENOMEM;
        copy->id = record->id;
        copy->suspended = record->suspended;
        copy->was_connected = record->was_connected;
        copy->closed_realtime_usec = record->closed_realtime_usec;
        *ret = STEAL(copy);
        return 0;
}

int channel_change(struct channel *channel, struct store_channel *changed, sd_bus_message *call) {
        struct store_request *request = store_request_new(STORE_CHANNEL_PUT, channel->record->id);

        if (!request) {
                store_channel_free(changed);
                return -ENOMEM;
        }
        request->put = changed;
        channel->update = changed;
        agent_submit(channel->agent, request, call);
        return 0;
}

void channel_save_connected(struct channel *channel) {
        struct store_channel *changed;

        channel->record->was_connected = true;
        if (channel_copy_record(channel, &changed) < 0)
                return; /* the next connection passes for the first one */
        changed->was_connected = true;
        (void)channel_change(channel, changed, NULL);
}

/* What is on disk holds now. */
static int channel_apply(struct channel *channel, struct store_channel *changed) {
        struct store_channel *record = channel->record;
        bool new_server = strcmp(record->uri, changed->uri) != 0 ||
                          strcmp(record->options.proxy, changed->options.proxy) != 0;
        struct policy_options options;
        int r;

        if (strcmp(record->uri, changed->uri) != 0 ||
            strcmp(record->options.label, changed->options.label) != 0)
                channel->revision++;
        if (new_server) {
                r = channel_set_server(channel, changed);
                if (r < 0)
                        return r;
        }
        free(record->uri);
        record->uri = STEAL(changed->uri);
        channel_options_deinit(&record->options);
        record->options = changed->options;
        changed->options = (struct channel_options){0};
        channel_options_policy(&record->options, power_backoff_cap_usec(), &options);
        policy_set_options(&channel->policy, &options);
        record->closed_realtime_usec = changed->closed_realtime_usec;
        outgoing_set_window(channel);
        if (record->suspended != changed->suspended) {
                record->suspended = changed->suspended;
                if (record->suspended)
                        channel_stop(channel, CAUSE_SUSPENDED, "");
                else
                        channel_start(channel);
        } else if (channel->started && new_server) {
                channel_step(channel, POLICY_NEW_SERVER, NULL);
        }
        return 0;
}

/* The owner has changed something: it shows, and what had stopped may try again. */
static void reply_changed(struct channel *channel, sd_bus_message *call) {
        if (channel->started)
                channel_step(channel, POLICY_REARM, NULL);
        channel_paths_changed(channel); /* other paths count now */
        if (strcmp(sd_bus_message_get_member(call), "OpenChannel") == 0)
                (void)sd_bus_reply_method_return(call, "o", channel->path);
        else
                (void)sd_bus_reply_method_return(call, NULL);
}

void channel_change_done(struct channel *channel, struct store_request *request,
                         sd_bus_message *call) {
        int r = request->error;

        if (channel->update == request->put)
                channel->update = NULL;
        if (r >= 0)
                r = channel_apply(channel, request->put);
        if (r < 0 && call)
                (void)sd_bus_reply_method_errorf(call, bus_error_name(r),
                                                 "the channel cannot be written");
        else if (call)
                reply_changed(channel, call);
        channel_settle(channel);
}

void channel_remove(struct channel *channel, sd_bus_message *call) {
        struct store_request *request;

        if (!channel->closing) {
                channel->closing = true;
                agent_status_changed(channel->agent);
                channel_stop(channel, CAUSE_SUSPENDED, "");
        }
        request = store_request_new(STORE_CHANNEL_REMOVE, channel->record->id);
        if (request)
                agent_submit(channel->agent, request, call);
        else if (call)
                (void)sd_bus_reply_method_errorf(call, SD_BUS_ERROR_NO_MEMORY, "no memory");
}

void channel_set_counts(struct channel *channel, const struct store_counts *counts) {
        struct store_counts *known = &channel->record->counts;

        channel->agent->n_queued += counts->n_queued - known->n_queued;
        channel->user->bytes -= known->queued_bytes + known->unread_bytes;
        channel->user->bytes += counts->queued_bytes + counts->unread_bytes;
        *known = *counts;
}

void channel_orphan(struct channel *channel, uint64_t now_realtime_usec, uint64_t kept_usec) {
        uint64_t since_usec = channel->record->closed_realtime_usec;
        struct option_value none = {.type = OPTION_PAIRS};
        struct store_channel *changed;
        char problem[128];

        if (since_usec != 0 && now_realtime_usec > since_usec + kept_usec) {
                channel_remove(channel, NULL);
                return;
        }
        if (channel_copy_record(channel, &changed) < 0)
                return; /* the next start does it */
        if (since_usec == 0)
                changed->closed_realtime_usec = now_realtime_usec;
        else
                (void)channel_options_set(&changed->options, "headers", &none, problem,
                                          sizeof(problem));
        (void)channel_change(channel, changed, NULL);
}

void channel_adopt(struct channel *channel) {
        struct store_channel *changed;

        if (channel_copy_record(channel, &changed) < 0)
                return;
        changed->closed_realtime_usec = 0;
        (void)channel_change(channel, changed, NULL);
}
