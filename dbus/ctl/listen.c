/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* wherryctl listen: prints a channel's messages, and acknowledges what was written. */

#include <errno.h>
#include <string.h>

#include "bus_dict.h"
#include "channel.h"
#include "cleanup.h"
#include "loop.h"
#include "must.h"
#include "names.h"
#include "peer.h"
#include "text.h"
#include "value.h"

#define CREDIT 256 /* messages on their way at once */

struct listener {
        struct ctl *ctl;
        struct loop loop;
        struct peer *agent;
        struct channel channel;
        bool observe, raw;
        uint64_t left;        /* messages still to print; UINT64_MAX: no end */
        uint64_t idle_usec;   /* ends after so long without a message; USEC_NEVER: does not */
        uint64_t last_id;     /* of the last one printed */
        uint64_t ids[CREDIT]; /* printed, to be acknowledged after the next flush */
        size_t n_ids;
        sd_event_source *settle; /* acknowledges, once the bus has nothing more for us */
        sd_event_source *timer;
};

static void listener_deinit(struct listener *l) {
        sd_event_source_unref(l->settle);
        sd_event_source_unref(l->timer);
        loop_deinit(&l->loop);
        peer_free(l->agent);
        channel_deinit(&l->channel);
}

static enum outcome subscribe(struct listener *l) {
        sd_bus_message *m = channel_method(l->ctl, &l->channel, "Subscribe");
        uint32_t credit = l->left < CREDIT ? (uint32_t)l->left : CREDIT;

        must(sd_bus_message_append(m, "u", l->observe ? UINT32_MAX : credit));
        must(sd_bus_message_open_container(m, 'a', "{sv}"));
        if (l->observe) {
                must(bus_dict_put_string(m, "mode", "observe"));
                must(bus_dict_put_u64(m, "after-id", l->last_id));
        } else if (args_has(&l->ctl->args, "takeover")) {
                must(bus_dict_put_bool(m, "takeover", true));
        }
        must(sd_bus_message_close_container(m));
        return bus_call(l->ctl, &agent_service, m, BUS_TIMEOUT_USEC, NULL);
}

static sd_bus_message *build_acknowledge(struct listener *l) {
        sd_bus_message *m = channel_method(l->ctl, &l->channel, "Acknowledge");

        must(sd_bus_message_append_array(m, 't', l->ids, l->n_ids * sizeof(l->ids[0])));
        l->n_ids = 0;
        return m;
}

static int on_acknowledged(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct listener *l = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(m);

        /* An agent that is gone offers them again when it is back. */
        if (error && peer_is_there(l->agent))
                loop_end(&l->loop, bus_tell(l->ctl, &agent_service, error));
        return 0;
}

/* Written, then acknowledged: in this order, or a message could be lost. */
static int on_settle(sd_event_source *source, void *userdata) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        struct listener *l = userdata;

        if (!loop_flush(&l->loop))
                return 0;
        if (l->left == 0) {
                loop_end(&l->loop, OUTCOME_OK);
        } else if (l->n_ids > 0 && peer_is_there(l->agent)) {
                m = build_acknowledge(l);
                must(sd_bus_call_async(l->ctl->bus, NULL, m, on_acknowledged, l, BUS_TIMEOUT_USEC));
        }
        return 0;
}

static void arm_timer(struct listener *l) {
        uint64_t now_usec = moment_now().usec, end_usec;

        if (!l->timer)
                return;
        if (__builtin_add_overflow(now_usec, l->idle_usec, &end_usec))
                end_usec = USEC_NEVER;
        must(sd_event_source_set_time(l->timer, end_usec));
}

static int on_idle(sd_event_source *source, uint64_t usec, void *userdata) {
        struct listener *l = userdata;

        if (l->left == UINT64_MAX) {
                loop_end(&l->loop, OUTCOME_OK);
                return 0;
        }
        output_complain("no message came in time");
        loop_end(&l->loop, OUTCOME_TIMEOUT);
        return 0;
}

static void print(const struct listener *l, uint64_t id, json_object *payload, json_object *meta) {
        const char *data = json_object_get_string(payload);
        size_t len = (size_t)json_object_get_string_len(payload);
        CLEANUP(freep) char *safe = NULL;
        json_object *object;

        if (l->ctl->out.json) {
                object = channel_json(&l->channel);
                value_put_number(object, "id", id);
                value_merge(object, meta);
                value_put(object, "payload", json_object_get(payload));
                output_json(&l->ctl->out, object);
        } else if (l->raw) {
                (void)fwrite(data, 1, len, l->ctl->out.file);
        } else {
                safe = text_escape(data, len, l->ctl->out.utf8);
                (void)fprintf(l->ctl->out.file, "%s\n", safe);
        }
}

/* A payload in a memfd stands in the meta, where value_read() has put it. */
static int read_received(sd_bus_message *m, uint64_t *ret_id, json_object **ret_payload,
                         json_object **ret_meta) {
        json_object *large;
        int r;

        r = sd_bus_message_read(m, "t", ret_id);
        if (r < 0)
                return r;
        r = value_read(m, ret_payload);
        if (r < 0)
                return r;
        r = value_read(m, ret_meta);
        if (r < 0)
                return r;
        if (json_object_object_get_ex(*ret_meta, "payload", &large)) {
                json_object_put(*ret_payload);
                *ret_payload = json_object_get(large);
        }
        return 0;
}

static bool is_ours(const struct listener *l, sd_bus_message *m) {
        return peer_sent(l->agent, m) && strcmp(sd_bus_message_get_path(m), l->channel.path) == 0;
}

static int on_received(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        CLEANUP(json_object_putp) json_object *payload = NULL;
        CLEANUP(json_object_putp) json_object *meta = NULL;
        struct listener *l = userdata;
        uint64_t id;
        bool again;

        if (!is_ours(l, m) || l->loop.ended)
                return 0;
        if (read_received(m, &id, &payload, &meta) < 0) {
                loop_end(&l->loop, bus_malformed(&agent_service));
                return 0;
        }
        /* Offered again by an agent that was restarted before it knew that the message was
         * acknowledged: it stands in the output already. */
        again = id <= l->last_id && value_bool(meta, "redelivered");
        if (!again) {
                print(l, id, payload, meta);
                l->last_id = id;
                l->left -= l->left == UINT64_MAX ? 0 : 1;
                arm_timer(l);
        }
        if (!l->observe)
                l->ids[l->n_ids++] = id;
        /* A full list has no room for another: the credit is as much, but nobody has to keep it. */
        if (l->n_ids == CREDIT || l->left == 0)
                return on_settle(NULL, l);
        must(sd_event_source_set_enabled(l->settle, SD_EVENT_ONESHOT));
        return 0;
}

static int on_unsubscribed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct listener *l = userdata;
        const char *reason = "";
        enum outcome o = OUTCOME_FAILED;

        if (!is_ours(l, m))
                return 0;
        (void)sd_bus_message_read(m, "s", &reason);
        /* Observers cannot give credit back, but they can ask for new. */
        if (strcmp(reason, "credit") == 0) {
                o = subscribe(l);
                if (o == OUTCOME_OK)
                        return 0;
        } else if (strcmp(reason, "takeover") == 0) {
                output_complain("another reader has taken over");
        } else if (strcmp(reason, "closed") == 0) {
                output_complain("the channel was closed");
        } else {
                output_complain("the agent has ended the subscription (%s)", reason);
        }
        loop_end(&l->loop, o);
        return 0;
}

static void on_agent(struct peer *agent, void *userdata) {
        struct listener *l = userdata;
        struct channel channel;
        enum outcome o;

        if (!peer_is_there(agent)) {
                output_complain("wherry-agent has stopped; waiting for it to come back");
                return;
        }
        l->n_ids = 0; /* it offers again what it does not know to be acknowledged */
        o = channel_find(l->ctl, l->channel.word, &channel);
        if (o == OUTCOME_OK) {
                channel_deinit(&l->channel);
                l->channel = channel;
                o = subscribe(l);
        }
        if (o == OUTCOME_OK)
                output_complain("wherry-agent is back");
        else
                loop_end(&l->loop, o);
}

static enum outcome listen_to(struct listener *l) {
        static const struct {
                const char *member;
                sd_bus_message_handler_t handler;
        } signals[] = {{"Received", on_received}, {"Unsubscribed", on_unsubscribed}};
        enum outcome o;

        loop_init(&l->loop, l->ctl);
        l->agent = peer_new(l->ctl, &agent_service, on_agent, l);
        for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
                must(sd_bus_match_signal(l->ctl->bus, NULL, AGENT_BUS_NAME, NULL,
                                         AGENT_CHANNEL_INTERFACE, signals[i].member,
                                         signals[i].handler, l));
        must(sd_event_add_defer(l->loop.event, &l->settle, on_settle, l));
        must(sd_event_source_set_priority(l->settle, SD_EVENT_PRIORITY_IDLE));
        must(sd_event_source_set_enabled(l->settle, SD_EVENT_OFF));
        if (l->idle_usec != USEC_NEVER)
                must(sd_event_add_time(l->loop.event, &l->timer, CLOCK_BOOTTIME, USEC_NEVER, 0,
                                       on_idle, l));
        o = subscribe(l);
        if (o != OUTCOME_OK)
                return o;
        arm_timer(l);
        o = loop_run(&l->loop);
        if (l->n_ids > 0 && output_flush(&l->ctl->out) >= 0) {
                enum outcome last = bus_call(l->ctl, &agent_service, build_acknowledge(l),
                                             BUS_TIMEOUT_USEC, NULL);

                o = o == OUTCOME_OK ? last : o;
        }
        return o;
}

static enum outcome run_listen(struct ctl *ctl) {
        CLEANUP(listener_deinit) struct listener l = {};
        enum outcome o;

        l.ctl = ctl;
        l.observe = args_has(&ctl->args, "observe");
        l.raw = args_has(&ctl->args, "raw");
        o = ctl_count(ctl, "count", UINT64_MAX, UINT64_MAX, &l.left);
        if (o == OUTCOME_OK)
                o = ctl_duration(ctl, "timeout", USEC_NEVER, &l.idle_usec);
        if (o == OUTCOME_OK)
                o = bus_open(ctl);
        if (o == OUTCOME_OK)
                o = channel_find(ctl, ctl->args.words[0], &l.channel);
        return o == OUTCOME_OK ? listen_to(&l) : o;
}

const struct verb listen_verb = {
        .name = "listen",
        .arguments = "CHANNEL",
        .least_words = 1,
        .most_words = 1,
        .summary = "prints the messages of a channel as they come",
        .help = "Begins with those that came while nobody listened. A message is acknowledged,\n"
                "and thereby forgotten by the agent, after it was written. It is one line, with\n"
                "control characters and bytes that are not UTF-8 as \\n, \\x1b; --raw writes the\n"
                "bytes. Goes on when the agent is restarted, until SIGINT or SIGTERM.\n"
                "\n"
                "JSON, one line each: {\"channel\", \"object\", \"id\", \"received\", \"frame\",\n"
                "\"redelivered\", \"size\", \"payload\" or \"payload_base64\"}.\n",
        .options =
                (const struct args_option[]){
                        {"count", 'n', "N", "end after N messages"},
                        {"timeout", 't', "TIME",
                         "end after so long without a message (7: less than N)"},
                        {"observe", 0, NULL, "read along, acknowledge nothing; may miss some"},
                        {"takeover", 0, NULL, "take the place of another reader"},
                        {"raw", 0, NULL, "the bytes as they came, nothing between messages"},
                        CHANNEL_APP_ID_OPTION,
                        {},
                },
        .run = run_listen,
};
