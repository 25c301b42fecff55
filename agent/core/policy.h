/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* When to connect, wait, move over and give up: one channel's reconnect policy.
 *
 * A channel has at most one link (an established connection) and at most one attempt (a connection
 * in the making, possibly beside the link). The policy is told what happens and says what to do;
 * it knows no socket and no clock. Everything it may want to do later is in `deadline_usec`: the
 * owner steps it with POLICY_TICK at that time (an early tick does nothing). */

#include <stdbool.h>
#include <stdint.h>

#include "backoff.h"
#include "bucket.h"
#include "cause.h"
#include "moment.h"

enum channel_state {
        CHANNEL_IDLE,    /* nothing asked of it, suspended, or its inbox is full */
        CHANNEL_WAITING, /* no usable path, or lingering over a silent link */
        CHANNEL_CONNECTING,
        CHANNEL_RECOVERING, /* connected, fetching what was missed */
        CHANNEL_CONNECTED,
        CHANNEL_BACKOFF, /* next try at a known time */
        CHANNEL_FAILED,  /* gave up, or needs the user */
        CHANNEL_CLOSED,
        CHANNEL_STATE_COUNT
};

/* The word of the D-Bus contract. */
const char *channel_state_string(enum channel_state state);

enum policy_give_up {
        POLICY_GIVE_UP_SLOW, /* failed, but goes on at the cap */
        POLICY_GIVE_UP_STOP, /* no attempt until a path event, Reconnect or new options */
};

struct policy_options {
        uint64_t first_usec;
        uint64_t cap_usec; /* never 0 here: the owner resolves the default */
        double factor;
        double jitter;
        uint32_t max_attempts; /* 0: no limit */
        enum policy_give_up give_up;
        bool classic; /* attempts after exactly 1, 2, 4, 8, 16 s, then stop and tell the user */
        uint64_t good_after_usec;
        uint64_t linger_usec;
};

/* What decides whether two answers are the same path. The source address is not part of it: its
 * loss shows as POLICY_FATE_GONE, its rotation concerns nobody. */
struct path_key {
        int ifindex;      /* 0: unknown, or not bound to an interface */
        char gateway[46]; /* "" on-link */
        bool ipv6;
        /* What carries a tunnel makes it no other path. Its ifindex 0: unknown, or no tunnel. */
        int underlay_ifindex;
        char underlay_gateway[46];
};

/* What became of the path that a link or an attempt was made on. */
enum policy_fate {
        POLICY_FATE_FINE,   /* also when nothing is known */
        POLICY_FATE_SILENT, /* its interface has no carrier: it may come back */
        POLICY_FATE_GONE,   /* its source address or its interface is gone */
};

/* The network as this channel's server sees it. `best` is the kernel's own path when usable, else
 * the first usable alternative; when the link's own interface is one of several equal next hops it
 * is the link's. */
struct policy_view {
        bool known;  /* netmon answers; without it a path is assumed usable */
        bool usable; /* meaningful when known */
        struct path_key best;
        struct path_key link_path; /* the one that the link uses, which is not the attempt's when
                                      that was begun before the server's addresses were known */
        enum policy_fate link_fate;
        enum policy_fate attempt_fate;
};

enum policy_event {
        POLICY_START,      /* the channel is wanted: opened, resumed, inbox drained */
        POLICY_STOP,       /* not wanted: suspended, closed, inbox full; `cause` says why */
        POLICY_PATH,       /* here is a view */
        POLICY_OPENED,     /* the attempt succeeded and is the link now */
        POLICY_FAILED,     /* the attempt failed; `cause` says why */
        POLICY_LOST,       /* the link ended; `cause` says why */
        POLICY_RECEIVED,   /* a byte came in on the link */
        POLICY_RESUMED,    /* the machine has slept: what seems alive may be dead */
        POLICY_RECONNECT,  /* the user's wish, already within his own rate */
        POLICY_HOST_GOOD,  /* another channel got through to the same host */
        POLICY_MESSAGE,    /* something new to send */
        POLICY_REARM,      /* SetOptions: what had stopped may try again */
        POLICY_NEW_SERVER, /* SetUri: forget link, attempt and failures */
        POLICY_TICK,
        POLICY_EVENT_COUNT
};

/* Bits, performed by the owner in this order. */
enum policy_action {
        POLICY_DROP_ATTEMPT = 1 << 0, /* end the attempt; no event comes of it */
        POLICY_DROP_LINK = 1 << 1,    /* abandon the link by reset, no goodbye; no event comes */
        POLICY_CLOSE_LINK = 1 << 2,   /* end the link with the protocol's goodbye. With OPENED: the
                                         one before the attempt, once its proofs have come */
        POLICY_HOLD = 1 << 3,         /* write nothing on the link, stop its ping deadline */
        POLICY_PROBE = 1 << 4,        /* write again, and expect a pong within 2 s, else LOST */
        POLICY_CONNECT = 1 << 5,      /* begin an attempt on `attempt_path` */
        POLICY_PING = 1 << 6,         /* one ping at the good mark of a quiet channel */
        POLICY_GOOD = 1 << 7,         /* the link is good: others waiting for this host may try */
        POLICY_NOTIFY = 1 << 8,       /* gave up or needs the user: he is told, once */
};

struct policy {
        /* Read by the owner, written by policy_step() only. */
        enum channel_state state;
        uint64_t since_usec;        /* when `state` was entered */
        struct cause cause;         /* the last failure; CAUSE_NONE once connected */
        uint32_t failures;          /* consecutive real ones */
        uint64_t next_attempt_usec; /* 0: none planned */
        uint64_t deadline_usec;     /* USEC_NEVER: no tick wanted */
        struct path_key attempt_path;
        struct path_key link_path;
        bool linked;
        bool attempting;
        bool good; /* the link was proved after good_after_usec */

        /* The policy's own. */
        struct policy_options options;
        struct backoff backoff;
        struct bucket early; /* of attempts that do not wait for the backoff */
        struct policy_view view;
        bool wanted;
        bool holding;    /* the link is silent: lingering, or replaced meanwhile */
        bool placed;     /* `link_path` is what a view said since the link was opened */
        bool against;    /* attempt or link were made against netmon's word */
        bool hurried;    /* in this step */
        bool took_token; /* the attempt or link cost one of `early` */
        bool good_pinged;
        bool gave_up; /* the limit is passed: failed until connected */
        bool told;    /* the user knows; until good again */
        bool stopped; /* only a new fact tries again */
        struct path_key stopped_path;
        uint64_t due_usec;        /* no attempt before it; 0: at once */
        uint64_t server_due_usec; /* the server's own word, which messages and hosts respect */
        uint64_t opened_usec;
        uint64_t linger_until_usec;
        uint64_t safety_usec; /* the next attempt against netmon's word; 0: not waiting */
};

void policy_init(struct policy *p, const struct policy_options *options, const struct moment *at);

/* Takes new numbers; a running wait keeps its end unless POLICY_REARM follows. */
void policy_set_options(struct policy *p, const struct policy_options *options);

/* `view` with POLICY_PATH, `cause` with STOP, FAILED and LOST, else NULL. Returns bits of enum
 * policy_action. */
unsigned policy_step(struct policy *p, enum policy_event event, const struct policy_view *view,
                     const struct cause *cause, const struct moment *at);
