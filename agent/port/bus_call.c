/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "agent_store.h"
#include "bus_error.h"
#include "bus_message.h"
#include "bus_options.h"
#include "bus_peers.h"
#include "channel.h"
#include "cleanup.h"
#include "names.h"
#include "protocol.h"
#include "record.h"
#include "uri.h"

int bus_call_check(const struct channel *channel, sd_bus_error *error) {
        if (channel->closing)
                return bus_error_namef(error, ERROR_CLOSED, "the channel is being closed");
        if (channel->record->orphaned)
                return bus_error_namef(error, ERROR_ORPHANED,
                                       "the user of the channel does not exist any more");
        return 0;
}

int bus_call_take_reconnect(struct agent *agent, sd_bus_message *m, sd_bus_error *error) {
        const struct peer *peer = bus_peers_caller(agent->peers, m);
        struct user *user = agent_user(agent, peer->uid);

        if (!user)
                return -ENOMEM;
        if (!bucket_take(&user->reconnects, moment_now().usec))
                return bus_error_namef(error, ERROR_RATE_LIMITED,
                                       "more than 4 calls of Reconnect in a minute");
        return 0;
}

int bus_call_check_uri(struct agent *agent, uid_t uid, const char *uri, const char *protocol,
                       sd_bus_error *error) {
        struct address address;
        char problem[256];
        struct uri parsed;
        bool denied, spoken;
        int r;

        r = uri_parse(uri, &parsed, problem, sizeof(problem));
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return bus_error_namef(error, ERROR_INVALID_URI, "%s", problem);
        denied = parsed.is_address && address_parse(parsed.host, &address) == 0 &&
                 !agent_may_reach(agent, uid, &address);
        spoken = protocol_find(parsed.scheme, protocol) != NULL;
        uri_deinit(&parsed);
        if (!spoken)
                return bus_error_namef(error, ERROR_INVALID_URI,
                                       "the protocol %s is not spoken over this scheme", protocol);
        if (denied)
                return bus_error_namef(error, ERROR_POLICY_DENIED,
                                       "the administrator does not allow this server address");
        return 0;
}

static int check_fixed(const struct channel *channel, const struct channel_options *is,
                       sd_bus_error *error) {
        const struct channel_options *was = &channel->record->options;
        const char *key = NULL;

        if (protocol_find(channel->uri.scheme, is->protocol) != channel->protocol)
                key = "protocol";
        else if (strcmp(was->app_id, is->app_id) != 0)
                key = "app-id";
        else if (was->persistent != is->persistent)
                key = "persistent";
        if (key)
                return bus_error_namef(error, ERROR_INVALID_OPTION,
                                       "%s: cannot be changed once the channel is open", key);
        return 0;
}

int bus_call_set_options(struct channel *channel, sd_bus_message *m, sd_bus_message *call,
                         sd_bus_error *error) {
        struct store_channel *changed;
        int r;

        r = channel_copy_record(channel, &changed);
        if (r < 0)
                return r;
        r = bus_options_read_channel(m, &changed->options, error);
        if (r >= 0)
                r = check_fixed(channel, &changed->options, error);
        if (r < 0) {
                store_channel_free(changed);
                return r;
        }
        return channel_change(channel, changed, call);
}

int bus_call_wait(struct channel *channel, sd_bus_message *m, uint64_t timeout_usec,
                  enum waiter_kind kind, sd_bus_error *error) {
        int r;

        r = waiters_add(channel, m, timeout_usec, kind);
        if (r == -EDQUOT)
                return bus_error_setf(error, r, "too many calls wait on this channel");
        return r < 0 ? r : 1;
}

static int list_submit(struct channel *channel, const struct bus_listing *listing, bool incoming,
                       struct store_request *before, sd_bus_message *call) {
        struct store_request *request = store_request_new(STORE_LIST, channel->record->id);
        int r;

        if (!request)
                return -ENOMEM;
        request->filter = listing->filter;
        request->filter.incoming = incoming;
        request->after_id = listing->filter.after_id;
        request->limit_messages = listing->limit;
        request->with_payload = listing->single;
        request->both = listing->outgoing && listing->incoming;
        request->before = before;
        if (!incoming) {
                r = outgoing_in_flight(channel, &request->ids, &request->n_ids);
                if (r < 0) {
                        store_request_free(request);
                        return r;
                }
        }
        agent_submit(channel->agent, request, call);
        return 0;
}

int bus_call_list(struct channel *channel, const struct bus_listing *listing,
                  sd_bus_message *call) {
        if (!listing->outgoing && !listing->incoming)
                return sd_bus_reply_method_return(call, "aa{sv}", 0);
        return list_submit(channel, listing, !listing->outgoing, NULL, call);
}

/* Both lists rise by id; they are told as one. */
static int append_merged(sd_bus_message *reply, const struct channel *channel,
                         const struct store_request *first, const struct store_request *second) {
        size_t a = 0, b = 0, n_a = first ? first->n_messages : 0;
        int r;

        for (size_t n = 0; n < second->limit_messages && (a < n_a || b < second->n_messages); n++) {
                bool from_first =
                        a < n_a && (b >= second->n_messages ||
                                    first->messages[a].facts.id < second->messages[b].facts.id);
                const struct store_request *list = from_first ? first : second;

                r = bus_message_append(reply, channel, list->filter.incoming,
                                       &list->messages[from_first ? a++ : b++]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int reply_list(struct channel *channel, const struct store_request *first,
                      const struct store_request *second, sd_bus_message *call) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        bool single = second->with_payload;
        int r;

        r = sd_bus_message_new_method_return(call, &reply);
        if (r < 0)
                return r;
        if (single) {
                r = append_merged(reply, channel, first, second);
        } else {
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
                if (r < 0)
                        return r;
                r = append_merged(reply, channel, first, second);
                if (r < 0)
                        return r;
                r = sd_bus_message_close_container(reply);
        }
        if (r < 0)
                return r;
        return sd_bus_send(NULL, reply, NULL);
}

bool bus_call_list_done(struct channel *channel, struct store_request *request,
                        sd_bus_message *call) {
        const struct store_request *first = request->before;
        int r;

        if (request->error < 0) {
                (void)sd_bus_reply_method_errorf(call, bus_error_name(request->error),
                                                 "the queue cannot be read");
                return false;
        }
        if (request->both && !request->filter.incoming) {
                struct bus_listing listing = {.single = request->with_payload,
                                              .incoming = true,
                                              .limit = (uint32_t)request->limit_messages,
                                              .filter = request->filter};

                r = list_submit(channel, &listing, true, request, call);
                if (r >= 0)
                        return true;
                (void)sd_bus_reply_method_errno(call, r, NULL);
                return false;
        }
        if (request->with_payload && request->n_messages + (first ? first->n_messages : 0) == 0) {
                (void)sd_bus_reply_method_errorf(call, ERROR_UNKNOWN_MESSAGE,
                                                 "there is no message %" PRIu64,
                                                 request->filter.only_id);
                return false;
        }
        r = reply_list(channel, first, request, call);
        if (r < 0)
                (void)sd_bus_reply_method_errno(call, r, NULL);
        return false;
}

/* One step of an attempt: when it began and ended, 0: not yet. */
struct step {
        const char *name;
        uint64_t began_usec;
        uint64_t ended_usec;
};

static int append_step(sd_bus_message *m, const struct step *step, const char *result,
                       const struct cause *cause, const char *text) {
        bool failed = strcmp(result, "failed") == 0;
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        r = sd_bus_message_append(
                m, "{sv}{sv}{sv}{sv}{sv}", "step", "s", step->name, "result", "s", result, "since",
                "t", step->began_usec, "duration", "t",
                step->ended_usec > step->began_usec ? step->ended_usec - step->began_usec : 0,
                "text", "s", failed ? cause->text : text);
        if (r < 0)
                return r;
        if (failed) {
                r = sd_bus_message_append(m, "{sv}", "error", "s", cause_error_name(cause->kind));
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

/* The steps after that of the path; the first that did not end is the one that failed or runs. */
static int append_attempt(struct channel *channel, sd_bus_message *m, bool running) {
        const struct link_steps *s = &channel->steps;
        struct step steps[] = {
                {"resolve", s->started_usec, s->resolved_usec},
                {"connect", s->resolved_usec, s->connected_usec},
                {"tls", s->connected_usec, s->secured_usec},
                {"open", s->secured_usec, s->opened_usec},
        };
        bool reached = true;
        int r;

        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
                const char *result = "ok";

                if (strcmp(steps[i].name, "tls") == 0 && !channel->uri.tls)
                        continue;
                if (!reached || s->started_usec == 0)
                        result = "pending";
                else if (steps[i].ended_usec == 0)
                        result = running ? "running" : "failed";
                if (strcmp(result, "ok") != 0)
                        reached = false;
                r = append_step(m, &steps[i], result, &channel->steps_cause, "");
                if (r < 0)
                        return r;
        }
        return 0;
}

int bus_call_append_steps(struct channel *channel, sd_bus_message *m) {
        bool offline = channel_state(channel) == CHANNEL_WAITING;
        struct cause no_path = {.kind = CAUSE_NO_PATH};
        struct step path = {.name = "path", .began_usec = channel->used.since_usec};
        bool running = channel->attempt != NULL;
        int r;

        if (running) {
                link_update_steps(channel->attempt);
                channel->steps = channel->attempt->steps;
        }
        cause_setf(&no_path, CAUSE_NO_PATH, "%s", channel->policy.cause.text);
        r = sd_bus_message_open_container(m, 'a', "a{sv}");
        if (r < 0)
                return r;
        r = append_step(m, &path, offline ? "failed" : "ok", &no_path,
                        channel->used.ifindex != 0 ? channel->used.interface : "unknown");
        if (r < 0)
                return r;
        r = append_attempt(channel, m, running);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}
