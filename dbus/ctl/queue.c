/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* wherryctl queue: what waits on a channel, and what to do about messages that ended badly. */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bus_dict.h"
#include "channel.h"
#include "cleanup.h"
#include "must.h"
#include "objects.h"
#include "quantity.h"
#include "table.h"
#include "text.h"
#include "value.h"
#include "when.h"

#define PAGE_MESSAGES 128 /* the most that GetMessages gives */
#define LIMIT 100         /* the help names it */
#define IDS_MAX 1024

static void print_counts(const struct output *out, json_object *channels) {
        static const struct table_column columns[] = {
                {"CHANNEL", .least = 8},
                {"QUEUED", .right = true, .least = 6},
                {"IN FLIGHT", .right = true, .least = 9},
                {"PARKED", .right = true, .least = 6},
                {"UNREAD", .right = true, .least = 6},
                {},
        };
        static const char *const counters[] = {"queued", "in_flight", "parked", "unread"};
        CLEANUP(table_freep) struct table *table = table_new(out, columns);

        for (size_t i = 0; i < json_object_array_length(channels); i++) {
                json_object *channel = json_object_array_get_idx(channels, i);
                const char *app_id = value_string(channel, "app_id");

                table_cell(table, STYLE_STRONG, "%s%s%s", app_id, app_id[0] ? ":" : "",
                           value_string(channel, "name"));
                for (size_t c = 0; c < sizeof(counters) / sizeof(counters[0]); c++)
                        table_cell(table, STYLE_PLAIN, "%" PRIu64,
                                   value_number(channel, counters[c]));
        }
        table_print(table);
}

static enum outcome list_channels(struct ctl *ctl) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        CLEANUP(json_object_putp) json_object *channels = NULL;
        json_object *list;

        if (objects_get_channels(ctl, BUS_TIMEOUT_USEC, &channels, &error) < 0)
                return bus_tell(ctl, &agent_service, &error);
        if (!ctl->out.json) {
                print_counts(&ctl->out, channels);
                return OUTCOME_OK;
        }
        list = value_array();
        for (size_t i = 0; i < json_object_array_length(channels); i++) {
                static const char *const keys[] = {"name",   "app_id",    "object", "state",
                                                   "queued", "in_flight", "parked", "unread"};
                json_object *channel = json_object_array_get_idx(channels, i), *value;
                json_object *item = value_object();

                for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
                        if (json_object_object_get_ex(channel, keys[k], &value))
                                value_put(item, keys[k], json_object_get(value));
                value_push(list, item);
        }
        output_json(&ctl->out, list);
        return OUTCOME_OK;
}

/* The next messages after `after_id` that the options ask for. */
static enum outcome get_page(struct ctl *ctl, const struct channel *channel, uint64_t after_id,
                             uint64_t limit, json_object **ret) {
        static const char *const filters[] = {"direction", "state", "tag"};
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        sd_bus_message *m = channel_method(ctl, channel, "GetMessages");
        enum outcome o;

        must(sd_bus_message_open_container(m, 'a', "{sv}"));
        for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
                if (args_has(&ctl->args, filters[i]))
                        must(bus_dict_put_string(m, filters[i], args_get(&ctl->args, filters[i])));
        must(bus_dict_put_u64(m, "after-id", after_id));
        must(bus_dict_put_u32(m, "limit", (uint32_t)limit));
        must(sd_bus_message_close_container(m));
        o = bus_call(ctl, &agent_service, m, BUS_TIMEOUT_USEC, &reply);
        if (o != OUTCOME_OK)
                return o;
        return value_read(reply, ret) < 0 ? bus_malformed(&agent_service) : OUTCOME_OK;
}

static enum style state_style(const char *state) {
        if (strcmp(state, "delivered") == 0 || strcmp(state, "sent") == 0)
                return STYLE_GOOD;
        return strcmp(state, "queued") == 0 || strcmp(state, "unread") == 0 ? STYLE_PLAIN
                                                                            : STYLE_BAD;
}

static void print_messages(const struct output *out, json_object *messages) {
        static const struct table_column columns[] = {
                {"ID", .right = true, .least = 4},
                {"WAY", .least = 3},
                {"STATE", .least = 8},
                {"BYTES", .right = true, .least = 5},
                {"AGE", .least = 5},
                {"TAG", .least = 4},
                {"REASON", .least = 10},
                {},
        };
        CLEANUP(table_freep) struct table *table = table_new(out, columns);
        uint64_t now_usec = moment_now().realtime_usec;

        for (size_t i = 0; i < json_object_array_length(messages); i++) {
                json_object *message = json_object_array_get_idx(messages, i);
                const char *state = value_string(message, "state");
                uint64_t created_usec = value_number(message, "created_realtime");
                char age[WHEN_MAX] = "";

                if (created_usec > 0 && created_usec <= now_usec)
                        when_length(now_usec - created_usec, age);
                table_cell(table, STYLE_STRONG, "%" PRIu64, value_number(message, "id"));
                table_cell(table, STYLE_PLAIN, "%s", value_string(message, "direction"));
                table_cell(table, state_style(state), "%s", state);
                table_cell(table, STYLE_PLAIN, "%" PRIu64, value_number(message, "size"));
                table_cell(table, STYLE_PLAIN, "%s", age);
                table_cell(table, STYLE_PLAIN, "%s", value_string(message, "tag"));
                table_cell(table, STYLE_PLAIN, "%s", value_string(message, "reason"));
        }
        table_print(table);
}

static enum outcome list_messages(struct ctl *ctl, const struct channel *channel) {
        CLEANUP(json_object_putp) json_object *messages = value_array();
        uint64_t left, after_id = 0;
        bool more = true;
        enum outcome o;

        o = ctl_count(ctl, "limit", UINT32_MAX, LIMIT, &left);
        while (o == OUTCOME_OK && more && left > 0) {
                uint64_t limit = left < PAGE_MESSAGES ? left : PAGE_MESSAGES;
                CLEANUP(json_object_putp) json_object *page = NULL;
                size_t n;

                o = get_page(ctl, channel, after_id, limit, &page);
                if (o != OUTCOME_OK)
                        break;
                n = json_object_array_length(page);
                for (size_t i = 0; i < n; i++)
                        value_push(messages, json_object_get(json_object_array_get_idx(page, i)));
                if (n > 0)
                        after_id = value_number(json_object_array_get_idx(page, n - 1), "id");
                more = n == limit;
                left -= n < left ? n : left;
        }
        if (o != OUTCOME_OK)
                return o;
        if (ctl->out.json)
                output_json(&ctl->out, json_object_get(messages));
        else if (json_object_array_length(messages) == 0)
                output_line(&ctl->out, STYLE_PLAIN, "nothing is waiting");
        else
                print_messages(&ctl->out, messages);
        if (!ctl->out.json && more)
                output_line(&ctl->out, STYLE_FAINT, "there may be more, see --limit");
        return OUTCOME_OK;
}

static enum outcome parse_ids(const char *option, const char *text, uint64_t *ret, size_t *ret_n) {
        CLEANUP(freep) char *copy = MUST_HAVE(strdup(text));
        char *rest = copy, *word;

        *ret_n = 0;
        if (strcmp(text, "all") == 0)
                return OUTCOME_OK;
        while ((word = strsep(&rest, ","))) {
                if (*ret_n < IDS_MAX && quantity_count(word, UINT64_MAX, &ret[*ret_n]) >= 0) {
                        ++*ret_n;
                        continue;
                }
                output_complain("--%s=%s: expected numbers of messages, such as 3,4, or all",
                                option, text);
                return OUTCOME_USAGE;
        }
        return OUTCOME_OK;
}

/* Cancel takes one, the others a list in which none means all. */
static enum outcome call_for_ids(struct ctl *ctl, const struct channel *channel, const char *member,
                                 const uint64_t *ids, size_t n) {
        bool single = strcmp(member, "Cancel") == 0;
        enum outcome o = OUTCOME_OK;
        sd_bus_message *m;

        if (!single) {
                m = channel_method(ctl, channel, member);
                must(sd_bus_message_append_array(m, 't', ids, n * sizeof(*ids)));
                return bus_call(ctl, &agent_service, m, BUS_TIMEOUT_USEC, NULL);
        }
        for (size_t i = 0; i < n && o == OUTCOME_OK; i++) {
                m = channel_method(ctl, channel, member);
                must(sd_bus_message_append(m, "t", ids[i]));
                o = bus_call(ctl, &agent_service, m, BUS_TIMEOUT_USEC, NULL);
        }
        return o;
}

static enum outcome act(struct ctl *ctl, const struct channel *channel, const char *option,
                        const char *member, const char *done) {
        const char *text = args_get(&ctl->args, option);
        uint64_t ids[IDS_MAX];
        size_t n;
        enum outcome o;

        o = parse_ids(option, text, ids, &n);
        if (o != OUTCOME_OK)
                return o;
        if (n == 0 && strcmp(member, "Cancel") == 0) {
                output_complain(
                        "--cancel needs the numbers of the messages, see wherryctl queue %s",
                        channel->word);
                return OUTCOME_USAGE;
        }
        o = call_for_ids(ctl, channel, member, ids, n);
        if (o != OUTCOME_OK)
                return o;
        if (ctl->out.json)
                output_json(&ctl->out, channel_json(channel));
        else
                output_line(&ctl->out, STYLE_PLAIN, "%s %s", text, done);
        return OUTCOME_OK;
}

static void print_message(const struct output *out, json_object *message) {
        uint64_t created_usec = value_number(message, "created_realtime");
        const char *reason = value_string(message, "reason");
        CLEANUP(freep) char *payload = NULL;
        json_object *bytes;
        char date[WHEN_MAX] = "?";

        if (created_usec > 0)
                when_date(created_usec, date);
        output_pair(out, "message", STYLE_STRONG, "%" PRIu64 ", %s, %" PRIu64 " bytes",
                    value_number(message, "id"), value_string(message, "direction"),
                    value_number(message, "size"));
        output_pair(out, "state", state_style(value_string(message, "state")), "%s%s%s",
                    value_string(message, "state"), reason[0] ? ": " : "", reason);
        output_pair(out, "created", STYLE_PLAIN, "%s", date);
        if (value_string(message, "uuid")[0])
                output_pair(out, "uuid", STYLE_PLAIN, "%s", value_string(message, "uuid"));
        if (value_string(message, "tag")[0])
                output_pair(out, "tag", STYLE_PLAIN, "%s", value_string(message, "tag"));
        if (json_object_object_get_ex(message, "payload", &bytes)) {
                payload = text_escape(json_object_get_string(bytes),
                                      (size_t)json_object_get_string_len(bytes), out->utf8);
                output_pair(out, "payload", STYLE_PLAIN, "%s", payload);
        }
}

static enum outcome show_message(struct ctl *ctl, const struct channel *channel) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        CLEANUP(json_object_putp) json_object *message = NULL;
        sd_bus_message *m;
        uint64_t id;
        enum outcome o;

        o = ctl_count(ctl, "show", UINT64_MAX, 0, &id);
        if (o != OUTCOME_OK)
                return o;
        m = channel_method(ctl, channel, "GetMessage");
        must(sd_bus_message_append(m, "t", id));
        o = bus_call(ctl, &agent_service, m, BUS_TIMEOUT_USEC, &reply);
        if (o != OUTCOME_OK)
                return o;
        if (value_read(reply, &message) < 0)
                return bus_malformed(&agent_service);
        if (ctl->out.json)
                output_json(&ctl->out, json_object_get(message));
        else
                print_message(&ctl->out, message);
        return OUTCOME_OK;
}

/* Without a CHANNEL only the options of every verb have a meaning. */
static enum outcome check_alone(const struct ctl *ctl) {
        for (const struct args_option *option = ctl->verb->options; option->name; option++)
                if (args_has(&ctl->args, option->name)) {
                        output_complain("--%s needs a CHANNEL, see wherryctl queue --help",
                                        option->name);
                        return OUTCOME_USAGE;
                }
        return OUTCOME_OK;
}

static enum outcome run_queue(struct ctl *ctl) {
        static const struct {
                const char *option, *member, *done;
        } actions[] = {
                {"cancel", "Cancel", "cancelled"},
                {"retry", "Retry", "queued again"},
                {"discard", "Discard", "discarded"},
        };
        CLEANUP(channel_deinit) struct channel channel = {};
        enum outcome o;

        o = ctl->args.n_words == 0 ? check_alone(ctl) : OUTCOME_OK;
        if (o == OUTCOME_OK)
                o = bus_open(ctl);
        if (o == OUTCOME_OK && ctl->args.n_words == 0)
                return list_channels(ctl);
        if (o == OUTCOME_OK)
                o = channel_find(ctl, ctl->args.words[0], &channel);
        if (o != OUTCOME_OK)
                return o;
        for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
                if (args_has(&ctl->args, actions[i].option))
                        return act(ctl, &channel, actions[i].option, actions[i].member,
                                   actions[i].done);
        if (args_has(&ctl->args, "show"))
                return show_message(ctl, &channel);
        return list_messages(ctl, &channel);
}

const struct verb queue_verb = {
        .name = "queue",
        .arguments = "[CHANNEL]",
        .most_words = 1,
        .summary = "what waits on the channels, or the messages that wait on one",
        .help = "With a CHANNEL, its messages: queued, sent (written, delivery not yet proved),\n"
                "unread, and those that ended other than delivered, which stay for 7 days.\n"
                "IDS are numbers of messages with commas between, or all.\n"
                "\n"
                "JSON: [{\"name\", \"app_id\", \"object\", \"state\", \"queued\", \"in_flight\",\n"
                "\"parked\", \"unread\"}]; with a CHANNEL [messages as of GetMessages]; with "
                "--show\n"
                "one message with its \"payload\" (or \"payload_base64\").\n",
        .options =
                (const struct args_option[]){
                        {"direction", 0, "out|in", "only outgoing, or only incoming"},
                        {"state", 0, "STATE", "only those in this state"},
                        {"tag", 0, "TEXT", "only those with this tag"},
                        {"limit", 'n', "N", "so many at most, the oldest first (100)"},
                        {"show", 's', "ID", "one message with its payload"},
                        {"cancel", 0, "IDS", "take back messages that were not written yet"},
                        {"retry", 0, "IDS", "queue again messages that ended badly"},
                        {"discard", 0, "IDS", "forget messages that ended badly"},
                        CHANNEL_APP_ID_OPTION,
                        {},
                },
        .run = run_queue,
};
