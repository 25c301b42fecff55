/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One channel: its policy performed on real connections, its state as it is shown. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "address.h"
#include "cause.h"
#include "incoming.h"
#include "link.h"
#include "outgoing.h"
#include "path.h"
#include "policy.h"
#include "recovery.h"
#include "store.h"
#include "uri.h"

struct agent;
struct peer;
struct protocol_row;
struct server;
struct user;

/* What was last told of the properties: only differences are signalled. */
struct channel_shown {
        enum channel_state state;
        uint64_t since_usec;
        struct cause cause;
        uint32_t attempt;
        uint64_t next_attempt_usec;
        struct path path;
        struct recovery recovery;
        uint64_t revision;
        uint64_t n_queued, n_in_flight, n_unread, n_parked;
        uint64_t counters_usec; /* when they were last told */
};

struct channel {
        LIST_ENTRY(channel) of_agent;
        TAILQ_ENTRY(channel) of_changed; /* while `changed` */
        struct agent *agent;
        struct user *user;
        struct store_channel *record; /* what is on disk of it */
        char path[64];                /* of the object */
        char *shown_uri;              /* without secrets */
        struct uri uri;
        const struct protocol_row *protocol;
        bool has_proxy;
        struct uri proxy;
        struct server *server;

        struct policy policy;
        struct path best; /* the one to connect over now; ifindex 0: none or unknown */
        struct link *link;
        struct link *attempt;
        struct link *retiring;    /* the one before `link`, until its proofs have come */
        uint64_t retire_usec;     /* or until then */
        struct path used;         /* by the link, or last tried; ifindex 0: unknown */
        struct link_steps steps;  /* of the last attempt that has ended */
        struct cause steps_cause; /* why it ended; CAUSE_NONE: it became the link */
        uint64_t cause_usec;      /* when the policy's cause last changed */
        bool started;             /* the policy knows that it is wanted */
        uint64_t start_usec;      /* start by then, though netmon has not answered; 0: started */
        bool closing;             /* being removed */
        struct peer *opener;      /* of a transient channel; NULL: gone */
        uint64_t resume_usec;     /* looks after its connection then, after a sleep; 0: it has */
        uint64_t grace_usec;      /* a transient channel without its opener ends then; 0: never */
        struct recovery recovery; /* of the last reconnect */
        bool recovering;          /* what it brings back is on its way over the link */
        bool refused;             /* the server has refused to go on from the cursor */
        uint32_t n_recovered;     /* messages that have come over the link */
        uint64_t revision;        /* counts the changes of URI and label */
        uint64_t received_usec;   /* the last byte */
        uint64_t sent_usec;       /* the last message */
        struct store_channel *update; /* the last change on its way to the disk; borrowed */

        struct outgoing out;
        struct incoming in;
        struct channel_shown shown;
        bool changed; /* since it was last told */
        sd_event_source *timer;
        uint64_t timer_usec;
};

/* Takes over `record`, also on failure. It does nothing until channel_start(). */
int channel_new(struct agent *agent, struct store_channel *record, struct channel **ret);
void channel_free(struct channel *channel);

/* The machine has slept: at that time the connection is probed, or made, and until then nothing
 * else is due. */
void channel_resume_at(struct channel *channel, uint64_t usec);

/* Wanted now, if nothing speaks against it (suspended, orphaned, closing, inbox full). */
void channel_start(struct channel *channel);
/* Not wanted any more, because of `kind`. */
void channel_stop(struct channel *channel, enum cause_kind kind, const char *text);

/* The state that is shown, and why. */
enum channel_state channel_state(const struct channel *channel);
const struct cause *channel_cause(const struct channel *channel);
uint32_t channel_attempt(const struct channel *channel);
/* Messages that are not written, and that are written and not proved. */
uint64_t channel_queued(const struct channel *channel);
uint64_t channel_in_flight(const struct channel *channel);

/* Messages may be written now. */
bool channel_is_writable(const struct channel *channel);

/* Tells the policy. */
void channel_step(struct channel *channel, enum policy_event event, const struct cause *cause);
/* What netmon says has changed. */
void channel_paths_changed(struct channel *channel);

/* After anything has changed: arms the timer, and what is shown is told in this turn. */
void channel_settle(struct channel *channel);

/* Takes the record's URI and proxy: the next attempt goes there. -EINVAL, -ENOMEM: nothing changed.
 */
int channel_set_server(struct channel *channel, const struct store_channel *record);
