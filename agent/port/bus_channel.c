/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_channel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "bus_call.h"
#include "bus_channel_messages.h"
#include "bus_dict.h"
#include "bus_error.h"
#include "bus_options.h"
#include "bus_peers.h"
#include "channel.h"
#include "cleanup.h"
#include "names.h"
#include "netmon_decode.h"
#include "protocol.h"
#include "record.h"

bool channel_is_open_to(const struct channel *channel, const struct peer *peer) {
        return peer->known && (peer->uid == 0 ||
                               (peer->uid == channel->record->uid && !channel->record->orphaned));
}

bool channel_is_heard_by(const struct channel *channel, const struct peer *peer) {
        return channel_is_open_to(channel, peer) &&
               peer_hears(peer, channel->record->uid, channel->record->id);
}

/* Of the outcome "unsupported". */

static int method_reconnect(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct channel *channel = userdata;
        int r;

        r = bus_call_check(channel, error);
        if (r < 0)
                return r;
        r = bus_call_take_reconnect(channel->agent, m, error);
        if (r < 0)
                return r;
        channel_step(channel, POLICY_RECONNECT, NULL);
        return sd_bus_reply_method_return(m, NULL);
}

static int method_set_uri(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct channel *channel = userdata;
        struct store_channel *changed;
        const char *uri;
        char *copy;
        int r;

        r = bus_call_check(channel, error);
        if (r < 0)
                return r;
        r = sd_bus_message_read_basic(m, 's', &uri);
        if (r < 0)
                return r;
        r = bus_call_check_uri(channel->agent, channel->record->uid, uri, channel->protocol->word,
                               error);
        if (r < 0)
                return r;
        r = channel_copy_record(channel, &changed);
        if (r < 0)
                return r;
        copy = strdup(uri);
        if (!copy) {
                store_channel_free(changed);
                return -ENOMEM;
        }
        free(changed->uri);
        changed->uri = copy;
        r = channel_change(channel, changed, m);
        return r < 0 ? r : 1;
}

static int method_set_options(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        int r;

        r = bus_call_check(userdata, error);
        if (r < 0)
                return r;
        r = bus_call_set_options(userdata, m, m, error);
        return r < 0 ? r : 1;
}

static int set_suspended(sd_bus_message *m, struct channel *channel, bool suspended,
                         sd_bus_error *error) {
        struct store_channel *changed;
        int r;

        r = bus_call_check(channel, error);
        if (r < 0)
                return r;
        r = channel_copy_record(channel, &changed);
        if (r < 0)
                return r;
        changed->suspended = suspended;
        r = channel_change(channel, changed, m);
        return r < 0 ? r : 1;
}

static int method_suspend(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return set_suspended(m, userdata, true, error);
}

static int method_resume(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return set_suspended(m, userdata, false, error);
}

static int method_explain(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;
        r = bus_call_append_steps(userdata, reply);
        if (r < 0)
                return r;
        return sd_bus_send(NULL, reply, NULL);
}

static int method_close(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct channel *channel = userdata;
        uint64_t flush_usec = 0;
        bool discard = false;
        const struct bus_option table[] = {
                {"flush", "t", &flush_usec, NULL},
                {"discard", "b", &discard, NULL},
                {NULL, NULL, NULL, NULL},
        };
        int r;

        r = bus_options_read(m, table, error);
        if (r < 0)
                return r;
        if (channel->closing)
                return bus_error_namef(error, ERROR_CLOSED, "the channel is being closed");
        if (discard && flush_usec == 0) {
                channel_remove(channel, m);
                return 1;
        }
        return bus_call_wait(channel, m, flush_usec, discard ? WAITER_DISCARDS : WAITER_CLOSES,
                             error);
}

#define GETTER(name, type, ...)                                                            \
        static int get_##name(sd_bus *bus, const char *path, const char *interface,        \
                              const char *property, sd_bus_message *reply, void *userdata, \
                              sd_bus_error *error) {                                       \
                const struct channel *channel = userdata;                                  \
                                                                                           \
                return sd_bus_message_append(reply, type, __VA_ARGS__);                    \
        }

GETTER(name, "s", channel->record->name)
GETTER(uri, "s", channel->shown_uri)
GETTER(protocol, "s", channel->protocol->word)
GETTER(label, "s", channel->record->options.label)
GETTER(owner, "u", (uint32_t)channel->record->uid)
GETTER(app_id, "s", channel->record->app_id)
GETTER(state, "s", channel_state_string(channel_state(channel)))
GETTER(since, "t", channel->policy.since_usec)
GETTER(error, "(ss)", cause_error_name(channel_cause(channel)->kind), channel_cause(channel)->text)
GETTER(attempt, "u", channel_attempt(channel))
GETTER(next_attempt, "t", channel->policy.next_attempt_usec)
GETTER(last_recovery, "(ss)", recovery_string(channel->recovery.outcome),
       channel->recovery.reason[0] != '\0' ? channel->recovery.reason
                                           : recovery_text(channel->recovery.outcome))
GETTER(queued, "t", channel_queued(channel))
GETTER(in_flight, "t", channel_in_flight(channel))
GETTER(unread, "t", channel->record->counts.n_unread)
GETTER(parked, "t", channel->record->counts.n_parked)
GETTER(last_sent, "t", channel->sent_usec)
GETTER(last_received, "t", channel->received_usec)
GETTER(round_trip, "t", channel->link ? channel->link->heartbeat.round_trip_usec : 0)

static int get_path(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const struct channel *channel = userdata;

        return netmon_encode_path(reply, channel->used.ifindex != 0 ? &channel->used : NULL);
}

#define CONSTANT(name, type, get) SD_BUS_PROPERTY(name, type, get, 0, SD_BUS_VTABLE_PROPERTY_CONST)
#define TOLD(name, type, get) \
        SD_BUS_PROPERTY(name, type, get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

/* clang-format off */
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        CONSTANT("Name", "s", get_name),
        TOLD("Uri", "s", get_uri),
        CONSTANT("Protocol", "s", get_protocol),
        TOLD("Label", "s", get_label),
        CONSTANT("Owner", "u", get_owner),
        CONSTANT("AppId", "s", get_app_id),
        TOLD("State", "s", get_state),
        TOLD("Since", "t", get_since),
        TOLD("Error", "(ss)", get_error),
        TOLD("Attempt", "u", get_attempt),
        TOLD("NextAttempt", "t", get_next_attempt),
        TOLD("Path", "a{sv}", get_path),
        TOLD("LastRecovery", "(ss)", get_last_recovery),
        TOLD("Queued", "t", get_queued),
        TOLD("InFlight", "t", get_in_flight),
        TOLD("Unread", "t", get_unread),
        TOLD("Parked", "t", get_parked),
        SD_BUS_PROPERTY("LastSent", "t", get_last_sent, 0, 0),
        SD_BUS_PROPERTY("LastReceived", "t", get_last_received, 0, 0),
        SD_BUS_PROPERTY("RoundTrip", "t", get_round_trip, 0, 0),
        SD_BUS_METHOD_WITH_ARGS("Send", SD_BUS_ARGS("ay", payload, "a{sv}", options), SD_BUS_RESULT("t", id), method_send, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SendMany", SD_BUS_ARGS("a(aya{sv})", messages), SD_BUS_RESULT("at", ids), method_send_many, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Flush", SD_BUS_ARGS("t", timeout_usec), SD_BUS_NO_RESULT, method_flush, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_ARGS("t", id), SD_BUS_NO_RESULT, method_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Retry", SD_BUS_ARGS("at", ids), SD_BUS_NO_RESULT, method_retry, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Discard", SD_BUS_ARGS("at", ids), SD_BUS_NO_RESULT, method_discard, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetMessage", SD_BUS_ARGS("t", id), SD_BUS_RESULT("a{sv}", message), method_get_message, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetMessages", SD_BUS_ARGS("a{sv}", filter), SD_BUS_RESULT("aa{sv}", messages), method_get_messages, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Subscribe", SD_BUS_ARGS("u", credit, "a{sv}", options), SD_BUS_NO_RESULT, method_subscribe, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Unsubscribe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_unsubscribe, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Acknowledge", SD_BUS_ARGS("at", ids), SD_BUS_NO_RESULT, method_acknowledge, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reconnect", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_reconnect, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetUri", SD_BUS_ARGS("s", uri), SD_BUS_NO_RESULT, method_set_uri, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetOptions", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, method_set_options, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Suspend", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_suspend, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Resume", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_resume, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Explain", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", steps), method_explain, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Close", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, method_close, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("Received", SD_BUS_ARGS("t", id, "ay", payload, "a{sv}", meta), 0),
        SD_BUS_SIGNAL_WITH_ARGS("MessageStates", SD_BUS_ARGS("a(tss)", id_state_reason), 0),
        SD_BUS_SIGNAL_WITH_ARGS("Overflow", SD_BUS_NO_ARGS, 0),
        SD_BUS_SIGNAL_WITH_ARGS("Unsubscribed", SD_BUS_ARGS("s", reason), 0),
        SD_BUS_SIGNAL_WITH_ARGS("Recovered", SD_BUS_ARGS("s", outcome, "a{sv}", details), 0),
        SD_BUS_VTABLE_END,
};
/* clang-format on */

static int append_property(struct channel *channel, sd_bus_message *m, const sd_bus_vtable *v) {
        const char *name = v->x.property.member;
        int r;

        r = bus_dict_open(m, name, v->x.property.signature);
        if (r < 0)
                return r;
        r = v->x.property.get(channel->agent->bus, channel->path, AGENT_CHANNEL_INTERFACE, name, m,
                              channel, NULL);
        if (r < 0)
                return r;
        return bus_dict_close(m);
}

int bus_channel_append_property(struct channel *channel, sd_bus_message *m, const char *name) {
        for (const sd_bus_vtable *v = vtable; v->type != _SD_BUS_VTABLE_END; v++)
                if (v->type == _SD_BUS_VTABLE_PROPERTY && strcmp(v->x.property.member, name) == 0)
                        return append_property(channel, m, v);
        return -ENOENT;
}

int bus_channel_append_object(struct channel *channel, sd_bus_message *m) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sa{sv}}");
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'e', "sa{sv}");
        if (r < 0)
                return r;
        r = sd_bus_message_append_basic(m, 's', AGENT_CHANNEL_INTERFACE);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        for (const sd_bus_vtable *v = vtable; v->type != _SD_BUS_VTABLE_END; v++) {
                if (v->type != _SD_BUS_VTABLE_PROPERTY)
                        continue;
                r = append_property(channel, m, v);
                if (r < 0)
                        return r;
        }
        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

/* The object at a path, if the caller of the call that is being dispatched may use it. */
static int find_channel(sd_bus *bus, const char *path, const char *interface, void *userdata,
                        void **ret_found, sd_bus_error *error) {
        static const char prefix[] = AGENT_CHANNEL_PATH "/";
        sd_bus_message *call = sd_bus_get_current_message(bus);
        struct agent *agent = userdata;
        struct channel *channel;
        const struct peer *peer;
        char *end;
        uint64_t id;

        if (!call || strncmp(path, prefix, sizeof(prefix) - 1) != 0)
                return 0;
        id = strtoull(path + sizeof(prefix) - 1, &end, 10);
        channel = agent_find_channel(agent, id);
        peer = bus_peers_caller(agent->peers, call);
        /* The path as it was given out, not another spelling of the number. */
        if (!channel || !peer || strcmp(channel->path, path) != 0 ||
            !channel_is_open_to(channel, peer))
                return 0;
        *ret_found = channel;
        return 1;
}

static int list_channels(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
                         sd_bus_error *error) {
        sd_bus_message *call = sd_bus_get_current_message(bus);
        struct agent *agent = userdata;
        const struct peer *peer = call ? bus_peers_caller(agent->peers, call) : NULL;
        struct channel *channel;
        size_t n = 0;
        char **nodes;

        LIST_FOREACH(channel, &agent->channels, of_agent)
                n++;
        nodes = calloc(n + 1, sizeof(*nodes));
        if (!nodes)
                return -ENOMEM;
        n = 0;
        LIST_FOREACH(channel, &agent->channels, of_agent) {
                if (!peer || !channel_is_open_to(channel, peer))
                        continue;
                nodes[n] = strdup(channel->path);
                if (!nodes[n++]) {
                        for (size_t i = 0; nodes[i]; i++)
                                free(nodes[i]);
                        free(nodes);
                        return -ENOMEM;
                }
        }
        *ret_nodes = nodes;
        return 0;
}

int bus_channel_register(struct agent *agent, sd_bus *bus, sd_bus_slot **ret_objects,
                         sd_bus_slot **ret_nodes) {
        int r;

        r = sd_bus_add_fallback_vtable(bus, ret_objects, AGENT_CHANNEL_PATH,
                                       AGENT_CHANNEL_INTERFACE, vtable, find_channel, agent);
        if (r < 0)
                return r;
        return sd_bus_add_node_enumerator(bus, ret_nodes, AGENT_CHANNEL_PATH, list_channels, agent);
}
