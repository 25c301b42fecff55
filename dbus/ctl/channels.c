/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* wherryctl channels: all of them in a table, or all about one. */

#include <unistd.h>

#include "channel.h"
#include "cleanup.h"
#include "describe.h"
#include "must.h"
#include "names.h"
#include "objects.h"
#include "table.h"
#include "value.h"
#include "when.h"

/* "chat", with the app or the user when it is not a plain channel of one's own. */
static void put_name(struct table *table, json_object *channel) {
        const char *app_id = value_string(channel, "app_id");
        uint64_t owner = value_number(channel, "owner");

        if (owner != geteuid())
                table_cell(table, STYLE_STRONG, "%s%s%s (uid %llu)", app_id, app_id[0] ? ":" : "",
                           value_string(channel, "name"), (unsigned long long)owner);
        else
                table_cell(table, STYLE_STRONG, "%s%s%s", app_id, app_id[0] ? ":" : "",
                           value_string(channel, "name"));
}

static void print_table(const struct output *out, json_object *channels) {
        static const struct table_column columns[] = {
                {"CHANNEL", .least = 8},
                {"STATE", .least = 9},
                {"QUEUED", .right = true, .least = 6},
                {"UNREAD", .right = true, .least = 6},
                {"DETAIL", .least = 12},
                {"SERVER", .least = 12},
                {},
        };
        CLEANUP(table_freep) struct table *table = table_new(out, columns);
        struct moment at = moment_now();

        for (size_t i = 0; i < json_object_array_length(channels); i++) {
                json_object *channel = json_object_array_get_idx(channels, i);
                const char *state = value_string(channel, "state");
                CLEANUP(freep) char *since = describe_since(value_number(channel, "since"), &at);
                CLEANUP(freep) char *text = describe_channel(channel, &at);

                put_name(table, channel);
                table_cell(table, describe_state_style(state), "%s", state);
                table_cell(table, STYLE_PLAIN, "%llu",
                           (unsigned long long)(value_number(channel, "queued") +
                                                value_number(channel, "in_flight")));
                table_cell(table, STYLE_PLAIN, "%llu",
                           (unsigned long long)value_number(channel, "unread"));
                table_cell(table, STYLE_PLAIN, "%s%s%s", since, since[0] && text[0] ? ", " : "",
                           text);
                table_cell(table, STYLE_PLAIN, "%s", value_string(channel, "uri"));
        }
        table_print(table);
}

static enum outcome list(struct ctl *ctl) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        CLEANUP(json_object_putp) json_object *channels = NULL;

        if (objects_get_channels(ctl, BUS_TIMEOUT_USEC, &channels, &error) < 0)
                return bus_tell(ctl, &agent_service, &error);
        if (ctl->out.json)
                output_json(&ctl->out, json_object_get(channels));
        else if (json_object_array_length(channels) == 0)
                output_line(&ctl->out, STYLE_PLAIN, "no channels; see wherryctl open --help");
        else
                print_table(&ctl->out, channels);
        return OUTCOME_OK;
}

/* When it was, and how long ago: "2025-11-25 10:19:32, 5 min ago". */
static void print_instant(const struct output *out, const char *label, uint64_t usec,
                          const struct moment *at) {
        char date[WHEN_MAX], length[WHEN_MAX];

        if (usec == 0 || usec > at->usec)
                return;
        when_date(when_realtime(usec, at), date);
        when_length(at->usec - usec, length);
        output_pair(out, label, STYLE_PLAIN, "%s, %s ago", date, length);
}

static void print_counters(const struct output *out, json_object *channel) {
        output_pair(out, "outgoing", STYLE_PLAIN, "%llu queued, %llu in flight, %llu parked",
                    (unsigned long long)value_number(channel, "queued"),
                    (unsigned long long)value_number(channel, "in_flight"),
                    (unsigned long long)value_number(channel, "parked"));
        output_pair(out, "incoming", STYLE_PLAIN, "%llu unread",
                    (unsigned long long)value_number(channel, "unread"));
}

static void print_steps(const struct output *out, json_object *steps) {
        for (size_t i = 0; i < json_object_array_length(steps); i++) {
                json_object *step = json_object_array_get_idx(steps, i);
                const char *result = value_string(step, "result"),
                           *text = value_string(step, "text");
                char length[WHEN_MAX] = "";
                enum style style = strcmp(result, "ok") == 0       ? STYLE_GOOD
                                   : strcmp(result, "failed") == 0 ? STYLE_BAD
                                                                   : STYLE_FAINT;

                if (value_number(step, "since") > 0)
                        when_length(value_number(step, "duration"), length);
                output_pair(out, value_string(step, "step"), style, "%s%s%s%s%s", result,
                            length[0] ? ", " : "", length, text[0] ? ": " : "", text);
        }
}

static void print_one(const struct output *out, json_object *channel, json_object *steps) {
        const char *state = value_string(channel, "state"), *label = value_string(channel, "label");
        json_object *path = json_object_object_get(channel, "path");
        json_object *error = json_object_object_get(channel, "error");
        json_object *recovery = json_object_object_get(channel, "last_recovery");
        struct moment at = moment_now();
        CLEANUP(freep) char *head = describe_state(state, value_number(channel, "since"), &at);
        CLEANUP(freep) char *text = describe_channel(channel, &at);
        CLEANUP(freep) char *way = describe_path(path);
        char length[WHEN_MAX];

        output_pair(out, "channel", STYLE_STRONG, "%s%s%s%s", value_string(channel, "name"),
                    label[0] ? " (" : "", label, label[0] ? ")" : "");
        output_pair(out, "state", describe_state_style(state), "● %s%s%s", head,
                    text[0] ? ", " : "", text);
        output_pair(out, "server", STYLE_PLAIN, "%s, protocol %s", value_string(channel, "uri"),
                    value_string(channel, "protocol"));
        if (value_string(path, "interface")[0])
                output_pair(out, "path", describe_path_style(path), "%s", way);
        if (value_string(error, "name")[0])
                output_pair(out, "error", STYLE_PLAIN, "%s", value_string(error, "name"));
        if (value_string(recovery, "outcome")[0])
                output_pair(out, "recovery", STYLE_PLAIN, "%s: %s",
                            value_string(recovery, "outcome"), value_string(recovery, "text"));
        print_counters(out, channel);
        print_instant(out, "sent", value_number(channel, "last_sent"), &at);
        print_instant(out, "received", value_number(channel, "last_received"), &at);
        if (value_number(channel, "round_trip") > 0) {
                when_length(value_number(channel, "round_trip"), length);
                output_pair(out, "ping", STYLE_PLAIN, "%s", length);
        }
        print_steps(out, steps);
}

static enum outcome show(struct ctl *ctl, const char *word) {
        CLEANUP(channel_deinit) struct channel channel = {};
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        CLEANUP(json_object_putp) json_object *properties = NULL;
        CLEANUP(json_object_putp) json_object *steps = NULL;
        enum outcome o;

        o = channel_find(ctl, word, &channel);
        if (o != OUTCOME_OK)
                return o;
        if (objects_get_properties(ctl, &agent_service, channel.path, AGENT_CHANNEL_INTERFACE,
                                   BUS_TIMEOUT_USEC, &properties, &error) < 0)
                return bus_tell(ctl, &agent_service, &error);
        o = bus_call(ctl, &agent_service, channel_method(ctl, &channel, "Explain"),
                     BUS_TIMEOUT_USEC, &reply);
        if (o != OUTCOME_OK)
                return o;
        if (value_read(reply, &steps) < 0)
                return bus_malformed(&agent_service);
        if (!ctl->out.json) {
                print_one(&ctl->out, properties, steps);
                return OUTCOME_OK;
        }
        value_put_string(properties, "object", channel.path);
        value_put(properties, "steps", json_object_get(steps));
        output_json(&ctl->out, json_object_get(properties));
        return OUTCOME_OK;
}

static enum outcome run_channels(struct ctl *ctl) {
        enum outcome o = bus_open(ctl);

        if (o != OUTCOME_OK)
                return o;
        return ctl->args.n_words > 0 ? show(ctl, ctl->args.words[0]) : list(ctl);
}

const struct verb channels_verb = {
        .name = "channels",
        .arguments = "[CHANNEL]",
        .most_words = 1,
        .summary = "the channels and their states, or everything about one",
        .help = "With a CHANNEL also the steps of its latest attempt: how far it got and why not\n"
                "further.\n"
                "\n"
                "JSON: [the properties of org.wherry.Agent1.Channel, and \"object\"]; with a\n"
                "CHANNEL one of them, and \"steps\".\n",
        .options = (const struct args_option[]){CHANNEL_APP_ID_OPTION, {}},
        .run = run_channels,
};
