/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* wherryctl status: what works, and since when, in one look. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bus.h"
#include "cleanup.h"
#include "describe.h"
#include "must.h"
#include "names.h"
#include "objects.h"

#define STATUS_TIMEOUT_USEC (2 * USEC_PER_SEC)
#define TROUBLED_MAX 8 /* channels listed; the others are counted */

/* What one daemon said; `problem` when it said nothing. */
struct answer {
        json_object *properties;
        json_object *links;    /* of netmon */
        json_object *channels; /* of the agent */
        char *problem;
        enum outcome outcome;
};

static void answer_deinit(struct answer *answer) {
        json_object_put(answer->properties);
        json_object_put(answer->links);
        json_object_put(answer->channels);
        free(answer->problem);
}

static void answer_failed(struct answer *answer, const struct ctl *ctl,
                          const struct service *service, sd_bus_error *error) {
        answer->problem = bus_explain(ctl, service, error);
        answer->outcome = bus_outcome(error);
        sd_bus_error_free(error);
}

static void ask_netmon(struct ctl *ctl, struct answer *ret) {
        CLEANUP(json_object_putp) json_object *network = NULL;
        sd_bus_error error = SD_BUS_ERROR_NULL;

        if (objects_get_network(ctl, false, STATUS_TIMEOUT_USEC, &network, &error) < 0) {
                answer_failed(ret, ctl, &netmon_service, &error);
                return;
        }
        ret->properties = json_object_get(json_object_object_get(network, "properties"));
        ret->links = json_object_get(json_object_object_get(network, "interfaces"));
}

/* The sum over one's own channels takes the place of the sum over everybody's; root means all. */
static int merge_own_status(struct ctl *ctl, json_object *properties, sd_bus_error *ret_error) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        CLEANUP(json_object_putp) json_object *own = NULL;
        int r;

        if (geteuid() == 0)
                return 0;
        m = bus_method(ctl, &agent_service, "StatusFor");
        must(sd_bus_message_append(m, "u", (uint32_t)geteuid()));
        r = sd_bus_call(ctl->bus, m, STATUS_TIMEOUT_USEC, ret_error, &reply);
        if (r < 0)
                return r;
        r = value_read(reply, &own);
        if (r < 0)
                return sd_bus_error_set_errno(ret_error, r);
        value_merge(properties, own);
        return 0;
}

static void ask_agent(struct ctl *ctl, struct answer *ret) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = objects_get_properties(ctl, &agent_service, AGENT_PATH, AGENT_INTERFACE,
                                   STATUS_TIMEOUT_USEC, &ret->properties, &error);
        if (r >= 0)
                r = merge_own_status(ctl, ret->properties, &error);
        if (r >= 0)
                r = objects_get_channels(ctl, STATUS_TIMEOUT_USEC, &ret->channels, &error);
        if (r < 0)
                answer_failed(ret, ctl, &agent_service, &error);
}

static void print_path(const struct output *out, const char *label, json_object *path,
                       json_object *links) {
        json_object *link = objects_find_link(links, value_string(path, "interface"));
        CLEANUP(freep) char *text = describe_path(path);
        CLEANUP(freep) char *advert = describe_advert(link);

        output_pair(out, label, describe_path_style(path), "%s", text);
        if (advert[0])
                output_pair(out, "", STYLE_WARN, "%s", advert);
}

static void print_network(const struct output *out, const struct answer *netmon,
                          const struct moment *at) {
        json_object *properties = netmon->properties;
        const char *state = value_string(properties, "state");
        CLEANUP(freep) char *text = NULL;

        if (netmon->problem) {
                output_pair(out, "network", STYLE_BAD, "%s", netmon->problem);
                return;
        }
        text = describe_state(state, value_number(properties, "state_since"), at);
        output_pair(out, "network", describe_state_style(state), "● %s%s%s", text,
                    value_bool(properties, "airplane_mode") ? ", airplane mode" : "",
                    value_bool(properties, "preparing_for_sleep") ? ", preparing for sleep" : "");
        print_path(out, "ipv4", json_object_object_get(properties, "primary4"), netmon->links);
        print_path(out, "ipv6", json_object_object_get(properties, "primary6"), netmon->links);
}

static void print_troubled(const struct output *out, json_object *channels,
                           const struct moment *at) {
        size_t troubled = 0;

        for (size_t i = 0; i < json_object_array_length(channels); i++) {
                json_object *channel = json_object_array_get_idx(channels, i);
                const char *state = value_string(channel, "state");
                CLEANUP(freep) char *head = NULL;
                CLEANUP(freep) char *text = NULL;

                if (strcmp(state, "connected") == 0 || strcmp(state, "idle") == 0)
                        continue;
                if (++troubled > TROUBLED_MAX)
                        continue;
                head = describe_state(state, value_number(channel, "since"), at);
                text = describe_channel(channel, at);
                output_pair(out, "", describe_state_style(state), "%s: %s%s%s",
                            value_string(channel, "name"), head, text[0] ? ", " : "", text);
        }
        if (troubled > TROUBLED_MAX)
                output_pair(out, "", STYLE_PLAIN, "and %zu more, see wherryctl channels",
                            troubled - TROUBLED_MAX);
}

static void print_agent(const struct output *out, const struct answer *agent,
                        const struct moment *at) {
        json_object *properties = agent->properties;
        const char *status = value_string(properties, "status");
        const char *sentence = value_string(properties, "status_text");
        uint64_t queued = value_number(properties, "queued");
        CLEANUP(freep) char *text = NULL;

        if (agent->problem) {
                output_pair(out, "agent", STYLE_BAD, "%s", agent->problem);
                return;
        }
        text = describe_state(status, value_number(properties, "status_since"), at);
        output_pair(out, "agent", describe_state_style(status), "● %s%s%s", text,
                    sentence[0] ? ": " : "", sentence);
        output_pair(out, "channels", STYLE_PLAIN, "%llu of %llu connected, %llu message%s queued",
                    (unsigned long long)value_number(properties, "connected"),
                    (unsigned long long)value_number(properties, "channels"),
                    (unsigned long long)queued, queued == 1 ? "" : "s");
        print_troubled(out, agent->channels, at);
}

static void print_json(const struct output *out, struct answer *netmon, struct answer *agent) {
        json_object *all = value_object();
        json_object *problems = value_array();

        value_put(all, "network", json_object_get(netmon->properties));
        value_put(all, "agent", json_object_get(agent->properties));
        value_put(all, "channels", json_object_get(agent->channels));
        for (const struct answer *answer = netmon; answer; answer = answer == netmon ? agent : NULL)
                if (answer->problem)
                        value_push(problems, MUST_HAVE(json_object_new_string(answer->problem)));
        value_put(all, "problems", problems);
        output_json(out, all);
}

static enum outcome sum_up(const struct answer *netmon, const struct answer *agent) {
        const char *status = value_string(agent->properties, "status");

        if (agent->problem)
                return agent->outcome;
        if (netmon->problem)
                return netmon->outcome;
        return strcmp(status, "online") == 0 || strcmp(status, "idle") == 0 ? OUTCOME_OK
                                                                            : OUTCOME_NOT_CONNECTED;
}

static enum outcome run_status(struct ctl *ctl) {
        CLEANUP(answer_deinit) struct answer netmon = {};
        CLEANUP(answer_deinit) struct answer agent = {};
        struct moment at;
        enum outcome o;

        o = bus_connect(ctl, &agent.problem);
        if (o == OUTCOME_OK) {
                ask_netmon(ctl, &netmon);
                ask_agent(ctl, &agent);
        } else if (!ctl->out.json) {
                output_complain("%s", agent.problem);
                return o;
        } else {
                agent.outcome = o;
        }
        if (ctl->out.json) {
                print_json(&ctl->out, &netmon, &agent);
        } else {
                at = moment_now();
                print_network(&ctl->out, &netmon, &at);
                print_agent(&ctl->out, &agent, &at);
        }
        return sum_up(&netmon, &agent);
}

const struct verb status_verb = {
        .name = "status",
        .arguments = "",
        .summary = "what works, and since when",
        .help = "Exit status 0: every channel is connected, or there is none; 3: some are not.\n"
                "\n"
                "JSON: {\"network\": the properties of org.wherry.NetMon1, \"agent\": those of\n"
                "org.wherry.Agent1 for you (for root: of all users), \"channels\": [as channels],\n"
                "\"problems\": [sentences]}; null for a daemon that did not answer.\n",
        .options = (const struct args_option[]){{}},
        .passive = true,
        .run = run_status,
};
