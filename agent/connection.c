/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connection.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <string.h>

#include "agent.h"
#include "bus_channel.h"
#include "channel.h"
#include "cleanup.h"
#include "failure.h"
#include "log.h"
#include "moment.h"
#include "record.h"
#include "server.h"
#include "transport.h"

/* So long the link before waits for the proofs of its messages when another one takes over. */
#define RETIRE_MAX_USEC (2 * USEC_PER_SEC)

void channel_keep_steps(struct channel *channel, const struct cause *cause) {
        link_update_steps(channel->attempt);
        channel->steps = channel->attempt->steps;
        channel->steps_cause = cause ? *cause : (struct cause){0};
}

void channel_share_reading(struct channel *channel) {
        /* Only one of two is read, unless the channel allows an overlap. */
        bool alone = !channel->record->options.overlap;
        bool full = incoming_is_blocked(channel);

        if (channel->link)
                link_pause(channel->link, full || (alone && channel->retiring));
        if (channel->attempt)
                link_pause(channel->attempt, full || (alone && channel->link));
        if (channel->retiring)
                link_pause(channel->retiring, full);
}

/* The addresses are known: the attempt goes on. Returns false, and why, when it failed at once. */
static bool channel_dial(struct channel *channel, struct cause *ret) {
        struct address allowed[RESOLVER_ADDRESSES_MAX];
        const struct address *addresses;
        size_t n = 0, n_addresses;
        int r;

        n_addresses = server_addresses(channel->server, &addresses);
        for (size_t i = 0; i < n_addresses; i++)
                if (agent_may_reach(channel->agent, channel->record->uid, &addresses[i]))
                        allowed[n++] = addresses[i];
        if (n == 0) {
                cause_setf(ret, CAUSE_DENIED, "the server's address is not allowed here");
                return false;
        }
        r = link_connect(channel->attempt, allowed, n);
        if (r < 0) {
                cause_setf(ret, CAUSE_LOST, "the connection cannot be made: %s", strerror(-r));
                return false;
        }
        return true;
}

/* Performs POLICY_CONNECT. */
static bool channel_connect(struct channel *channel, struct cause *ret) {
        const struct path *path = channel->policy.attempt_path.ifindex != 0 ? &channel->best : NULL;
        const struct address *addresses;
        int r;

        r = link_new(channel, path, &channel->attempt);
        if (r < 0) {
                cause_setf(ret, CAUSE_LOST, "the connection cannot be made: %s", strerror(-r));
                return false;
        }
        channel_share_reading(channel);
        if (!channel->link)
                channel->used = channel->attempt->path;
        r = server_resolve(channel->server);
        if (server_addresses(channel->server, &addresses) > 0)
                return channel_dial(channel, ret);
        if (r < 0)
                cause_setf(ret, CAUSE_RESOLVE, "the name cannot be looked up: %s", strerror(-r));
        return r >= 0;
}

static void channel_tell_recovery(struct channel *channel, const struct recovery *recovery) {
        channel->recovering = false;
        channel->recovery = *recovery;
        bus_channel_recovered(channel);
}

/* The link on which it was to come is gone, or done with. */
static void channel_end_recovery(struct channel *channel) {
        struct recovery recovery = {.outcome = RECOVERY_PARTIAL,
                                    .counted = true,
                                    .count = channel->n_recovered,
                                    .reason = "interrupted"};

        if (channel->recovering)
                channel_tell_recovery(channel, &recovery);
}

/* Exactly one outcome is told of each reconnect: now, or when it is known. */
static void channel_begin_recovery(struct channel *channel,
                                   const struct transport_opening *opening) {
        bool outdated = cursor_is_outdated(&channel->in.cursor, opening->epoch);
        struct recovery recovery = recovery_judge(&opening->recovery, outdated, channel->refused);

        channel->refused = false;
        channel->n_recovered = 0;
        if (opening->cursor)
                incoming_move(channel, opening->cursor, opening->epoch);
        else if (outdated)
                incoming_move(channel, NULL, NULL);
        if (!channel->record->was_connected)
                channel_save_connected(channel);
        else if (recovery.outcome == RECOVERY_NONE)
                channel->recovering = true;
        else
                channel_tell_recovery(channel, &recovery);
}

/* The link is gone, or its messages go over another one now. */
static void channel_drop_link(struct channel *channel, bool over_message) {
        channel_end_recovery(channel);
        outgoing_lost(channel, over_message);
        link_free(STEAL(channel->link));
}

void channel_drop_attempt(struct channel *channel) {
        link_free(STEAL(channel->attempt));
}

/* Writing may begin on the link, and reading. */
static void channel_take_over(struct channel *channel) {
        channel_share_reading(channel);
        link_begin(channel->link);
        outgoing_pump(channel);
}

/* The link before is done with: what was not proved goes over the new one. */
static void channel_retired(struct channel *channel) {
        outgoing_lost(channel, false);
        link_close(STEAL(channel->retiring));
        channel->retire_usec = 0;
}

/* What was written on the retiring link gets its proof there. */
static void channel_prove_retiring(struct channel *channel) {
        if (channel->out.outbox.by_message)
                return; /* it comes unasked */
        outbox_proving(&channel->out.outbox);
        (void)link_ping(channel->retiring);
}

/* Performs POLICY_CLOSE_LINK after POLICY_OPENED: the old link waits for its proofs. */
static void channel_retire(struct channel *channel, struct link *old) {
        uint64_t wait = 2 * old->heartbeat.round_trip_usec;
        struct moment at = moment_now();

        channel->retiring = old;
        if (wait == 0 || wait > RETIRE_MAX_USEC)
                wait = RETIRE_MAX_USEC;
        channel->retire_usec = at.usec + wait;
        if (channel->out.outbox.n_written == 0)
                channel_retired(channel);
        else if (channel->out.outbox.proof_id == 0)
                channel_prove_retiring(channel);
}

static void channel_end_retiring(struct channel *channel) {
        channel_retired(channel);
        channel_take_over(channel);
}

bool channel_perform(struct channel *channel, unsigned actions, struct cause *ret) {
        if (actions & POLICY_DROP_ATTEMPT)
                channel_drop_attempt(channel);
        if (actions & POLICY_DROP_LINK)
                channel_drop_link(channel, false);
        if (actions & POLICY_CLOSE_LINK) {
                channel_end_recovery(channel);
                outgoing_lost(channel, false);
                link_close(STEAL(channel->link));
        }
        if (!channel->link && channel->retiring) {
                link_free(STEAL(channel->retiring));
                channel->retire_usec = 0;
        }
        if (actions & POLICY_HOLD)
                link_hold(channel->link, true);
        if (actions & POLICY_PROBE) {
                link_hold(channel->link, false);
                link_probe(channel->link);
                outgoing_pump(channel);
        }
        if (actions & POLICY_PING)
                (void)link_ping(channel->link);
        if (actions & POLICY_GOOD)
                agent_host_good(channel->agent, channel);
        if (actions & POLICY_NOTIFY)
                log_notice("channel %" PRIu64 ": gave up: %s", channel->record->id,
                           channel->policy.cause.text);
        if (actions & POLICY_CONNECT)
                return channel_connect(channel, ret);
        return true;
}

void channel_resolved(struct channel *channel, int error, const char *problem, bool moved) {
        struct link *attempt = channel->attempt;
        struct cause cause;

        if (!attempt || (attempt->transport && !moved))
                return;
        if (error < 0) {
                failure_setf(&cause, FAILURE_DNS, error, "%s", problem);
        } else {
                /* The server has moved: what is being connected to is another one now. */
                link_disconnect(attempt);
                if (channel_dial(channel, &cause)) {
                        channel_settle(channel);
                        return;
                }
        }
        channel_closed(channel, attempt, &cause);
}

void channel_worked(struct channel *channel, const struct address *peer) {
        server_worked(channel->server, peer);
}

void channel_opened(struct channel *channel, struct link *link,
                    const struct transport_opening *opening) {
        struct link *old = channel->link;
        struct moment at = moment_now();
        struct cause failure;
        unsigned actions;

        channel_keep_steps(channel, NULL);
        actions = policy_step(&channel->policy, POLICY_OPENED, NULL, NULL, &at);
        channel_end_recovery(channel);
        outgoing_set_server_window(channel, opening->in_flight);
        channel->link = link;
        channel->attempt = NULL;
        channel->received_usec = at.usec;
        if (actions & POLICY_DROP_LINK) {
                outgoing_lost(channel, false);
                link_free(old);
        } else if (actions & POLICY_CLOSE_LINK) {
                /* One that had not taken over itself goes; what it was to take over stays. */
                if (channel->retiring)
                        link_close(old);
                else
                        channel_retire(channel, old);
        }
        if (!channel->retiring)
                channel_take_over(channel);
        channel_begin_recovery(channel, opening);
        (void)channel_perform(channel, actions & ~(unsigned)(POLICY_DROP_LINK | POLICY_CLOSE_LINK),
                              &failure);
        channel_paths_changed(channel);
}

void channel_message(struct channel *channel, struct link *link,
                     const struct transport_incoming *message) {
        if (link == channel->link)
                channel->n_recovered++;
        incoming_message(channel, link, message);
        channel_share_reading(channel);
        channel_settle(channel);
}

void channel_recovered(struct channel *channel, struct link *link,
                       const struct recovery *recovery) {
        struct recovery told = *recovery;

        if (link != channel->link || !channel->recovering)
                return;
        if (!told.counted && told.outcome != RECOVERY_LOST) {
                told.counted = true;
                told.count = channel->n_recovered;
        }
        channel_tell_recovery(channel, &told);
        channel_settle(channel);
}

void channel_received(struct channel *channel, struct link *link, const struct moment *at) {
        channel->received_usec = at->usec;
        if (link != channel->link)
                return;
        if (!channel->policy.good || channel->policy.took_token)
                channel_step(channel, POLICY_RECEIVED, NULL);
        else
                channel_settle(channel);
}

/* The link that the window was written on. */
static bool channel_wrote_on(const struct channel *channel, const struct link *link) {
        return link == (channel->retiring ? channel->retiring : channel->link);
}

/* Some of what was written on it is not in flight any more. */
static void channel_go_on(struct channel *channel) {
        if (channel->retiring && channel->out.outbox.n_written == 0)
                channel_end_retiring(channel);
        else if (channel->retiring && channel->out.outbox.proof_id == 0)
                channel_prove_retiring(channel);
        else
                outgoing_pump(channel);
        channel_settle(channel);
}

void channel_proved(struct channel *channel, struct link *link) {
        if (!channel_wrote_on(channel, link))
                return;
        outgoing_proved(channel);
        channel_go_on(channel);
}

void channel_proved_ids(struct channel *channel, struct link *link, const uint64_t *ids, size_t n) {
        if (!channel_wrote_on(channel, link))
                return;
        outgoing_proved_ids(channel, ids, n);
        channel_go_on(channel);
}

void channel_rejected(struct channel *channel, struct link *link, uint64_t id, const char *reason) {
        if (!channel_wrote_on(channel, link))
                return;
        outgoing_rejected(channel, id, reason);
        channel_go_on(channel);
}

void channel_committed(struct channel *channel, uint64_t link_number, uint64_t token) {
        if (channel->link && channel->link->number == link_number)
                link_acknowledge(channel->link, token);
        else if (channel->retiring && channel->retiring->number == link_number)
                link_acknowledge(channel->retiring, token);
}

void channel_closed(struct channel *channel, struct link *link, const struct cause *cause) {
        if (cause_class(cause) == CAUSE_CLASS_NEW_SESSION) {
                channel->refused = true;
                incoming_move(channel, NULL, NULL);
        }
        if (link == channel->attempt) {
                channel_keep_steps(channel, cause);
                channel_drop_attempt(channel);
                channel_step(channel, POLICY_FAILED, cause);
        } else if (link == channel->link) {
                channel_drop_link(channel, cause->over_message);
                if (channel->retiring)
                        link_free(STEAL(channel->retiring));
                channel_step(channel, POLICY_LOST, cause);
        } else if (link == channel->retiring) {
                channel_end_retiring(channel);
                channel_settle(channel);
        }
}

void channel_tick_links(struct channel *channel, const struct moment *at) {
        const struct link *attempt = channel->attempt;
        struct cause cause;

        if (channel->retiring && at->usec >= channel->retire_usec)
                channel_end_retiring(channel);
        if (channel->link && link_tick(channel->link, at, &cause))
                channel_closed(channel, channel->link, &cause);
        if (attempt && attempt == channel->attempt && !attempt->transport &&
            at->usec >=
                    attempt->steps.started_usec + channel->record->options.connect_timeout_usec) {
                failure_setf(&cause, FAILURE_DNS, EAI_AGAIN, "the name server does not answer");
                channel_closed(channel, channel->attempt, &cause);
        }
}
