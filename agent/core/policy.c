/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy.h"

#include <stdio.h>
#include <string.h>

#define EARLY_ATTEMPTS 4
#define EARLY_REFILL_USEC (30 * USEC_PER_SEC)
#define SAFETY_USEC (300 * USEC_PER_SEC)
#define RETRY_AFTER_MAX_USEC (3600 * USEC_PER_SEC)
/* A link that lived so long and heard its server gives its token back: it served. */
#define SERVED_USEC USEC_PER_SEC
/* policy=classic waits 1, 2, 4, 8 and 16 s. */
#define CLASSIC_RETRIES 5

static const char *const states[CHANNEL_STATE_COUNT] = {
        [CHANNEL_IDLE] = "idle",
        [CHANNEL_WAITING] = "waiting",
        [CHANNEL_CONNECTING] = "connecting",
        [CHANNEL_RECOVERING] = "recovering",
        [CHANNEL_CONNECTED] = "connected",
        [CHANNEL_BACKOFF] = "backoff",
        [CHANNEL_FAILED] = "failed",
        [CHANNEL_CLOSED] = "closed",
};

const char *channel_state_string(enum channel_state state) {
        return states[state];
}

/* An unknown path differs from none: netmon coming back moves nothing by itself. Nor do the two
 * families of one interface: an attempt tries both, and a link has its own fate. */
static bool path_differs(const struct path_key *a, const struct path_key *b) {
        if (a->ifindex == 0 || b->ifindex == 0)
                return false;
        return a->ifindex != b->ifindex ||
               (a->ipv6 == b->ipv6 && strcmp(a->gateway, b->gateway) != 0);
}

/* What carries the tunnel that the link goes through is another path now. */
static bool policy_is_carried_otherwise(const struct policy *p, const struct policy_view *view) {
        const struct path_key *was = &p->link_path, *now = &view->link_path;

        if (!p->linked || was->ifindex != now->ifindex || was->underlay_ifindex == 0 ||
            now->underlay_ifindex == 0)
                return false;
        return was->underlay_ifindex != now->underlay_ifindex ||
               strcmp(was->underlay_gateway, now->underlay_gateway) != 0;
}

/* The one that is not known goes on being the one that was. */
static void policy_note_underlay(struct policy *p) {
        const struct path_key *now = &p->view.link_path;

        if (p->link_path.ifindex != now->ifindex || now->underlay_ifindex == 0)
                return;
        p->link_path.underlay_ifindex = now->underlay_ifindex;
        memcpy(p->link_path.underlay_gateway, now->underlay_gateway, sizeof(now->underlay_gateway));
}

void policy_set_options(struct policy *p, const struct policy_options *options) {
        p->options = *options;
        p->backoff.first_usec = options->first_usec;
        p->backoff.cap_usec = options->cap_usec;
        p->backoff.factor = options->factor;
        p->backoff.jitter = options->jitter;
}

void policy_init(struct policy *p, const struct policy_options *options, const struct moment *at) {
        *p = (struct policy){
                .state = CHANNEL_IDLE,
                .since_usec = at->usec,
                .deadline_usec = USEC_NEVER,
                .early = BUCKET_INIT(EARLY_ATTEMPTS, EARLY_REFILL_USEC),
        };
        p->early.filled_usec = at->usec;
        policy_set_options(p, options);
}

/* netmon says that nothing leads to the server. */
static bool policy_is_offline(const struct policy *p) {
        return p->view.known && !p->view.usable;
}

/* The link works, but the kernel would now send by another path. */
static bool policy_wants_move(const struct policy *p) {
        return p->linked && !p->holding && !p->against && p->view.known && p->view.usable &&
               path_differs(&p->view.best, &p->link_path);
}

static uint64_t policy_delay(struct policy *p, const struct moment *at) {
        if (p->options.classic) {
                uint32_t n = p->failures < CLASSIC_RETRIES ? p->failures : CLASSIC_RETRIES;

                return (UINT64_C(1) << (n > 0 ? n - 1 : 0)) * USEC_PER_SEC;
        }
        if (p->gave_up)
                p->backoff.delay_usec = p->options.cap_usec;
        return backoff_next(&p->backoff, at->entropy);
}

/* Brings the next attempt forward to now, if there is a token, else to when one comes or the
 * backoff would end. */
static void policy_hurry(struct policy *p, const struct moment *at) {
        uint64_t due;

        if (p->attempting || p->hurried || policy_is_offline(p))
                return;
        p->hurried = true;
        if (bucket_take(&p->early, at->usec)) {
                p->took_token = true;
                p->due_usec = at->usec;
                return;
        }
        due = bucket_next_usec(&p->early, at->usec);
        if (p->due_usec <= at->usec) {
                uint64_t delay = policy_delay(p, at);

                p->due_usec = at->usec + delay < due ? at->usec + delay : due;
        } else if (due < p->due_usec) {
                p->due_usec = due;
        }
}

static bool policy_limit_reached(const struct policy *p) {
        if (p->options.classic)
                return p->failures > CLASSIC_RETRIES;
        return p->options.max_attempts != 0 && p->failures >= p->options.max_attempts;
}

static unsigned policy_tell(struct policy *p) {
        if (p->told)
                return 0;
        p->told = true;
        return POLICY_NOTIFY;
}

static unsigned policy_stop_trying(struct policy *p) {
        p->stopped = true;
        p->stopped_path = p->view.best;
        return policy_tell(p);
}

/* After a failed attempt or a lost link: counts it, and decides when to go on or whether at all. */
static unsigned policy_failure(struct policy *p, const struct cause *cause, bool at_once,
                               const struct moment *at) {
        bool counts =
                cause->kind != CAUSE_NO_PATH && cause->kind != CAUSE_PATH && !policy_is_offline(p);
        uint64_t wait = cause->retry_after_usec;
        unsigned actions = 0;

        p->cause = *cause;
        if (cause_is_final(cause->kind))
                return policy_stop_trying(p);
        if (at_once) {
                p->due_usec = at->usec;
                /* With a short good-after a server that accepts and closes has been good too. */
                if (at->usec - p->opened_usec < EARLY_REFILL_USEC)
                        policy_hurry(p, at);
                return 0;
        }
        if (counts)
                p->failures++;
        if (policy_limit_reached(p)) {
                p->gave_up = true;
                cause_setf(&p->cause, CAUSE_GAVE_UP, "gave up after %u failures: %s", p->failures,
                           cause->text);
                if (p->options.classic || p->options.give_up == POLICY_GIVE_UP_STOP)
                        return policy_stop_trying(p);
                actions = policy_tell(p);
        }
        if (wait > RETRY_AFTER_MAX_USEC)
                wait = RETRY_AFTER_MAX_USEC;
        p->server_due_usec = wait == 0 ? 0 : at->usec + wait;
        p->due_usec = at->usec;
        if (!policy_is_offline(p))
                p->due_usec += policy_delay(p, at);
        if (p->due_usec < p->server_due_usec)
                p->due_usec = p->server_due_usec;
        return actions;
}

static unsigned policy_attempt_failed(struct policy *p, const struct cause *cause,
                                      const struct moment *at) {
        p->attempting = false;
        p->against = false;
        if (p->linked && !p->holding) {
                /* Only the move failed: the link is what counts. */
                p->due_usec = at->usec + policy_delay(p, at);
                return 0;
        }
        return policy_failure(p, cause, false, at);
}

static unsigned policy_link_lost(struct policy *p, const struct cause *cause,
                                 const struct moment *at) {
        enum cause_class class = cause_class(cause);
        bool soon = class == CAUSE_CLASS_NOW || class == CAUSE_CLASS_NEW_SESSION;
        bool at_once = p->good && soon && !p->options.classic;

        p->linked = false;
        p->holding = false;
        p->good = false;
        return policy_failure(p, cause, at_once, at);
}

static unsigned policy_opened(struct policy *p, const struct moment *at) {
        unsigned actions = 0;

        if (p->linked)
                actions = p->holding ? POLICY_DROP_LINK : POLICY_CLOSE_LINK;
        p->attempting = false;
        p->linked = true;
        p->holding = false;
        p->good = false;
        p->good_pinged = false;
        p->gave_up = false;
        p->link_path = p->attempt_path;
        p->placed = false;
        p->view.link_fate = POLICY_FATE_FINE;
        p->opened_usec = at->usec;
        p->due_usec = 0;
        p->server_due_usec = 0;
        p->cause = (struct cause){0};
        if (p->options.classic)
                p->failures = 0;
        return actions;
}

static unsigned policy_received(struct policy *p, const struct moment *at) {
        if (!p->linked)
                return 0;
        if (p->took_token && at->usec - p->opened_usec >= SERVED_USEC) {
                p->took_token = false;
                bucket_give(&p->early);
        }
        if (p->good || at->usec < p->opened_usec + p->options.good_after_usec)
                return 0;
        p->good = true;
        p->told = false;
        p->failures = 0;
        backoff_reset(&p->backoff);
        return POLICY_GOOD;
}

static unsigned policy_drop_all(struct policy *p, unsigned end_link) {
        unsigned actions = 0;

        if (p->attempting)
                actions |= POLICY_DROP_ATTEMPT;
        if (p->linked)
                actions |= p->holding ? POLICY_DROP_LINK : end_link;
        p->attempting = false;
        p->linked = false;
        p->holding = false;
        p->against = false;
        p->good = false;
        return actions;
}

static unsigned policy_reconnect(struct policy *p, const struct moment *at) {
        p->stopped = false;
        if (p->linked && !p->holding)
                return POLICY_PROBE;
        p->due_usec = at->usec;
        p->safety_usec = at->usec; /* offline or not: the kernel itself is asked */
        return 0;
}

/* A link is asked whether it lives; what was under way is begun anew, for its time ran on in sleep;
 * and what waits need not wait any more. */
static unsigned policy_resumed(struct policy *p, const struct moment *at) {
        unsigned actions = 0;

        if (!p->wanted)
                return 0;
        if (p->linked && !p->holding)
                actions |= POLICY_PROBE;
        if (p->attempting) {
                p->attempting = false;
                p->against = false;
                actions |= POLICY_DROP_ATTEMPT;
        }
        if (!p->stopped && (!p->linked || p->holding) && !p->options.classic)
                policy_hurry(p, at);
        return actions;
}

/* Takes the new view; true when it brings a path that was not there before. */
static bool policy_take_view(struct policy *p, const struct policy_view *view) {
        struct policy_view before = p->view;

        p->view = *view;
        if (p->linked && !p->placed && view->link_path.ifindex != 0) {
                p->link_path = view->link_path;
                p->placed = true;
        }
        if (p->linked)
                policy_note_underlay(p);
        if (!view->known)
                return before.known && !before.usable;
        if (view->usable && !p->attempting)
                p->against = false;
        return before.known && view->usable &&
               (!before.usable || path_differs(&before.best, &view->best));
}

/* What a new path means for a channel that has stopped trying: the network may have been the
 * reason, but the same network as before is no news to a server that wants other credentials. */
static bool policy_rearms(const struct policy *p) {
        return !cause_is_final(p->cause.kind) || path_differs(&p->stopped_path, &p->view.best);
}

static void policy_new_path(struct policy *p, const struct moment *at) {
        if (p->stopped && policy_rearms(p))
                p->stopped = false;
        if (p->options.classic && !p->linked) {
                p->failures = 0;
                p->gave_up = false;
                p->due_usec = at->usec;
                return;
        }
        if (!p->linked || p->holding || policy_wants_move(p))
                policy_hurry(p, at);
}

/* An attempt on a path that is no more, or no longer the best, begins anew; so does one against
 * netmon's word once there is a path. */
static unsigned policy_follow_attempt(struct policy *p, const struct moment *at) {
        bool stale = p->view.attempt_fate != POLICY_FATE_FINE || policy_is_offline(p) ||
                     path_differs(&p->view.best, &p->attempt_path);

        if (p->against)
                stale = p->view.usable;
        if (!p->attempting || !p->view.known || !stale)
                return 0;
        p->attempting = false;
        p->against = false;
        p->view.attempt_fate = POLICY_FATE_FINE;
        policy_hurry(p, at);
        return POLICY_DROP_ATTEMPT;
}

static unsigned policy_drop_link(struct policy *p, const char *text) {
        p->linked = false;
        p->holding = false;
        p->good = false;
        cause_setf(&p->cause, CAUSE_PATH, "%s", text);
        return POLICY_DROP_LINK;
}

static unsigned policy_hold(struct policy *p, const struct moment *at) {
        p->holding = true;
        p->linger_until_usec = at->usec + p->options.linger_usec;
        cause_setf(&p->cause, CAUSE_PATH, "the network link is silent");
        policy_hurry(p, at);
        return POLICY_HOLD;
}

static unsigned policy_release(struct policy *p) {
        p->holding = false;
        p->due_usec = 0;
        p->cause = (struct cause){0};
        return POLICY_PROBE;
}

static unsigned policy_follow_link(struct policy *p, const struct moment *at) {
        enum policy_fate fate = p->view.known ? p->view.link_fate : POLICY_FATE_FINE;

        if (!p->linked)
                return 0;
        switch (fate) {
        case POLICY_FATE_GONE:
                policy_hurry(p, at);
                return policy_drop_link(p, "the network address or interface is gone");
        case POLICY_FATE_SILENT:
                if (p->against)
                        return 0;
                if (!p->holding)
                        return policy_hold(p, at);
                if (at->usec >= p->linger_until_usec)
                        return policy_drop_link(p, "the network link did not come back");
                return 0;
        case POLICY_FATE_FINE:
                return p->holding ? policy_release(p) : 0;
        }
        return 0;
}

static unsigned policy_begin(struct policy *p, bool against) {
        p->attempting = true;
        p->against = against;
        p->attempt_path = p->view.known && p->view.usable ? p->view.best : (struct path_key){0};
        p->view.attempt_fate = POLICY_FATE_FINE;
        p->safety_usec = 0;
        return POLICY_CONNECT;
}

/* Begins an attempt if one is wanted, allowed and due. */
static unsigned policy_try(struct policy *p, const struct moment *at) {
        bool working = p->linked && !p->holding;

        if (p->attempting && working && !policy_wants_move(p) && !p->against) {
                p->attempting = false;
                return POLICY_DROP_ATTEMPT;
        }
        if (!p->wanted || p->attempting || p->stopped || (working && !policy_wants_move(p))) {
                p->safety_usec = 0;
                return 0;
        }
        if (!policy_is_offline(p))
                return at->usec >= p->due_usec ? policy_begin(p, false) : 0;
        if (p->safety_usec == 0)
                p->safety_usec = at->usec + SAFETY_USEC;
        return at->usec >= p->safety_usec ? policy_begin(p, true) : 0;
}

static enum channel_state policy_state(const struct policy *p) {
        if (!p->wanted)
                return CHANNEL_IDLE;
        if (p->linked && !p->holding)
                return CHANNEL_CONNECTED;
        if (p->stopped || p->gave_up)
                return CHANNEL_FAILED;
        if (p->attempting)
                return CHANNEL_CONNECTING;
        if (p->linked || policy_is_offline(p))
                return CHANNEL_WAITING;
        return CHANNEL_BACKOFF;
}

static void earliest(uint64_t *usec, uint64_t candidate) {
        if (candidate < *usec)
                *usec = candidate;
}

/* The one door for `state`, and for what follows from all other fields. */
static void policy_settle(struct policy *p, const struct moment *at) {
        enum channel_state state = policy_state(p);
        bool working = p->linked && !p->holding;
        bool trying =
                p->wanted && !p->attempting && !p->stopped && (!working || policy_wants_move(p));

        if (state != p->state) {
                p->state = state;
                p->since_usec = at->usec;
                if (state == CHANNEL_WAITING && !p->linked)
                        cause_setf(&p->cause, CAUSE_NO_PATH, "no network path leads to the server");
        }
        p->next_attempt_usec = 0;
        if (trying)
                p->next_attempt_usec = policy_is_offline(p) ? p->safety_usec : p->due_usec;
        p->deadline_usec = p->next_attempt_usec == 0 ? USEC_NEVER : p->next_attempt_usec;
        if (p->linked && p->holding)
                earliest(&p->deadline_usec, p->linger_until_usec);
        if (working && !p->good && !p->good_pinged)
                earliest(&p->deadline_usec, p->opened_usec + p->options.good_after_usec);
}

static unsigned policy_tick(struct policy *p, const struct moment *at) {
        if (!p->linked || p->holding || p->good || p->good_pinged ||
            at->usec < p->opened_usec + p->options.good_after_usec)
                return 0;
        p->good_pinged = true;
        return POLICY_PING;
}

/* Other channels and messages do not wake a channel that gave up, nor hurry a busy server. */
static void policy_encourage(struct policy *p, bool also_failed, const struct moment *at) {
        if (p->linked || p->stopped || p->options.classic || policy_is_offline(p) ||
            (p->gave_up && !also_failed) || at->usec < p->server_due_usec ||
            p->due_usec <= at->usec)
                return;
        policy_hurry(p, at);
}

unsigned policy_step(struct policy *p, enum policy_event event, const struct policy_view *view,
                     const struct cause *cause, const struct moment *at) {
        bool is_carried_otherwise = false;
        unsigned actions = 0;

        p->hurried = false;
        switch (event) {
        case POLICY_START:
                p->wanted = true;
                p->stopped = false;
                p->due_usec = at->usec;
                p->cause = (struct cause){0};
                break;
        case POLICY_STOP:
                p->wanted = false;
                p->gave_up = false;
                p->cause = *cause;
                actions |= policy_drop_all(p, POLICY_CLOSE_LINK);
                break;
        case POLICY_PATH:
                is_carried_otherwise = policy_is_carried_otherwise(p, view);
                if (policy_take_view(p, view))
                        policy_new_path(p, at);
                break;
        case POLICY_OPENED:
                actions |= policy_opened(p, at);
                break;
        case POLICY_FAILED:
                actions |= policy_attempt_failed(p, cause, at);
                break;
        case POLICY_LOST:
                actions |= policy_link_lost(p, cause, at);
                break;
        case POLICY_RECEIVED:
                actions |= policy_received(p, at);
                break;
        case POLICY_RESUMED:
                actions |= policy_resumed(p, at);
                break;
        case POLICY_RECONNECT:
                actions |= policy_reconnect(p, at);
                break;
        case POLICY_HOST_GOOD:
                policy_encourage(p, true, at);
                break;
        case POLICY_MESSAGE:
                policy_encourage(p, false, at);
                break;
        case POLICY_REARM:
                if (p->stopped)
                        p->due_usec = at->usec;
                p->stopped = false;
                break;
        case POLICY_NEW_SERVER:
                actions |= policy_drop_all(p, POLICY_CLOSE_LINK);
                p->failures = 0;
                p->gave_up = p->told = p->stopped = false;
                p->due_usec = at->usec;
                p->server_due_usec = 0;
                p->cause = (struct cause){0};
                backoff_reset(&p->backoff);
                break;
        case POLICY_TICK:
                actions |= policy_tick(p, at);
                break;
        case POLICY_EVENT_COUNT:
                break;
        }
        actions |= policy_follow_attempt(p, at);
        actions |= policy_follow_link(p, at);
        /* The other end of the tunnel may not know yet, or never come to know. */
        if (is_carried_otherwise && p->linked && !p->holding)
                actions |= POLICY_PROBE;
        actions |= policy_try(p, at);
        policy_settle(p, at);
        return actions;
}
