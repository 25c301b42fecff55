/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "bus_channel.h"
#include "bus_dict.h"
#include "bus_message.h"
#include "bus_peers.h"
#include "channel.h"
#include "cleanup.h"
#include "names.h"

/* Counters are told at once when they leave 0 or come back to it, else this often. */
#define COUNTERS_USEC USEC_PER_SEC

/* A signal's arguments are appended anew for every receiver: a message goes to one only. */
typedef int (*append_args)(sd_bus_message *m, struct channel *channel, const void *userdata);

static int send_signal(struct channel *channel, struct peer *peer, const char *path,
                       const char *interface, const char *member, append_args append,
                       const void *userdata) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        sd_bus *bus = channel->agent->bus;
        int r;

        r = sd_bus_message_new_signal(bus, &m, path, interface, member);
        if (r < 0)
                return r;
        if (*peer->name != '\0') {
                r = sd_bus_message_set_destination(m, peer->name);
                if (r < 0)
                        return r;
        }
        r = append(m, channel, userdata);
        if (r < 0)
                return r;
        return sd_bus_send(bus, m, NULL);
}

static void tell_hearers(struct channel *channel, const char *path, const char *interface,
                         const char *member, append_args append, const void *userdata) {
        struct agent *agent = channel->agent;
        struct peer *peer;

        if (!agent->peers)
                return;
        /* A signal that cannot be sent is that of a bus that is going away. */
        for (peer = bus_peers_first(agent->peers); peer; peer = LIST_NEXT(peer, of_peers))
                if (channel_is_heard_by(channel, peer))
                        (void)send_signal(channel, peer, path, interface, member, append, userdata);
}

static int append_added(sd_bus_message *m, struct channel *channel, const void *userdata) {
        int r;

        r = sd_bus_message_append_basic(m, 'o', channel->path);
        if (r < 0)
                return r;
        return bus_channel_append_object(channel, m);
}

void bus_channel_added(struct channel *channel) {
        tell_hearers(channel, AGENT_PATH, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
                     append_added, NULL);
}

static int append_removed(sd_bus_message *m, struct channel *channel, const void *userdata) {
        return sd_bus_message_append(m, "oas", channel->path, 1, AGENT_CHANNEL_INTERFACE);
}

void bus_channel_removed(struct channel *channel) {
        tell_hearers(channel, AGENT_PATH, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
                     append_removed, NULL);
}

/* What the properties are now. */
static void channel_look(const struct channel *channel, struct channel_shown *ret) {
        const struct store_counts *counts = &channel->record->counts;

        *ret = (struct channel_shown){
                .state = channel_state(channel),
                .since_usec = channel->policy.since_usec,
                .cause = *channel_cause(channel),
                .attempt = channel_attempt(channel),
                .next_attempt_usec = channel->policy.next_attempt_usec,
                .path = channel->used,
                .recovery = channel->recovery,
                .n_in_flight = channel_in_flight(channel),
                .n_queued = channel_queued(channel),
                .n_unread = counts->n_unread,
                .n_parked = counts->n_parked,
                .counters_usec = channel->shown.counters_usec,
                .revision = channel->revision,
        };
}

static bool counters_differ(const struct channel_shown *a, const struct channel_shown *b) {
        return a->n_queued != b->n_queued || a->n_in_flight != b->n_in_flight ||
               a->n_unread != b->n_unread || a->n_parked != b->n_parked;
}

static bool crosses_zero(uint64_t a, uint64_t b) {
        return (a == 0) != (b == 0);
}

static bool counters_are_urgent(const struct channel_shown *a, const struct channel_shown *b) {
        return crosses_zero(a->n_queued, b->n_queued) ||
               crosses_zero(a->n_in_flight, b->n_in_flight) ||
               crosses_zero(a->n_unread, b->n_unread) || crosses_zero(a->n_parked, b->n_parked);
}

uint64_t bus_channel_due_usec(const struct channel *channel) {
        struct channel_shown now;

        channel_look(channel, &now);
        return counters_differ(&now, &channel->shown) ? channel->shown.counters_usec + COUNTERS_USEC
                                                      : USEC_NEVER;
}

#define CHANGED_MAX 16

struct changes {
        const char *names[CHANGED_MAX];
        size_t n;
};

static void changes_add(struct changes *changes, bool differs, const char *name) {
        if (differs)
                changes->names[changes->n++] = name;
}

static void find_changes(const struct channel_shown *was, const struct channel_shown *is,
                         bool counters, struct changes *ret) {
        changes_add(ret, was->state != is->state, "State");
        changes_add(ret, was->since_usec != is->since_usec, "Since");
        changes_add(ret,
                    was->cause.kind != is->cause.kind ||
                            strcmp(was->cause.text, is->cause.text) != 0,
                    "Error");
        changes_add(ret, was->attempt != is->attempt, "Attempt");
        changes_add(ret, was->next_attempt_usec != is->next_attempt_usec, "NextAttempt");
        changes_add(ret, memcmp(&was->path, &is->path, sizeof(is->path)) != 0, "Path");
        changes_add(ret,
                    was->recovery.outcome != is->recovery.outcome ||
                            strcmp(was->recovery.reason, is->recovery.reason) != 0,
                    "LastRecovery");
        changes_add(ret, was->revision != is->revision, "Uri");
        changes_add(ret, was->revision != is->revision, "Label");
        if (!counters)
                return;
        changes_add(ret, was->n_queued != is->n_queued, "Queued");
        changes_add(ret, was->n_in_flight != is->n_in_flight, "InFlight");
        changes_add(ret, was->n_unread != is->n_unread, "Unread");
        changes_add(ret, was->n_parked != is->n_parked, "Parked");
}

static int append_changes(sd_bus_message *m, struct channel *channel, const void *userdata) {
        const struct changes *changes = userdata;
        int r;

        r = sd_bus_message_append_basic(m, 's', AGENT_CHANNEL_INTERFACE);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        for (size_t i = 0; i < changes->n; i++) {
                r = bus_channel_append_property(channel, m, changes->names[i]);
                if (r < 0)
                        return r;
        }
        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;
        return sd_bus_message_append(m, "as", 0);
}

static void tell_properties(struct channel *channel) {
        struct channel_shown is, was = channel->shown;
        uint64_t now_usec = moment_now().usec;
        struct changes changes = {.n = 0};
        bool counters;

        channel_look(channel, &is);
        counters = counters_differ(&was, &is) && (counters_are_urgent(&was, &is) ||
                                                  now_usec >= was.counters_usec + COUNTERS_USEC);
        find_changes(&was, &is, counters, &changes);
        if (counters) {
                is.counters_usec = now_usec;
        } else {
                is.n_queued = was.n_queued;
                is.n_in_flight = was.n_in_flight;
                is.n_unread = was.n_unread;
                is.n_parked = was.n_parked;
        }
        channel->shown = is;
        if (changes.n > 0)
                tell_hearers(channel, channel->path, "org.freedesktop.DBus.Properties",
                             "PropertiesChanged", append_changes, &changes);
}

/* The changes that one receiver wants. */
struct wanted {
        const struct message_change *changes;
        size_t n;
        bool verbose;
};

static int append_states(sd_bus_message *m, struct channel *channel, const void *userdata) {
        const struct wanted *wanted = userdata;
        int r;

        r = sd_bus_message_open_container(m, 'a', "(tss)");
        if (r < 0)
                return r;
        for (size_t i = 0; i < wanted->n; i++) {
                const struct message_change *change = &wanted->changes[i];

                if (!wanted->verbose && !message_state_is_final(change->state))
                        continue;
                r = sd_bus_message_append(m, "(tss)", change->id,
                                          message_state_string(change->state), change->reason);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

static int append_nothing(sd_bus_message *m, struct channel *channel, const void *userdata) {
        return 0;
}

static void tell_states_to(struct channel *channel, struct peer *peer, struct wanted *wanted,
                           bool any_final) {
        struct subscription *s = incoming_subscription(channel, peer);

        wanted->verbose = s && s->verbose;
        if (!wanted->verbose && !any_final)
                return;
        if (s && !credit_admits(&s->credit, 0)) {
                if (!s->overflowed)
                        (void)send_signal(channel, peer, channel->path, AGENT_CHANNEL_INTERFACE,
                                          "Overflow", append_nothing, NULL);
                s->overflowed = true;
                return;
        }
        if (s)
                s->overflowed = false;
        (void)send_signal(channel, peer, channel->path, AGENT_CHANNEL_INTERFACE, "MessageStates",
                          append_states, wanted);
}

static void tell_states(struct channel *channel) {
        struct wanted wanted = {.changes = channel->out.changes, .n = channel->out.n_changes};
        struct agent *agent = channel->agent;
        bool any_final = false;
        struct peer *peer;

        for (size_t i = 0; i < wanted.n; i++)
                any_final = any_final || message_state_is_final(wanted.changes[i].state);
        for (peer = bus_peers_first(agent->peers); peer && wanted.n > 0;
             peer = LIST_NEXT(peer, of_peers))
                if (channel_is_heard_by(channel, peer))
                        tell_states_to(channel, peer, &wanted, any_final);
        channel->out.n_changes = 0;
}

void bus_channel_tell(struct channel *channel) {
        if (!channel->agent->peers) {
                channel->out.n_changes = 0;
                return;
        }
        tell_properties(channel);
        tell_states(channel);
}

static int append_received(sd_bus_message *m, struct channel *channel, const void *userdata) {
        const struct store_message *message = userdata;
        bool inline_ = message->payload_bytes <= BUS_PAYLOAD_MAX_BYTES;
        int r;

        r = sd_bus_message_append_basic(m, 't', &message->facts.id);
        if (r < 0)
                return r;
        r = sd_bus_message_append_array(m, 'y', message->payload,
                                        inline_ ? message->payload_bytes : 0);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        r = bus_dict_put_u64(m, "received-realtime", message->facts.created_realtime_usec);
        if (r < 0)
                return r;
        r = bus_dict_put_string(m, "frame", message->text ? "text" : "binary");
        if (r < 0)
                return r;
        r = bus_dict_put_bool(m, "redelivered", message->redelivered);
        if (r < 0)
                return r;
        r = bus_dict_put_u64(m, "size", message->payload_bytes);
        if (r < 0)
                return r;
        if (!inline_) {
                r = bus_dict_put_memfd(m, "fd", message->payload, message->payload_bytes);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

void bus_channel_received(struct channel *channel, struct peer *peer,
                          const struct store_message *message) {
        (void)send_signal(channel, peer, channel->path, AGENT_CHANNEL_INTERFACE, "Received",
                          append_received, message);
}

static int append_reason(sd_bus_message *m, struct channel *channel, const void *userdata) {
        return sd_bus_message_append_basic(m, 's', userdata);
}

void bus_channel_unsubscribed(struct channel *channel, struct peer *peer, const char *reason) {
        (void)send_signal(channel, peer, channel->path, AGENT_CHANNEL_INTERFACE, "Unsubscribed",
                          append_reason, reason);
}

static int append_recovered(sd_bus_message *m, struct channel *channel, const void *userdata) {
        const struct recovery *recovery = &channel->recovery;
        int r;

        r = sd_bus_message_append(m, "s", recovery_string(recovery->outcome));
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && recovery->counted)
                r = bus_dict_put_u32(m, "count", recovery->count);
        if (r >= 0 && recovery->reason[0] != '\0')
                r = bus_dict_put_string(m, "reason", recovery->reason);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

void bus_channel_recovered(struct channel *channel) {
        tell_hearers(channel, channel->path, AGENT_CHANNEL_INTERFACE, "Recovered", append_recovered,
                     NULL);
}

struct loss {
        uint64_t count;
        const char *reason;
};

static int append_loss(sd_bus_message *m, struct channel *channel, const void *userdata) {
        const struct loss *loss = userdata;

        return sd_bus_message_append(m, "sa{sv}", "lost", 2, "count", "u", (uint32_t)loss->count,
                                     "reason", "s", loss->reason);
}

void bus_channel_lost(struct channel *channel, uint64_t count, const char *reason) {
        struct loss loss = {.count = count, .reason = reason};

        tell_hearers(channel, channel->path, AGENT_CHANNEL_INTERFACE, "Recovered", append_loss,
                     &loss);
}
