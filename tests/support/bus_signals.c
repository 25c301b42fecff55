/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_signals.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "moment.h"

struct bus_signals {
        sd_bus *bus;
        sd_bus_slot *slot;
        sd_bus_message **queue;
        size_t n_queue;
};

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bus_signals *signals = userdata;

        signals->queue =
                reallocarray(signals->queue, signals->n_queue + 1, sizeof(*signals->queue));
        if (!signals->queue)
                die("out of memory");
        signals->queue[signals->n_queue++] = sd_bus_message_ref(m);
        return 0;
}

struct bus_signals *bus_signals_listen(sd_bus *bus, const char *match) {
        struct bus_signals *signals = calloc(1, sizeof(*signals));
        int r;

        if (!signals)
                die("out of memory");
        signals->bus = sd_bus_ref(bus);
        r = sd_bus_add_match(bus, &signals->slot, match, on_signal, signals);
        if (r < 0)
                die("match %s: %s", match, strerror(-r));
        return signals;
}

static void drop_all(struct bus_signals *signals) {
        for (size_t i = 0; i < signals->n_queue; i++)
                sd_bus_message_unref(signals->queue[i]);
        signals->n_queue = 0;
}

void bus_signals_free(struct bus_signals *signals) {
        drop_all(signals);
        sd_bus_slot_unref(signals->slot);
        sd_bus_unref(signals->bus);
        free(signals->queue);
        free(signals);
}

static sd_bus_message *take_first(struct bus_signals *signals) {
        sd_bus_message *m = signals->queue[0];

        signals->n_queue--;
        memmove(signals->queue, signals->queue + 1, signals->n_queue * sizeof(*signals->queue));
        return m;
}

/* Lets the connection work once, at most until the deadline. 0 when that is over. */
static int process(struct bus_signals *signals, uint64_t deadline_usec) {
        uint64_t now_usec;
        int r;

        r = sd_bus_process(signals->bus, NULL);
        if (r < 0)
                die("the bus connection broke: %s", strerror(-r));
        if (r > 0)
                return 1;
        now_usec = moment_boottime_usec();
        if (now_usec >= deadline_usec)
                return 0;
        r = sd_bus_wait(signals->bus, deadline_usec - now_usec);
        if (r < 0)
                die("the bus connection broke: %s", strerror(-r));
        return 1;
}

sd_bus_message *bus_signals_next(struct bus_signals *signals, const char *member,
                                 uint64_t deadline_usec) {
        for (;;) {
                while (signals->n_queue > 0) {
                        sd_bus_message *m = take_first(signals);

                        if (!member || strcmp(sd_bus_message_get_member(m), member) == 0)
                                return m;
                        sd_bus_message_unref(m);
                }
                if (process(signals, deadline_usec) == 0)
                        return NULL;
        }
}

size_t bus_signals_count(struct bus_signals *signals, const char *member, uint64_t deadline_usec) {
        sd_bus_message *m;
        size_t n = 0;

        while ((m = bus_signals_next(signals, member, deadline_usec))) {
                sd_bus_message_unref(m);
                n++;
        }
        return n;
}

void bus_signals_clear(struct bus_signals *signals, const char *peer) {
        int r;

        /* The answer comes behind everything that was sent before. */
        r = sd_bus_call_method(signals->bus, peer, "/", "org.freedesktop.DBus.Peer", "Ping", NULL,
                               NULL, NULL);
        if (r < 0)
                die("%s does not answer: %s", peer, strerror(-r));
        (void)bus_signals_count(signals, NULL, 0);
}
