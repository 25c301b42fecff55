/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lines.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "delivery.h"
#include "must.h"
#include "value.h"

/* A commit costs the same for few and for many; more than this only costs memory. */
#define BATCH_BYTES (1u << 20)

struct lines {
        struct ctl *ctl;
        const struct channel *channel;
        const struct outgoing *outgoing;
        struct delivery *delivery; /* NULL: not waited for */
        uint64_t n_queued, n_delivered, n_failed;

        char *data; /* what was read and is not queued yet; the batch stands at its beginning */
        size_t len, room;
        size_t end;     /* of the batch */
        size_t scanned; /* no newline between the end of the batch and here */
        bool eof;

        struct outgoing_item items[OUTGOING_ITEMS_MAX];
        size_t n_items;
};

static void lines_deinit(struct lines *l) {
        delivery_free(l->delivery);
        free(l->data);
}

/* Until there is something to read, or (when there is something to send) at once; the bus is served
 * meanwhile. */
static enum outcome wait_input(struct lines *l, bool *ret_ready) {
        int timeout = l->n_items > 0 ? 0 : -1;

        for (;;) {
                struct pollfd fds[] = {
                        {.fd = STDIN_FILENO, .events = POLLIN},
                        {.fd = sd_bus_get_fd(l->ctl->bus), .events = POLLIN},
                };
                enum outcome o = bus_process(l->ctl);

                if (o != OUTCOME_OK)
                        return o;
                if (poll(fds, 2, timeout) < 0 && errno != EINTR) {
                        output_complain("standard input: %s", strerror(errno));
                        return OUTCOME_FAILED;
                }
                *ret_ready = fds[0].revents != 0;
                if (*ret_ready || timeout == 0)
                        return OUTCOME_OK;
        }
}

static enum outcome read_more(struct lines *l) {
        ssize_t n;

        if (l->len == l->room) {
                l->room = l->room ? 2 * l->room : BATCH_BYTES;
                l->data = MUST_HAVE(realloc(l->data, l->room));
        }
        n = read(STDIN_FILENO, l->data + l->len, l->room - l->len);
        if (n < 0) {
                output_complain("standard input: %s", strerror(errno));
                return OUTCOME_FAILED;
        }
        l->len += (size_t)n;
        l->eof = n == 0;
        return OUTCOME_OK;
}

static void take_line(struct lines *l, size_t len, size_t next) {
        struct outgoing_item *item = &l->items[l->n_items++];

        item->len = len;
        uuid_make(item->uuid);
        l->end = l->scanned = next;
}

/* Takes lines that were read into the batch; false when more must be read first. */
static bool take_lines(struct lines *l) {
        while (l->n_items < OUTGOING_ITEMS_MAX && l->end < BATCH_BYTES) {
                char *newline = NULL;

                if (l->scanned < l->len)
                        newline = memchr(l->data + l->scanned, '\n', l->len - l->scanned);
                if (newline) {
                        size_t at = (size_t)(newline - l->data);

                        take_line(l, at - l->end, at + 1);
                        continue;
                }
                l->scanned = l->len;
                if (!l->eof)
                        return false;
                if (l->end < l->len) /* the last one, without a newline */
                        take_line(l, l->len - l->end, l->len);
                return true;
        }
        return true;
}

/* A batch of what is there: at least one line, except at the end. */
static enum outcome fill(struct lines *l) {
        enum outcome o = OUTCOME_OK;
        bool ready = true;

        while (!take_lines(l)) {
                if (l->len - l->end > OUTGOING_BYTES_MAX && l->n_items > 0)
                        return OUTCOME_OK; /* those before it first */
                if (l->len - l->end > OUTGOING_BYTES_MAX) {
                        output_complain("line %" PRIu64 " is over 30 MiB, the most that the bus "
                                        "carries; the lines before it are queued",
                                        l->n_queued + 1);
                        return OUTCOME_FAILED;
                }
                o = wait_input(l, &ready);
                if (o != OUTCOME_OK || !ready)
                        return o;
                o = read_more(l);
                if (o != OUTCOME_OK)
                        return o;
        }
        return OUTCOME_OK;
}

static void note_queued(struct lines *l, const uint64_t *ids, size_t n) {
        for (size_t i = 0; i < n; i++) {
                json_object *object;

                l->n_queued++;
                if (l->delivery)
                        delivery_add(l->delivery, ids[i], false);
                if (!l->ctl->out.json)
                        continue;
                object = value_object();
                value_put_number(object, "line", l->n_queued);
                value_put_number(object, "id", ids[i]);
                output_json(&l->ctl->out, object);
        }
}

static enum outcome tell_refused(const struct lines *l, size_t n, const sd_bus_error *error) {
        CLEANUP(freep) char *text = bus_explain(l->ctl, &agent_service, error);
        uint64_t line = l->n_queued + 1;

        if (outgoing_is_doubtful(error) && n > 1)
                output_complain("lines %" PRIu64 " to %" PRIu64 ": %s; whether they are queued is "
                                "unknown",
                                line, line + n - 1, text);
        else
                output_complain("line %" PRIu64 ": %s; %" PRIu64 " lines before it are queued",
                                line, text, line - 1);
        return bus_outcome(error);
}

/* Queues the batch. When it is refused, its lines are tried one by one, to find which it is. */
static enum outcome send_batch(struct lines *l) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        uint64_t ids[OUTGOING_ITEMS_MAX];
        const char *at = l->data;
        int r;

        for (size_t i = 0; i < l->n_items; i++) {
                l->items[i].data = at;
                at += l->items[i].len + 1;
        }
        r = outgoing_send(l->ctl, l->channel, l->outgoing, l->items, l->n_items, ids, &error);
        if (r >= 0)
                note_queued(l, ids, l->n_items);
        else if (outgoing_is_doubtful(&error) || l->n_items == 1)
                return tell_refused(l, l->n_items, &error);
        for (size_t i = 0; r < 0 && i < l->n_items; i++) {
                sd_bus_error_free(&error);
                if (outgoing_send(l->ctl, l->channel, l->outgoing, &l->items[i], 1, ids, &error) <
                    0)
                        return tell_refused(l, 1, &error);
                note_queued(l, ids, 1);
        }
        l->len -= l->end;
        memmove(l->data, l->data + l->end, l->len);
        l->end = l->scanned = l->n_items = 0;
        return OUTCOME_OK;
}

static void on_final(uint64_t id, const char *state, const char *reason, void *userdata) {
        struct lines *l = userdata;
        json_object *object;

        if (strcmp(state, "delivered") == 0)
                l->n_delivered++;
        else
                l->n_failed++;
        if (!l->ctl->out.json)
                return;
        object = value_object();
        value_put_number(object, "id", id);
        value_put_string(object, "state", state);
        value_put_string(object, "reason", reason);
        output_json(&l->ctl->out, object);
}

static enum outcome send_all(struct lines *l) {
        for (;;) {
                enum outcome o = fill(l);

                if (o == OUTCOME_OK && l->n_items == 0)
                        return OUTCOME_OK;
                if (o == OUTCOME_OK)
                        o = send_batch(l);
                if (o != OUTCOME_OK)
                        return o;
                if (output_flush(&l->ctl->out) < 0) {
                        output_complain("standard output is closed; %" PRIu64 " lines are queued",
                                        l->n_queued);
                        return OUTCOME_FAILED;
                }
        }
}

enum outcome lines_send(struct ctl *ctl, const struct channel *channel, const struct outgoing *o) {
        CLEANUP(lines_deinit) struct lines l = {};
        enum outcome outcome;

        l.ctl = ctl;
        l.channel = channel;
        l.outgoing = o;
        if (o->wait)
                l.delivery = delivery_new(ctl, channel, on_final, &l);
        outcome = send_all(&l);
        if (o->wait && outcome == OUTCOME_OK)
                outcome = delivery_wait(l.delivery, o->timeout_usec);
        if (!ctl->out.json && o->wait)
                output_line(&ctl->out, STYLE_PLAIN,
                            "%" PRIu64 " message%s queued, %" PRIu64 " delivered, %" PRIu64
                            " ended otherwise",
                            l.n_queued, l.n_queued == 1 ? "" : "s", l.n_delivered, l.n_failed);
        else if (!ctl->out.json)
                output_line(&ctl->out, STYLE_PLAIN, "%" PRIu64 " message%s queued", l.n_queued,
                            l.n_queued == 1 ? "" : "s");
        if (outcome == OUTCOME_OK && l.n_failed > 0)
                outcome = OUTCOME_FAILED;
        return outcome;
}
