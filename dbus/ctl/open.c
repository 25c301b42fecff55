/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* wherryctl open, close, reconnect, suspend, resume: what is done to a channel as a whole. */

#include <errno.h>
#include <string.h>

#include "bus_dict.h"
#include "channel.h"
#include "cleanup.h"
#include "must.h"
#include "options.h"
#include "text.h"
#include "value.h"

/* The assignments of every --option, and --app-id as one more. */
static size_t collect_options(const struct args *args, char *app_id, const char **ret) {
        size_t n = 0;

        for (size_t i = 0; i < args->n_given; i++)
                if (strcmp(args->given[i].option->name, "option") == 0)
                        ret[n++] = args->given[i].value;
        if (app_id)
                ret[n++] = app_id;
        return n;
}

static enum outcome build_open(struct ctl *ctl, sd_bus_message *m) {
        CLEANUP(freep) const char **assignments = NULL;
        const char *app_id = args_get(&ctl->args, "app-id");
        CLEANUP(freep) char *app_assignment = NULL;
        CLEANUP(freep) char *problem = NULL;
        size_t n;
        int r;

        assignments = MUST_HAVE(calloc(ctl->args.n_given + 1, sizeof(*assignments)));
        if (app_id)
                app_assignment = text_format("app-id=%s", app_id);
        n = collect_options(&ctl->args, app_assignment, assignments);
        must(sd_bus_message_append(m, "ss", ctl->args.words[0], ctl->args.words[1]));
        r = options_append(m, assignments, n, &problem);
        if (r == -EINVAL) {
                output_complain("%s", problem);
                return OUTCOME_USAGE;
        }
        must(r);
        return OUTCOME_OK;
}

static enum outcome run_open(struct ctl *ctl) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        struct channel channel = {.word = ctl->args.words[0]};
        const char *path;
        enum outcome o;

        o = bus_open(ctl);
        if (o != OUTCOME_OK)
                return o;
        m = bus_method(ctl, &agent_service, "OpenChannel");
        o = build_open(ctl, m);
        if (o == OUTCOME_OK)
                o = bus_call(ctl, &agent_service, STEAL(m), BUS_TIMEOUT_USEC, &reply);
        if (o != OUTCOME_OK)
                return o;
        if (sd_bus_message_read(reply, "o", &path) < 0)
                return bus_malformed(&agent_service);
        channel.path = MUST_HAVE(strdup(path));
        if (ctl->out.json)
                output_json(&ctl->out, channel_json(&channel));
        else
                output_line(&ctl->out, STYLE_PLAIN, "opened %s (%s)", channel.word, channel.path);
        channel_deinit(&channel);
        return OUTCOME_OK;
}

/* Calls a member without arguments, of the channel or (without a CHANNEL) of the agent. */
static enum outcome run_member(struct ctl *ctl, const char *member, const char *done) {
        CLEANUP(channel_deinit) struct channel channel = {};
        bool one = ctl->args.n_words > 0;
        enum outcome o;

        o = bus_open(ctl);
        if (o == OUTCOME_OK && one)
                o = channel_find(ctl, ctl->args.words[0], &channel);
        if (o == OUTCOME_OK)
                o = bus_call(ctl, &agent_service,
                             one ? channel_method(ctl, &channel, member)
                                 : bus_method(ctl, &agent_service, member),
                             BUS_TIMEOUT_USEC, NULL);
        if (o != OUTCOME_OK)
                return o;
        if (ctl->out.json)
                output_json(&ctl->out, one ? channel_json(&channel) : value_object());
        else
                output_line(&ctl->out, STYLE_PLAIN, "%s %s", one ? channel.word : "all channels",
                            done);
        return OUTCOME_OK;
}

static enum outcome run_reconnect(struct ctl *ctl) {
        return run_member(ctl, "Reconnect", "told to try now");
}

static enum outcome run_suspend(struct ctl *ctl) {
        return run_member(ctl, "Suspend", "suspended");
}

static enum outcome run_resume(struct ctl *ctl) {
        return run_member(ctl, "Resume", "resumed");
}

static enum outcome run_close(struct ctl *ctl) {
        CLEANUP(channel_deinit) struct channel channel = {};
        uint64_t flush_usec, timeout_usec = BUS_TIMEOUT_USEC;
        sd_bus_message *m;
        enum outcome o;

        o = ctl_duration(ctl, "flush", 0, &flush_usec);
        if (o == OUTCOME_OK)
                o = bus_open(ctl);
        if (o == OUTCOME_OK)
                o = channel_find(ctl, ctl->args.words[0], &channel);
        if (o != OUTCOME_OK)
                return o;
        if (__builtin_add_overflow(timeout_usec, flush_usec, &timeout_usec))
                timeout_usec = USEC_NEVER;
        m = channel_method(ctl, &channel, "Close");
        must(sd_bus_message_open_container(m, 'a', "{sv}"));
        if (args_has(&ctl->args, "flush"))
                must(bus_dict_put_u64(m, "flush", flush_usec));
        if (args_has(&ctl->args, "discard"))
                must(bus_dict_put_bool(m, "discard", true));
        must(sd_bus_message_close_container(m));
        o = bus_call(ctl, &agent_service, m, timeout_usec, NULL);
        if (o != OUTCOME_OK)
                return o;
        if (ctl->out.json)
                output_json(&ctl->out, channel_json(&channel));
        else
                output_line(&ctl->out, STYLE_PLAIN, "%s closed", channel.word);
        return OUTCOME_OK;
}

const struct verb open_verb = {
        .name = "open",
        .arguments = "NAME URI",
        .least_words = 2,
        .most_words = 2,
        .summary = "opens a channel to a server, or changes the options of one that is open",
        .help = "NAME is letters, digits and . _ / -; URI is ws://HOST[:PORT]/PATH or wss://...\n"
                "The channel stays until wherryctl close, across reboots (persistent=no: until\n"
                "wherryctl has ended).\n"
                "\n"
                "Keys of --option, which may be given many times:\n"
                "  text      label protocol policy give-up metered proxy queue-full inbox-full\n"
                "            delivery frame tls-min\n"
                "  yes, no   persistent overlap\n"
                "  30s 5min  backoff-first backoff-cap good-after linger connect-timeout\n"
                "            open-timeout ping-interval ping-timeout ttl (a number alone is\n"
                "            seconds; or never)\n"
                "  64K 1M    max-message in-flight-bytes queue-bytes inbox-bytes (a number alone\n"
                "            is bytes)\n"
                "  100       max-attempts in-flight queue-messages inbox-messages\n"
                "  0.5       backoff-factor backoff-jitter\n"
                "  bytes     open-payload tls-ca (text, or @FILE)\n"
                "  elements  subprotocols tls-pin (one each time, or @FILE with a line each)\n"
                "  pairs     headers ('Name: value' each time, or @FILE with a line each, which\n"
                "            keeps secrets out of the list of processes)\n"
                "What they mean stands in org.wherry.Agent1.xml, method OpenChannel.\n"
                "\n"
                "Example: wherryctl open chat wss://chat.example/ws -o label=Chat -o ttl=1h\n"
                "\n"
                "JSON: {\"channel\", \"object\"}.\n",
        .options =
                (const struct args_option[]){
                        {"option", 'o', "KEY=VALUE", "an option of the channel"},
                        CHANNEL_APP_ID_OPTION,
                        {},
                },
        .run = run_open,
};

const struct verb reconnect_verb = {
        .name = "reconnect",
        .arguments = "[CHANNEL]",
        .most_words = 1,
        .summary = "tries now to connect a channel, or all that are not connected",
        .help = "A channel that is connected is asked for a sign of life, and connected anew when\n"
                "there is none.\n"
                "\n"
                "JSON: {\"channel\", \"object\"}, {} for all.\n",
        .options = (const struct args_option[]){CHANNEL_APP_ID_OPTION, {}},
        .run = run_reconnect,
};

const struct verb suspend_verb = {
        .name = "suspend",
        .arguments = "CHANNEL",
        .least_words = 1,
        .most_words = 1,
        .summary = "disconnects a channel until resume; messages go on queueing",
        .help = "JSON: {\"channel\", \"object\"}.\n",
        .options = (const struct args_option[]){CHANNEL_APP_ID_OPTION, {}},
        .run = run_suspend,
};

const struct verb resume_verb = {
        .name = "resume",
        .arguments = "CHANNEL",
        .least_words = 1,
        .most_words = 1,
        .summary = "ends suspend",
        .help = "JSON: {\"channel\", \"object\"}.\n",
        .options = (const struct args_option[]){CHANNEL_APP_ID_OPTION, {}},
        .run = run_resume,
};

const struct verb close_verb = {
        .name = "close",
        .arguments = "CHANNEL",
        .least_words = 1,
        .most_words = 1,
        .summary = "disconnects a channel and forgets it",
        .help = "Refused when messages are queued or unread, unless --discard is given.\n"
                "\n"
                "JSON: {\"channel\", \"object\"}.\n",
        .options =
                (const struct args_option[]){
                        {"flush", 'f', "TIME", "first wait so long for the queue to empty (10s)"},
                        {"discard", 'd', NULL, "throw away what is queued and unread"},
                        CHANNEL_APP_ID_OPTION,
                        {},
                },
        .run = run_close,
};
