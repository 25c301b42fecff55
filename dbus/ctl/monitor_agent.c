/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The part of the monitor that is about channels and messages. */

#include <string.h>
#include <unistd.h>

#include "bus_dict.h"
#include "cleanup.h"
#include "describe.h"
#include "event.h"
#include "monitor.h"
#include "must.h"
#include "names.h"
#include "objects.h"
#include "text.h"

/* Root hears the channels of all users. */
static int attach(struct monitor *m, sd_bus_error *ret_error) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *call = NULL;

        call = bus_method(m->ctl, &agent_service, "Attach");
        must(sd_bus_message_open_container(call, 'a', "{sv}"));
        if (geteuid() == 0)
                must(bus_dict_put_bool(call, "all", true));
        must(sd_bus_message_close_container(call));
        return sd_bus_call(m->ctl->bus, call, MONITOR_ANSWER_USEC, ret_error, NULL);
}

void monitor_load_agent(struct monitor *m, const char *state) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        CLEANUP(json_object_putp) json_object *channels = NULL;
        CLEANUP(json_object_putp) json_object *status = NULL;
        json_object *details;

        if (attach(m, &error) < 0 ||
            objects_get_properties(m->ctl, &agent_service, AGENT_PATH, AGENT_INTERFACE,
                                   MONITOR_ANSWER_USEC, &status, &error) < 0 ||
            objects_get_channels(m->ctl, MONITOR_ANSWER_USEC, &channels, &error) < 0) {
                (void)bus_tell(m->ctl, &agent_service, &error);
                return;
        }
        json_object_put(m->status);
        m->status = json_object_get(status);
        json_object_put(m->channels);
        m->channels = monitor_index(channels);

        details = monitor_daemon(&agent_service, state);
        value_put(details, "properties", json_object_get(status));
        value_put(details, "channels", json_object_get(channels));
        event_print(&m->ctl->out, "daemon", details,
                    describe_state_style(value_string(status, "status")),
                    "%s %s: %s, %llu of %llu channels (of all users) connected",
                    agent_service.program, state, value_string(status, "status"),
                    (unsigned long long)value_number(status, "connected"),
                    (unsigned long long)value_number(status, "channels"));
}

/* {channel, object} and what follows. */
static json_object *channel_details(const char *path, json_object *channel) {
        json_object *details = value_object();

        value_put_string(details, "channel", value_string(channel, "name"));
        value_put_string(details, "object", path);
        return details;
}

static json_object *change_details(const char *path, json_object *channel, const char *change,
                                   json_object *properties) {
        json_object *details = channel_details(path, channel);

        value_put_string(details, "change", change);
        value_put(details, "properties", json_object_get(properties));
        return details;
}

/* The status as a whole; its counters move with every message. */
static void print_status(struct monitor *m, json_object *changed) {
        const char *now = value_string(changed, "status");
        CLEANUP(freep) char *before = text_format("%s", value_string(m->status, "status"));
        json_object *details;

        value_merge(m->status, changed);
        if (!now[0] || strcmp(before, now) == 0)
                return;
        details = value_object();
        value_put(details, "properties", json_object_get(changed));
        event_print(&m->ctl->out, "agent", details, describe_state_style(now), "%s → %s: %s",
                    before, now, value_string(m->status, "status_text"));
}

/* Whether something has another value now that is worth a line; counters are not. */
static bool is_notable(json_object *channel, json_object *changed) {
        static const char *const keys[] = {"state", "error", "uri",
                                           "label", "path",  "next_attempt"};
        json_object *value;

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                if (json_object_object_get_ex(changed, keys[i], &value) &&
                    !json_object_equal(value, json_object_object_get(channel, keys[i])))
                        return true;
        return false;
}

static void print_channel(struct monitor *m, const char *path, json_object *changed) {
        CLEANUP(freep) char *before = NULL;
        CLEANUP(freep) char *text = NULL;
        struct moment at = moment_now();
        json_object *channel;
        const char *now;
        bool notable;

        if (!json_object_object_get_ex(m->channels, path, &channel))
                return; /* its InterfacesAdded is yet to come */
        before = text_format("%s", value_string(channel, "state"));
        notable = is_notable(channel, changed);
        value_merge(channel, changed);
        if (!notable)
                return;
        now = value_string(channel, "state");
        text = describe_channel(channel, &at);
        event_print(&m->ctl->out, "channel", change_details(path, channel, "changed", changed),
                    describe_state_style(now), "%s: %s%s%s%s%s", value_string(channel, "name"),
                    strcmp(before, now) == 0 ? "" : before, strcmp(before, now) == 0 ? "" : " → ",
                    now, text[0] ? ", " : "", text);
}

static int on_properties(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        CLEANUP(json_object_putp) json_object *changed = NULL;
        struct monitor *m = userdata;
        const char *interface;

        if (!peer_sent(m->agent, message) || sd_bus_message_read(message, "s", &interface) < 0 ||
            value_read(message, &changed) < 0)
                return 0;
        if (strcmp(interface, AGENT_INTERFACE) == 0 && m->status)
                print_status(m, changed);
        else if (strcmp(interface, AGENT_CHANNEL_INTERFACE) == 0)
                print_channel(m, sd_bus_message_get_path(message), changed);
        return 0;
}

static int on_added(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        CLEANUP(json_object_putp) json_object *interfaces = NULL;
        struct monitor *m = userdata;
        json_object *channel;
        const char *path;

        if (!peer_sent(m->agent, message) || sd_bus_message_read(message, "o", &path) < 0 ||
            value_read(message, &interfaces) < 0 || !m->channels ||
            !json_object_object_get_ex(interfaces, AGENT_CHANNEL_INTERFACE, &channel))
                return 0;
        if (json_object_object_get_ex(m->channels, path, NULL))
                return 0; /* it was in the list */
        value_put(m->channels, path, json_object_get(channel));
        event_print(&m->ctl->out, "channel", change_details(path, channel, "opened", channel),
                    STYLE_PLAIN, "%s opened to %s, %s", value_string(channel, "name"),
                    value_string(channel, "uri"), value_string(channel, "state"));
        return 0;
}

static int on_removed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        struct monitor *m = userdata;
        json_object *channel;
        const char *path;

        if (!peer_sent(m->agent, message) || sd_bus_message_read(message, "o", &path) < 0 ||
            !json_object_object_get_ex(m->channels, path, &channel))
                return 0;
        event_print(&m->ctl->out, "channel", change_details(path, channel, "closed", NULL),
                    STYLE_FAINT, "%s closed", value_string(channel, "name"));
        json_object_object_del(m->channels, path);
        return 0;
}

static int on_states(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        struct monitor *m = userdata;
        const char *path = sd_bus_message_get_path(message);
        json_object *channel = json_object_object_get(m->channels, path);
        CLEANUP(freep) char *text = NULL;
        json_object *states, *details;

        if (!peer_sent(m->agent, message) || value_read_as(message, "states", &states) < 0)
                return 0;
        details = channel_details(path, channel);
        value_put(details, "states", states);
        text = event_states_text(states);
        event_print(&m->ctl->out, "messages", details, STYLE_PLAIN, "%s: %s",
                    value_string(channel, "name"), text);
        return 0;
}

static int on_recovered(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        struct monitor *m = userdata;
        const char *path = sd_bus_message_get_path(message), *outcome, *reason;
        json_object *channel = json_object_object_get(m->channels, path);
        CLEANUP(json_object_putp) json_object *more = NULL;
        json_object *details;

        if (!peer_sent(m->agent, message) || sd_bus_message_read(message, "s", &outcome) < 0 ||
            value_read(message, &more) < 0)
                return 0;
        details = channel_details(path, channel);
        value_put_string(details, "outcome", outcome);
        value_put(details, "details", json_object_get(more));
        reason = value_string(more, "reason");
        event_print(&m->ctl->out, "recovered", details, STYLE_PLAIN, "%s: %s%s%s",
                    value_string(channel, "name"), outcome, reason[0] ? ", " : "", reason);
        return 0;
}

static int on_overflow(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        struct monitor *m = userdata;
        const char *path = sd_bus_message_get_path(message);
        json_object *channel = json_object_object_get(m->channels, path);

        if (peer_sent(m->agent, message))
                event_print(&m->ctl->out, "overflow", channel_details(path, channel), STYLE_WARN,
                            "%s: some states of messages were left out",
                            value_string(channel, "name"));
        return 0;
}

void monitor_watch_agent(struct monitor *m) {
        static const struct {
                const char *interface, *member;
                sd_bus_message_handler_t handler;
        } signals[] = {
                {MONITOR_PROPERTIES, "PropertiesChanged", on_properties},
                {MONITOR_OBJECTS, "InterfacesAdded", on_added},
                {MONITOR_OBJECTS, "InterfacesRemoved", on_removed},
                {AGENT_CHANNEL_INTERFACE, "MessageStates", on_states},
                {AGENT_CHANNEL_INTERFACE, "Recovered", on_recovered},
                {AGENT_CHANNEL_INTERFACE, "Overflow", on_overflow},
        };

        for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
                must(sd_bus_match_signal(m->ctl->bus, NULL, AGENT_BUS_NAME, NULL,
                                         signals[i].interface, signals[i].member,
                                         signals[i].handler, m));
}
