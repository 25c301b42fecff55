/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "heartbeat.h"

#define PROBE_USEC (2 * USEC_PER_SEC)
/* A server that talks but does not answer pings proves no message; after so many timeouts it is
 * taken for broken. */
#define DEAF_TIMEOUTS 6

void heartbeat_init(struct heartbeat *h, uint64_t interval_usec, uint64_t timeout_usec,
                    const struct moment *at) {
        *h = (struct heartbeat){
                .interval_usec = interval_usec == 0 ? HEARTBEAT_INTERVAL_USEC : interval_usec,
                .timeout_usec = timeout_usec,
                .received_usec = at->usec,
        };
}

uint64_t heartbeat_sent(struct heartbeat *h, const struct moment *at) {
        h->sent_usec = at->usec;
        return ++h->sequence;
}

void heartbeat_received(struct heartbeat *h, const struct moment *at) {
        h->received_usec = at->usec;
        h->probe_usec = 0;
}

void heartbeat_progressed(struct heartbeat *h, const struct moment *at) {
        if (h->sent_usec != 0)
                h->sent_usec = at->usec;
        if (h->probe_usec != 0)
                h->probe_usec = at->usec + PROBE_USEC;
}

bool heartbeat_pong(struct heartbeat *h, uint64_t sequence, const struct moment *at) {
        if (h->sent_usec == 0 || sequence != h->sequence)
                return false;
        h->round_trip_usec = at->usec - h->sent_usec;
        h->sent_usec = 0;
        return true;
}

void heartbeat_probe(struct heartbeat *h, const struct moment *at) {
        h->probe_usec = at->usec + PROBE_USEC;
}

void heartbeat_hold(struct heartbeat *h, bool held, const struct moment *at) {
        if (h->held && !held) {
                h->received_usec = at->usec;
                if (h->sent_usec != 0)
                        h->sent_usec = at->usec;
        }
        h->held = held;
        if (held)
                h->probe_usec = 0;
}

static uint64_t usec_add(uint64_t a, uint64_t b) {
        return b > USEC_NEVER - a ? USEC_NEVER : a + b;
}

static uint64_t usec_min(uint64_t a, uint64_t b) {
        return a < b ? a : b;
}

/* When silence becomes a loss. */
static uint64_t heartbeat_lost_usec(const struct heartbeat *h) {
        uint64_t since = h->received_usec > h->sent_usec ? h->received_usec : h->sent_usec;
        uint64_t lost = USEC_NEVER;

        if (h->probe_usec != 0)
                lost = h->probe_usec;
        if (h->sent_usec == 0)
                return lost;
        lost = usec_min(lost, usec_add(since, h->timeout_usec));
        return usec_min(lost, usec_add(h->sent_usec, DEAF_TIMEOUTS * h->timeout_usec));
}

enum heartbeat_action heartbeat_tick(const struct heartbeat *h, const struct moment *at) {
        if (h->held)
                return HEARTBEAT_NOTHING;
        if (at->usec >= heartbeat_lost_usec(h))
                return HEARTBEAT_LOST;
        if (h->sent_usec == 0 && at->usec >= usec_add(h->received_usec, h->interval_usec))
                return HEARTBEAT_PING;
        return HEARTBEAT_NOTHING;
}

uint64_t heartbeat_deadline(const struct heartbeat *h) {
        if (h->held)
                return USEC_NEVER;
        if (h->sent_usec != 0)
                return heartbeat_lost_usec(h);
        return usec_min(heartbeat_lost_usec(h), usec_add(h->received_usec, h->interval_usec));
}
