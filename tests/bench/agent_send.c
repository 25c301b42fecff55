/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Durable messages a second through D-Bus into a channel that has no path, beside raw pwrite() and
 * fdatasync() of the same bytes in the same directory, and beside an empty method. Needs root.
 * bench_agent_send [DIRECTORY]: on the disk to be measured, where user nobody may go. */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_place.h"
#include "cleanup.h"
#include "die.h"
#include "figures.h"
#include "moment.h"
#include "names.h"
#include "netns.h"

#define PAYLOAD_BYTES 256
#define MANY 100
#define WINDOW 64
#define ROUNDS 9
#define SYNC_MSEC 0.16 /* of one write and fdatasync() */
#define ROUND_USEC (USEC_PER_SEC / 2)

static uint8_t payload[PAYLOAD_BYTES * MANY];

/* Messages a second, each group of them with one write and one fdatasync(). */
static double raw_rate(const char *directory, size_t group) {
        uint64_t began = moment_boottime_usec(), now;
        char path[4200];
        off_t at = 0;
        int fd;

        (void)snprintf(path, sizeof(path), "%s/raw", directory);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0)
                die("%s: %s", path, strerror(errno));
        do {
                size_t len = group * PAYLOAD_BYTES;

                if (pwrite(fd, payload, len, at) != (ssize_t)len || fdatasync(fd) < 0)
                        die("%s: %s", path, strerror(errno));
                at += (off_t)len;
                now = moment_boottime_usec();
        } while (now < began + ROUND_USEC);
        (void)close(fd);
        (void)unlink(path);
        return (double)at / PAYLOAD_BYTES * 1e6 / (double)(now - began);
}

/* An app that makes one kind of call. */
struct caller {
        sd_bus *bus;
        const char *channel;
        const char *member;
        size_t n_messages; /* in each call */
        size_t n_outstanding;
        size_t n_done;
};

static int append_message(sd_bus_message *m) {
        int r = sd_bus_message_append_array(m, 'y', payload, PAYLOAD_BYTES);

        return r < 0 ? r : sd_bus_message_append(m, "a{sv}", 0);
}

static int append_many(sd_bus_message *m, size_t n) {
        int r = sd_bus_message_open_container(m, 'a', "(aya{sv})");

        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = sd_bus_message_open_container(m, 'r', "aya{sv}");
                if (r >= 0)
                        r = append_message(m);
                if (r >= 0)
                        r = sd_bus_message_close_container(m);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static sd_bus_message *new_call(const struct caller *c) {
        sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(c->bus, &m, AGENT_BUS_NAME, c->channel,
                                           AGENT_CHANNEL_INTERFACE, c->member);
        if (r >= 0 && strcmp(c->member, "Send") == 0)
                r = append_message(m);
        else if (r >= 0 && strcmp(c->member, "SendMany") == 0)
                r = append_many(m, c->n_messages);
        if (r < 0)
                die("%s cannot be called: %s", c->member, strerror(-r));
        return m;
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct caller *c = userdata;

        if (sd_bus_message_is_method_error(m, NULL))
                die("%s: %s", c->member, sd_bus_message_get_error(m)->message);
        c->n_outstanding--;
        c->n_done++;
        return 1;
}

static void call_async(struct caller *c) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = new_call(c);

        if (sd_bus_call_async(c->bus, NULL, m, on_reply, c, 0) < 0)
                die("%s cannot be called", c->member);
        c->n_outstanding++;
}

/* Messages a second with so many calls outstanding. */
static double call_rate(struct caller *c, size_t window) {
        uint64_t began = moment_boottime_usec(), end = began + ROUND_USEC, now;

        c->n_done = 0;
        do {
                now = moment_boottime_usec();
                while (now < end && c->n_outstanding < window)
                        call_async(c);
                if (sd_bus_process(c->bus, NULL) == 0 && sd_bus_wait(c->bus, UINT64_MAX) < 0)
                        die("the bus is gone");
        } while (c->n_outstanding > 0);
        return (double)(c->n_done * c->n_messages) * 1e6 / (double)(now - began);
}

/* One caller that waits for each reply. */
static double sync_rate(struct caller *c) {
        uint64_t began = moment_boottime_usec(), now;
        size_t n = 0;

        do {
                CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = new_call(c);
                CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

                if (sd_bus_call(c->bus, m, 0, &error, NULL) < 0)
                        die("%s: %s", c->member, error.message);
                n++;
                now = moment_boottime_usec();
        } while (now < began + ROUND_USEC);
        return (double)n * 1e6 / (double)(now - began);
}

enum figure {
        RAW_ONE,
        SEND_ONE,
        EMPTY_ONE,
        SEND_WINDOW,
        EMPTY_WINDOW,
        RAW_MANY,
        SEND_MANY,
        FIGURE_COUNT,
};

static void measure(struct agent_place *place, unsigned round, struct figures *figures) {
        char name[32];
        CLEANUP(freep) char *channel = NULL;
        struct caller send = {.bus = place->app.bus, .member = "Send", .n_messages = 1};
        struct caller empty = {.bus = place->app.bus, .member = "Unsubscribe", .n_messages = 1};
        struct caller many = {.bus = place->app.bus, .member = "SendMany", .n_messages = MANY};

        /* A queue of its own, as long in each round. */
        (void)snprintf(name, sizeof(name), "bench-%u", round);
        channel = client_open(&place->app, name, "ws://203.0.113.1/", 1, "queue-messages", "t",
                              UINT64_C(10000000));
        client_wait(&place->app, channel, "State", "waiting");
        send.channel = empty.channel = many.channel = channel;
        figures_add(&figures[RAW_ONE], raw_rate(place->directory, 1));
        figures_add(&figures[SEND_ONE], sync_rate(&send));
        figures_add(&figures[EMPTY_ONE], sync_rate(&empty));
        figures_add(&figures[SEND_WINDOW], call_rate(&send, WINDOW));
        figures_add(&figures[EMPTY_WINDOW], call_rate(&empty, WINDOW));
        figures_add(&figures[RAW_MANY], raw_rate(place->directory, MANY));
        figures_add(&figures[SEND_MANY], call_rate(&many, 2));
        client_do(&place->app, channel, "Close", "a{sv}", 1, "discard", "b", true);
}

static void print(struct figures *figures) {
        double median[FIGURE_COUNT];
        bool slow;

        for (size_t i = 0; i < FIGURE_COUNT; i++)
                median[i] = figures_median(&figures[i]);
        figures_print("send, one waiting", median[SEND_ONE] >= 0.4 * median[RAW_ONE],
                      "%6.0f/s  raw write+fdatasync %6.0f/s (%.3f ms)  ratio %.2f (>= 0.40)",
                      median[SEND_ONE], median[RAW_ONE], 1e3 / median[RAW_ONE],
                      median[SEND_ONE] / median[RAW_ONE]);
        /* The rate of 20000 is meant for a disk that is quick enough. */
        slow = median[RAW_ONE] < 1e3 / SYNC_MSEC;
        figures_print("send, 64 in flight",
                      (slow || median[SEND_WINDOW] >= 20000) &&
                              median[SEND_WINDOW] >= 0.45 * median[EMPTY_WINDOW],
                      "%6.0f/s (>= 20000%s)  empty method %6.0f/s  ratio %.2f (>= 0.45)",
                      median[SEND_WINDOW], slow ? " on a quicker disk" : "", median[EMPTY_WINDOW],
                      median[SEND_WINDOW] / median[EMPTY_WINDOW]);
        figures_print("empty method, one waiting", true, "%6.0f/s", median[EMPTY_ONE]);
        figures_print("SendMany of 100, 2 in flight", true,
                      "%6.0f messages/s  raw write+fdatasync of 100 %6.0f/s  ratio %.2f",
                      median[SEND_MANY], median[RAW_MANY], median[SEND_MANY] / median[RAW_MANY]);
}

int main(int argc, char **argv) {
        struct figures figures[FIGURE_COUNT] = {{0}};
        struct agent_place place;

        netns_enter();
        memset(payload, 'x', sizeof(payload));
        agent_place_start(&place, argc > 1 ? argv[1] : "/var/tmp", NULL);
        for (unsigned i = 0; i < ROUNDS; i++)
                measure(&place, i, figures);
        print(figures);
        agent_place_stop(&place);
        for (size_t i = 0; i < FIGURE_COUNT; i++)
                figures_clear(&figures[i]);
        return EXIT_SUCCESS;
}
