/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "agent_store.h"
#include "bus_call.h"
#include "bus_channel.h"
#include "bus_error.h"
#include "bus_options.h"
#include "bus_peers.h"
#include "channel.h"
#include "cleanup.h"
#include "names.h"
#include "protocol.h"
#include "text.h"

static void store_channel_freep(struct store_channel **record) {
        store_channel_free(*record);
}

/* A record of the arguments of OpenChannel, with the defaults of what was not given. */
static int read_record(sd_bus_message *m, struct store_channel **ret, sd_bus_error *error) {
        CLEANUP(store_channel_freep) struct store_channel *record = calloc(1, sizeof(*record));
        const char *name, *uri;
        int r;

        if (!record)
                return -ENOMEM;
        r = sd_bus_message_read(m, "ss", &name, &uri);
        if (r < 0)
                return r;
        if (!text_is_channel_name(name))
                return bus_error_setf(error, -EINVAL,
                                      "the name must be 1 to 128 of [A-Za-z0-9._/-]");
        r = channel_options_init(&record->options);
        if (r < 0)
                return r;
        r = bus_options_read_channel(m, &record->options, error);
        if (r < 0)
                return r;
        record->name = strdup(name);
        record->uri = strdup(uri);
        record->app_id = strdup(record->options.app_id);
        if (!record->name || !record->uri || !record->app_id)
                return -ENOMEM;
        *ret = STEAL(record);
        return 0;
}

/* The key is taken: the given options are applied, unless it is another server's. */
static int open_known(struct channel *channel, const struct store_channel *wanted,
                      struct peer *peer, sd_bus_message *call, sd_bus_error *error) {
        int r;

        r = bus_call_check(channel, error);
        if (r < 0)
                return r;
        if (strcmp(channel->record->uri, wanted->uri) != 0 ||
            protocol_find(channel->uri.scheme, wanted->options.protocol) != channel->protocol)
                return bus_error_namef(error, ERROR_EXISTS,
                                       "the channel exists with another URI; see SetUri");
        r = peer_attach(peer, channel->record->id);
        if (r < 0)
                return r;
        r = sd_bus_message_rewind(call, true);
        if (r < 0)
                return r;
        r = sd_bus_message_skip(call, "ss");
        if (r < 0)
                return r;
        r = bus_call_set_options(channel, call, call, error);
        if (r >= 0 && !channel->record->options.persistent) {
                channel->opener = peer;
                channel->grace_usec = 0;
        }
        return r;
}

static int open_channel(struct agent *agent, sd_bus_message *call, sd_bus_error *error) {
        CLEANUP(store_channel_freep) struct store_channel *record = NULL;
        struct peer *peer = bus_peers_caller(agent->peers, call);
        struct channel *known;
        const struct user *user;
        int r;

        r = read_record(call, &record, error);
        if (r < 0)
                return r;
        r = bus_call_check_uri(agent, peer->uid, record->uri, record->options.protocol, error);
        if (r < 0)
                return r;
        known = agent_find_key(agent, peer->uid, record->app_id, record->name);
        if (known)
                return open_known(known, record, peer, call, error);
        user = agent_user(agent, peer->uid);
        if (!user)
                return -ENOMEM;
        if (peer->uid != 0 && user->n_channels >= agent->config.user_channels)
                return bus_error_namef(error, ERROR_QUOTA_EXCEEDED,
                                       "this user has %u channels, and no more are allowed",
                                       user->n_channels);
        record->uid = peer->uid;
        return agent_open_channel(agent, STEAL(record), call);
}

void bus_agent_open(struct agent *agent, sd_bus_message *call) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        /* The caller may be gone meanwhile, and its answer with it. */
        if (!agent->peers || !bus_peers_caller(agent->peers, call))
                return;
        r = sd_bus_message_rewind(call, true);
        if (r >= 0)
                r = open_channel(agent, call, &error);
        if (r < 0)
                (void)sd_bus_reply_method_errno(call, r, &error);
}

static int method_open_channel(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        int r;

        r = open_channel(userdata, m, error);
        return r < 0 ? r : 1;
}

static int method_get_channel(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct agent *agent = userdata;
        struct peer *peer = bus_peers_caller(agent->peers, m);
        const char *name, *app_id = "";
        const struct bus_option table[] = {
                {"app-id", "s", &app_id, NULL},
                {NULL, NULL, NULL, NULL},
        };
        struct channel *channel;
        int r;

        r = sd_bus_message_read_basic(m, 's', &name);
        if (r < 0)
                return r;
        r = bus_options_read(m, table, error);
        if (r < 0)
                return r;
        channel = agent_find_key(agent, peer->uid, app_id, name);
        if (!channel || !channel_is_open_to(channel, peer))
                return bus_error_setf(error, -ENOENT, "there is no channel \"%s\"", name);
        r = peer_attach(peer, channel->record->id);
        if (r < 0)
                return r;
        return sd_bus_reply_method_return(m, "o", channel->path);
}

static int method_attach(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct agent *agent = userdata;
        struct peer *peer = bus_peers_caller(agent->peers, m);
        bool all = false;
        const struct bus_option table[] = {
                {"all", "b", &all, NULL},
                {NULL, NULL, NULL, NULL},
        };
        int r;

        r = bus_options_read(m, table, error);
        if (r < 0)
                return r;
        if (all && peer->uid != 0)
                return bus_error_setf(error, -EACCES, "only root hears the channels of all users");
        peer->attached = true;
        peer->attached_all = all;
        return sd_bus_reply_method_return(m, NULL);
}

static int method_detach(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct agent *agent = userdata;

        peer_detach(bus_peers_caller(agent->peers, m));
        return sd_bus_reply_method_return(m, NULL);
}

static uint64_t latest_since(const struct agent *agent, uid_t uid) {
        uint64_t usec = 0;
        struct channel *channel;

        LIST_FOREACH(channel, &agent->channels, of_agent)
                if (channel->record->uid == uid && channel->policy.since_usec > usec)
                        usec = channel->policy.since_usec;
        return usec;
}

static int method_status_for(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct agent *agent = userdata;
        const struct peer *peer = bus_peers_caller(agent->peers, m);
        struct status status;
        enum status_word word;
        uint32_t uid;
        int r;

        r = sd_bus_message_read_basic(m, 'u', &uid);
        if (r < 0)
                return r;
        if (uid != peer->uid && peer->uid != 0)
                return bus_error_setf(error, -EACCES, "only root sees the status of other users");
        agent_status_of(agent, (uid_t)uid, &status);
        word = status_word(&status);
        return sd_bus_reply_method_return(
                m, "a{sv}", 8, "Status", "s", status_word_string(word), "StatusSince", "t",
                latest_since(agent, (uid_t)uid), "StatusText", "s", status_word_text(word),
                "Channels", "u", status.n_channels, "Connected", "u", status.n_connected, "Queued",
                "t", status.n_queued, "NextAttempt", "t", status.next_attempt_usec, "LastErrorName",
                "s", cause_error_name(status.last_cause));
}

static int method_reconnect(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct agent *agent = userdata;
        const struct peer *peer = bus_peers_caller(agent->peers, m);
        struct channel *channel;
        int r;

        r = bus_call_take_reconnect(agent, m, error);
        if (r < 0)
                return r;
        LIST_FOREACH(channel, &agent->channels, of_agent)
                if (channel_is_open_to(channel, peer) && !channel->link)
                        channel_step(channel, POLICY_RECONNECT, NULL);
        return sd_bus_reply_method_return(m, NULL);
}

#define GETTER(name, type, value)                                                          \
        static int get_##name(sd_bus *bus, const char *path, const char *interface,        \
                              const char *property, sd_bus_message *reply, void *userdata, \
                              sd_bus_error *error) {                                       \
                const struct agent *agent = userdata;                                      \
                                                                                           \
                return sd_bus_message_append(reply, type, value);                          \
        }

GETTER(status, "s", status_word_string(agent->status_word))
GETTER(status_since, "t", agent->status_since_usec)
GETTER(status_text, "s", status_word_text(agent->status_word))
GETTER(channels, "u", agent->status.n_channels)
GETTER(connected, "u", agent->status.n_connected)
GETTER(queued, "t", agent->status.n_queued)
GETTER(next_attempt, "t", agent->status.next_attempt_usec)
GETTER(last_error_name, "s", cause_error_name(agent->status.last_cause))

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append_basic(reply, 's', WHERRY_VERSION);
}

static int get_features(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const struct protocol_row *row;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "s");
        /* Schemes, then protocols, each once. */
        for (size_t i = 0; r >= 0 && (row = protocol_row(i)); i++)
                if (protocol_find(row->scheme, "") == row)
                        r = sd_bus_message_append_basic(reply, 's', row->scheme);
        for (size_t i = 0; r >= 0 && (row = protocol_row(i)); i++)
                if (protocol_first(row->protocol) == row)
                        r = sd_bus_message_append_basic(reply, 's', row->word);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

#define CONSTANT(name, type, get) SD_BUS_PROPERTY(name, type, get, 0, SD_BUS_VTABLE_PROPERTY_CONST)
#define TOLD(name, type, get) \
        SD_BUS_PROPERTY(name, type, get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

/* clang-format off */
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        CONSTANT("Version", "s", get_version),
        CONSTANT("Features", "as", get_features),
        TOLD("Status", "s", get_status),
        TOLD("StatusSince", "t", get_status_since),
        TOLD("StatusText", "s", get_status_text),
        TOLD("Channels", "u", get_channels),
        TOLD("Connected", "u", get_connected),
        TOLD("Queued", "t", get_queued),
        TOLD("NextAttempt", "t", get_next_attempt),
        TOLD("LastErrorName", "s", get_last_error_name),
        SD_BUS_METHOD_WITH_ARGS("OpenChannel", SD_BUS_ARGS("s", name, "s", uri, "a{sv}", options), SD_BUS_RESULT("o", channel), method_open_channel, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetChannel", SD_BUS_ARGS("s", name, "a{sv}", options), SD_BUS_RESULT("o", channel), method_get_channel, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Attach", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, method_attach, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Detach", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_detach, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("StatusFor", SD_BUS_ARGS("u", uid), SD_BUS_RESULT("a{sv}", status), method_status_for, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reconnect", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_reconnect, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
/* clang-format on */

static int append_objects(struct agent *agent, const struct peer *peer, sd_bus_message *reply) {
        struct channel *channel;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "{oa{sa{sv}}}");
        if (r < 0)
                return r;
        LIST_FOREACH(channel, &agent->channels, of_agent) {
                if (!channel_is_open_to(channel, peer))
                        continue;
                r = sd_bus_message_open_container(reply, 'e', "oa{sa{sv}}");
                if (r < 0)
                        return r;
                r = sd_bus_message_append_basic(reply, 'o', channel->path);
                if (r < 0)
                        return r;
                r = bus_channel_append_object(channel, reply);
                if (r < 0)
                        return r;
                r = sd_bus_message_close_container(reply);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(reply);
}

/* sd-bus's own object manager would show everybody everything. */
static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        struct agent *agent = userdata;
        const struct peer *peer;
        int r;

        if (!sd_bus_message_is_method_call(m, "org.freedesktop.DBus.ObjectManager",
                                           "GetManagedObjects") ||
            strcmp(sd_bus_message_get_path(m), AGENT_PATH) != 0)
                return 0;
        peer = bus_peers_caller(agent->peers, m);
        if (!peer || !sd_bus_message_has_signature(m, ""))
                return 0;
        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;
        r = append_objects(agent, peer, reply);
        if (r < 0)
                return r;
        return sd_bus_send(NULL, reply, NULL);
}

int bus_agent_register(struct agent *agent, sd_bus *bus, sd_bus_slot *slots[3]) {
        int r;

        r = sd_bus_add_object_vtable(bus, &slots[0], AGENT_PATH, AGENT_INTERFACE, vtable, agent);
        if (r < 0)
                return r;
        r = sd_bus_add_object_manager(bus, &slots[1], AGENT_PATH);
        if (r < 0)
                return r;
        return sd_bus_add_filter(bus, &slots[2], on_call, agent);
}

/* Queued is told at once when it leaves 0 or comes back to it, else once a second. */
static bool queued_is_due(const struct agent *agent, uint64_t now_usec) {
        uint64_t was = agent->told.n_queued, is = agent->status.n_queued;

        return was != is && ((was == 0) != (is == 0) ||
                             now_usec >= agent->queued_told_usec + BUS_AGENT_QUEUED_USEC);
}

void bus_agent_tell(struct agent *agent) {
        const struct status *was = &agent->told, *is = &agent->status;
        uint64_t now_usec = moment_now().usec, n_queued = was->n_queued;
        char *names[9] = {NULL};
        size_t n = 0;

        if (agent->told_word != agent->status_word) {
                names[n++] = (char *)"Status";
                names[n++] = (char *)"StatusSince";
                names[n++] = (char *)"StatusText";
        }
        if (was->n_channels != is->n_channels)
                names[n++] = (char *)"Channels";
        if (was->n_connected != is->n_connected)
                names[n++] = (char *)"Connected";
        if (was->next_attempt_usec != is->next_attempt_usec)
                names[n++] = (char *)"NextAttempt";
        if (was->last_cause != is->last_cause)
                names[n++] = (char *)"LastErrorName";
        if (queued_is_due(agent, now_usec)) {
                names[n++] = (char *)"Queued";
                agent->queued_told_usec = now_usec;
                n_queued = is->n_queued;
        }
        agent->told = *is;
        agent->told.n_queued = n_queued;
        agent->told_word = agent->status_word;
        if (n > 0)
                (void)sd_bus_emit_properties_changed_strv(agent->bus, AGENT_PATH, AGENT_INTERFACE,
                                                          names);
}
