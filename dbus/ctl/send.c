/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* wherryctl send: one message. Many, a line each, are the business of lines.c. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "cleanup.h"
#include "delivery.h"
#include "lines.h"
#include "must.h"
#include "outgoing.h"
#include "value.h"

/* All of standard input. */
static enum outcome read_input(char **ret, size_t *ret_len) {
        CLEANUP(freep) char *data = NULL;
        size_t len = 0, room = 0;
        ssize_t n;

        do {
                if (len == room) {
                        room = room ? 2 * room : 64 << 10;
                        data = MUST_HAVE(realloc(data, room));
                }
                n = read(STDIN_FILENO, data + len, room - len);
                if (n < 0) {
                        output_complain("standard input: %s", strerror(errno));
                        return OUTCOME_FAILED;
                }
                len += (size_t)n;
                if (len > OUTGOING_BYTES_MAX) {
                        output_complain("the message is over 30 MiB, the most that the bus "
                                        "carries; --lines sends a message a line");
                        return OUTCOME_FAILED;
                }
        } while (n > 0);
        *ret = STEAL(data);
        *ret_len = len;
        return OUTCOME_OK;
}

struct end {
        char state[32], reason[256];
};

static void on_final(uint64_t id, const char *state, const char *reason, void *userdata) {
        struct end *end = userdata;

        (void)snprintf(end->state, sizeof(end->state), "%s", state);
        (void)snprintf(end->reason, sizeof(end->reason), "%s", reason);
}

/* Prints the number of the message, and when it was waited for, its end. */
static void print_sent(const struct output *out, const struct channel *channel, uint64_t id,
                       const uint8_t *uuid, const struct end *end) {
        json_object *object;
        char text[UUID_TEXT_MAX];

        if (!out->json) {
                output_line(out, STYLE_PLAIN, "%llu%s%s%s%s%s", (unsigned long long)id,
                            end->state[0] ? " " : "", end->state, end->reason[0] ? " (" : "",
                            end->reason, end->reason[0] ? ")" : "");
                return;
        }
        uuid_format(uuid, text);
        object = channel_json(channel);
        value_put_number(object, "id", id);
        value_put_string(object, "uuid", text);
        if (end->state[0]) {
                value_put_string(object, "state", end->state);
                value_put_string(object, "reason", end->reason);
        }
        output_json(out, object);
}

static enum outcome send_one(struct ctl *ctl, const struct channel *channel,
                             const struct outgoing *o, const struct outgoing_item *item) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        CLEANUP(delivery_freep) struct delivery *delivery = NULL;
        enum outcome outcome = OUTCOME_OK;
        struct end end = {};
        uint64_t id;

        if (o->wait)
                delivery = delivery_new(ctl, channel, on_final, &end);
        if (outgoing_send(ctl, channel, o, item, 1, &id, &error) < 0) {
                CLEANUP(freep) char *text = bus_explain(ctl, &agent_service, &error);
                char uuid[UUID_TEXT_MAX];

                uuid_format(item->uuid, uuid);
                if (outgoing_is_doubtful(&error))
                        output_complain("%s; whether it is queued is unknown, so repeat it with "
                                        "--uuid=%s",
                                        text, uuid);
                else
                        output_complain("%s", text);
                return bus_outcome(&error);
        }
        if (o->wait) {
                delivery_add(delivery, id, o->uuid_given);
                outcome = delivery_wait(delivery, o->timeout_usec);
        }
        print_sent(&ctl->out, channel, id, item->uuid, &end);
        if (outcome == OUTCOME_OK && o->wait && strcmp(end.state, "delivered") != 0)
                outcome = OUTCOME_FAILED;
        return outcome;
}

/* What the arguments contradict. */
static enum outcome check_arguments(const struct ctl *ctl) {
        if (!args_has(&ctl->args, "lines"))
                return OUTCOME_OK;
        if (ctl->args.n_words > 1) {
                output_complain("--lines takes the messages from standard input, not as argument");
                return OUTCOME_USAGE;
        }
        if (args_has(&ctl->args, "uuid")) {
                output_complain("--uuid is for one message, --lines is for many");
                return OUTCOME_USAGE;
        }
        return OUTCOME_OK;
}

static enum outcome run_send(struct ctl *ctl) {
        CLEANUP(channel_deinit) struct channel channel = {};
        CLEANUP(freep) char *data = NULL;
        struct outgoing outgoing;
        struct outgoing_item item = {};
        enum outcome o;

        o = check_arguments(ctl);
        if (o == OUTCOME_OK)
                o = outgoing_read(ctl, &outgoing);
        if (o == OUTCOME_OK)
                o = bus_open(ctl);
        if (o == OUTCOME_OK)
                o = channel_find(ctl, ctl->args.words[0], &channel);
        if (o != OUTCOME_OK)
                return o;
        if (args_has(&ctl->args, "lines"))
                return lines_send(ctl, &channel, &outgoing);
        if (ctl->args.n_words > 1 && strcmp(ctl->args.words[1], "-") != 0) {
                item.data = ctl->args.words[1];
                item.len = strlen(item.data);
        } else {
                o = read_input(&data, &item.len);
                if (o != OUTCOME_OK)
                        return o;
                item.data = data;
        }
        if (outgoing.uuid_given)
                memcpy(item.uuid, outgoing.uuid, sizeof(item.uuid));
        else
                uuid_make(item.uuid);
        return send_one(ctl, &channel, &outgoing, &item);
}

const struct verb send_verb = {
        .name = "send",
        .arguments = "CHANNEL [MESSAGE]",
        .least_words = 1,
        .most_words = 2,
        .summary = "queues a message, from the argument or from standard input",
        .help = "Prints the number of the message when it is on disk: from then on it is not\n"
                "lost. With --lines every line of standard input is a message, in order, up to\n"
                "the first that is refused: its number is told, the lines before it are queued\n"
                "and none after it.\n"
                "\n"
                "JSON: {\"channel\", \"object\", \"id\", \"uuid\"}, with --wait also \"state\" "
                "and\n"
                "\"reason\". With --lines {\"line\", \"id\"} for each message, and with --wait\n"
                "{\"id\", \"state\", \"reason\"} as they come to their end.\n",
        .options =
                (const struct args_option[]){
                        {"lines", 'l', NULL, "each line of standard input is a message"},
                        {"wait", 'w', NULL,
                         "until delivered; exit status 1 when it ends otherwise"},
                        {"timeout", 't', "TIME", "wait so long at most (30s; never)"},
                        {"text", 0, NULL, "as a WebSocket text message"},
                        {"binary", 0, NULL, "as a WebSocket binary message"},
                        {"ttl", 0, "TIME", "it expires when not delivered in this time"},
                        {"delay", 0, "TIME", "not before this time has passed"},
                        {"tag", 0, "TEXT", "kept with the message, shown by wherryctl queue"},
                        {"uuid", 0, "UUID", "the same UUID again queues nothing again"},
                        {"if-connected", 0, NULL, "only when the channel is connected now"},
                        {"at-most-once", 0, NULL, "never write it twice, even if it may be lost"},
                        {"max-tries", 0, "N", "rejected after so many writes without proof"},
                        CHANNEL_APP_ID_OPTION,
                        {},
                },
        .run = run_send,
};
