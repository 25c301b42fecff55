/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ws.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "cleanup.h"
#include "connector.h"
#include "failure.h"
#include "frames.h"
#include "handshake.h"
#include "moment.h"

/* In a turn of the loop, so that large messages of one connection do not stop the others. */
#define READ_MAX_BYTES ((size_t)64 * 1024)
#define WRITE_MAX_BYTES ((size_t)64 * 1024)
#define ITEMS_MAX 256
#define OUT_BYTES (16 * 1024) /* a TLS record */

enum ws_state {
        WS_CONNECTING,
        WS_UPGRADING,
        WS_OPEN,
        WS_OVER, /* closed() has been called */
};

struct ws {
        sd_event *event; /* borrows the connector's */
        struct ws_handlers handlers;
        void *userdata;
        enum ws_state state;
        struct stream *stream;       /* NULL once it is over */
        struct handshake *handshake; /* until it is open */
        sd_event_source *deadline;   /* of the handshake */
        uint64_t open_timeout_usec;
        struct frames *frames; /* from then on */
        uint64_t max_message_bytes;

        /* Bytes on their way to the socket; they stay in place until all are taken. */
        char *out;
        size_t out_len;
        size_t out_done;
        bool blocked;   /* the socket takes no more for now */
        bool undrained; /* drained() is due once all is out */
        bool held;

        /* What came behind the upgrade response. */
        char *leftover;
        size_t leftover_len;
        size_t leftover_done;
        size_t read_left; /* of READ_MAX_BYTES in this turn */
        bool received;    /* something came in this turn */
        bool paused;

        unsigned n_entered; /* callbacks of ours that are running: the memory must stay */
        bool freed;

        uint64_t started_usec;
        struct ws_steps steps;
};

static void ws_destroy(struct ws *ws) {
        if (!ws)
                return;
        stream_free(ws->stream);
        sd_event_source_disable_unref(ws->deadline);
        handshake_free(ws->handshake);
        frames_free(ws->frames);
        free(ws->out);
        free(ws->leftover);
        free(ws);
}

static void ws_destroyp(struct ws **ws) {
        ws_destroy(*ws);
}

static void enter(struct ws *ws) {
        ws->n_entered++;
}

static void leave(struct ws *ws) {
        if (--ws->n_entered == 0 && ws->freed)
                ws_destroy(ws);
}

void ws_free(struct ws *ws) {
        if (!ws)
                return;
        stream_free(STEAL(ws->stream));
        ws->freed = true;
        enter(ws);
        leave(ws);
}

static void end_handshake(struct ws *ws) {
        handshake_free(STEAL(ws->handshake));
        ws->deadline = sd_event_source_disable_unref(ws->deadline);
}

/* The end, told once. Without a stream_finish() before it the connection is reset. */
static void give_up(struct ws *ws, const struct cause *cause, unsigned close_code) {
        ws_get_steps(ws, &ws->steps);
        stream_free(STEAL(ws->stream));
        end_handshake(ws);
        ws->state = WS_OVER;
        ws->handlers.closed(cause, close_code, ws->userdata);
}

static void give_up_with(struct ws *ws, enum cause_kind kind, const char *text) {
        struct cause cause;

        cause_setf(&cause, kind, "%s", text);
        give_up(ws, &cause, 0);
}

static void give_up_by_errno(struct ws *ws, int error) {
        struct cause cause;

        if (error == 0)
                cause_setf(&cause, CAUSE_LOST, "the server ended the connection without goodbye");
        else
                stream_describe(error, &cause);
        give_up(ws, &cause, 0);
}

static void update_wants(struct ws *ws) {
        bool reading = ws->state == WS_UPGRADING || (ws->state == WS_OPEN && !ws->paused);

        stream_set_wants(ws->stream, reading, ws->blocked && !ws->held);
}

/* Fills `out` if it is empty. False: nothing is left to write. */
static bool refill(struct ws *ws) {
        if (ws->out_done < ws->out_len)
                return true;
        ws->out_len = ws->out_done = 0;
        if (!ws->frames || !frames_wants_write(ws->frames)) {
                free(STEAL(ws->out));
                return false;
        }
        if (!ws->out)
                ws->out = malloc(OUT_BYTES);
        if (ws->out)
                ws->out_len = frames_write(ws->frames, ws->out, OUT_BYTES);
        return ws->out_len > 0;
}

/* Writes up to `max` bytes. 0 when the rest must wait or nothing is left, or why it is over. */
static int flush(struct ws *ws, size_t max) {
        ws->blocked = false;
        while (refill(ws)) {
                ssize_t n;

                if (max == 0) {
                        stream_poke(ws->stream);
                        break;
                }
                n = stream_send(ws->stream, ws->out + ws->out_done, ws->out_len - ws->out_done);
                if (n == -EAGAIN) {
                        ws->blocked = true;
                        break;
                }
                if (n < 0)
                        return (int)n;
                ws->out_done += (size_t)n;
                max -= (size_t)n < max ? (size_t)n : max;
        }
        update_wants(ws);
        return 0;
}

static bool is_drained(const struct ws *ws) {
        return ws->out_done == ws->out_len && !frames_wants_write(ws->frames);
}

/* Writes all, the close frame last, and leaves the stream to wait for the server's end of it. What
 * the socket does not take is not worth waiting for. */
static void say_goodbye(struct ws *ws) {
        if (flush(ws, SIZE_MAX) == 0 && is_drained(ws))
                stream_finish(STEAL(ws->stream));
}

void ws_close(struct ws *ws, unsigned code) {
        if (ws && ws->state == WS_OPEN && frames_close(ws->frames, code) == 0)
                say_goodbye(ws);
        ws_free(ws);
}

static ssize_t on_frames_read(void *buffer, size_t size, void *userdata) {
        struct ws *ws = userdata;
        size_t left = ws->leftover_len - ws->leftover_done;
        ssize_t n;

        if (ws->leftover) {
                n = (ssize_t)(size < left ? size : left);
                (void)memcpy(buffer, ws->leftover + ws->leftover_done, (size_t)n);
                ws->leftover_done += (size_t)n;
                if (ws->leftover_done == ws->leftover_len)
                        free(STEAL(ws->leftover));
        } else {
                if (ws->read_left == 0)
                        return -EAGAIN;
                n = stream_recv(ws->stream, buffer, size < ws->read_left ? size : ws->read_left);
                if (n <= 0)
                        return n;
                ws->read_left -= (size_t)n;
        }
        ws->received = true;
        return n;
}

static void end_by_server(struct ws *ws, enum frames_event event, const struct frames_item *item) {
        struct cause cause;

        if (event == FRAMES_END) {
                give_up_by_errno(ws, item->error);
                return;
        }
        say_goodbye(ws);
        if (event == FRAMES_BROKEN) {
                cause_setf(&cause, CAUSE_PROTOCOL, "the server broke the WebSocket protocol: %s",
                           item->problem);
                give_up(ws, &cause, 0);
                return;
        }
        failure_setf(&cause, FAILURE_CLOSE_CODE, (int)item->code,
                     "the server closed the connection with code %u", item->code);
        give_up(ws, &cause, item->code);
}

static void receive(struct ws *ws) {
        bool told = false;

        for (unsigned n = 0; !ws->freed && ws->state == WS_OPEN && !ws->paused; n++) {
                struct frames_item item;
                enum frames_event event;

                if (n == ITEMS_MAX) {
                        stream_poke(ws->stream);
                        return;
                }
                event = frames_next(ws->frames, &item);
                if (ws->received && !told) {
                        told = true;
                        ws->handlers.received(ws->userdata);
                        if (ws->freed)
                                return;
                }
                switch (event) {
                case FRAMES_NOTHING:
                        return;
                case FRAMES_MESSAGE:
                        ws->handlers.message(item.data, item.len, item.text, ws->userdata);
                        break;
                case FRAMES_PONG:
                        ws->handlers.pong(item.data, item.len, ws->userdata);
                        break;
                case FRAMES_GOODBYE:
                case FRAMES_BROKEN:
                case FRAMES_END:
                        end_by_server(ws, event, &item);
                        return;
                }
        }
}

static void open_connection(struct ws *ws, const char *leftover, size_t leftover_len) {
        if (frames_new(ws->max_message_bytes, on_frames_read, ws, &ws->frames) < 0) {
                give_up_with(ws, CAUSE_LOST, "out of memory");
                return;
        }
        if (leftover_len > 0) {
                ws->leftover = malloc(leftover_len);
                if (!ws->leftover) {
                        give_up_with(ws, CAUSE_LOST, "out of memory");
                        return;
                }
                (void)memcpy(ws->leftover, leftover, leftover_len);
                ws->leftover_len = leftover_len;
        }
        end_handshake(ws);
        ws->state = WS_OPEN;
        ws->steps.opened_usec = moment_now().usec - ws->started_usec;
        update_wants(ws);
        ws->handlers.opened(ws->userdata);
}

static void read_upgrade(struct ws *ws) {
        enum handshake_verdict verdict;
        char buffer[4096];
        struct cause cause;
        size_t used;
        ssize_t n;

        do {
                n = stream_recv(ws->stream, buffer, sizeof(buffer));
                if (n == -EAGAIN)
                        return;
                if (n <= 0) {
                        give_up_by_errno(ws, (int)n);
                        return;
                }
                verdict = handshake_feed(ws->handshake, buffer, (size_t)n, &used, &cause);
        } while (verdict == HANDSHAKE_MORE);
        if (verdict == HANDSHAKE_REFUSED)
                give_up(ws, &cause, 0);
        else
                open_connection(ws, buffer + used, (size_t)n - used);
}

/* Reading comes first: what the server said before it ended the connection must not be lost to the
 * error of writing. */
static void turn(struct ws *ws) {
        int r;

        ws->read_left = READ_MAX_BYTES;
        ws->received = false;
        if (ws->state == WS_UPGRADING)
                read_upgrade(ws);
        if (!ws->freed && ws->state == WS_OPEN)
                receive(ws);
        if (ws->freed || ws->state == WS_OVER || (ws->held && ws->state == WS_OPEN))
                return;
        r = flush(ws, WRITE_MAX_BYTES);
        if (r < 0) {
                give_up_by_errno(ws, r);
                return;
        }
        if (ws->undrained && is_drained(ws)) {
                ws->undrained = false;
                ws->handlers.drained(ws->userdata);
        }
}

static void on_ready(void *userdata) {
        struct ws *ws = userdata;

        enter(ws);
        turn(ws);
        leave(ws);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        struct ws *ws = userdata;

        enter(ws);
        give_up_with(ws, CAUSE_TIMEOUT, "the server did not answer the WebSocket upgrade in time");
        leave(ws);
        return 0;
}

static void on_connected(void *userdata) {
        struct ws *ws = userdata;
        int r;

        enter(ws);
        ws->state = WS_UPGRADING;
        ws->out = handshake_take_request(ws->handshake);
        ws->out_len = strlen(ws->out);
        r = sd_event_add_time(ws->event, &ws->deadline, CLOCK_BOOTTIME,
                              moment_now().usec + ws->open_timeout_usec, USEC_PER_MSEC, on_deadline,
                              ws);
        if (r >= 0)
                r = flush(ws, SIZE_MAX);
        if (r < 0)
                give_up_by_errno(ws, r);
        leave(ws);
}

static void on_failed(const struct cause *cause, void *userdata) {
        struct ws *ws = userdata;

        enter(ws);
        give_up(ws, cause, 0);
        leave(ws);
}

int ws_new(struct connector *connector, const struct ws_config *config,
           const struct ws_handlers *handlers, void *userdata, struct ws **ret) {
        static const struct stream_handlers stream_handlers = {on_connected, on_failed, on_ready};
        CLEANUP(ws_destroyp) struct ws *ws = calloc(1, sizeof(*ws));
        int r;

        if (!ws)
                return -ENOMEM;
        ws->event = connector_event(connector);
        ws->handlers = *handlers;
        ws->userdata = userdata;
        ws->open_timeout_usec = config->open_timeout_usec;
        ws->max_message_bytes = config->max_message_bytes;
        ws->started_usec = moment_now().usec;
        r = handshake_new(config->stream.uri, config->headers, config->headers_len,
                          config->subprotocols, config->subprotocols_len, &ws->handshake);
        if (r < 0)
                return r;
        r = stream_new(connector, &config->stream, &stream_handlers, ws, &ws->stream);
        if (r < 0)
                return r;
        *ret = STEAL(ws);
        return 0;
}

/* The writing itself is left to the next turn: messages handed over in one turn go together. */
static int queued(struct ws *ws, int r) {
        if (r < 0)
                return r;
        ws->undrained = true;
        if (!ws->held && !ws->blocked)
                stream_poke(ws->stream);
        return 0;
}

int ws_send(struct ws *ws, const void *data, size_t len, bool text) {
        if (ws->state != WS_OPEN)
                return -ENOTCONN;
        return queued(ws, frames_send(ws->frames, data, len, text));
}

int ws_ping(struct ws *ws, const void *data, size_t len) {
        if (ws->state != WS_OPEN)
                return -ENOTCONN;
        return queued(ws, frames_ping(ws->frames, data, len));
}

size_t ws_queued_bytes(const struct ws *ws) {
        if (ws->state != WS_OPEN)
                return 0;
        return frames_queued_bytes(ws->frames) + ws->out_len - ws->out_done;
}

void ws_set_held(struct ws *ws, bool held) {
        if (ws->held == held)
                return;
        ws->held = held;
        if (ws->state != WS_OPEN)
                return;
        update_wants(ws);
        stream_poke(ws->stream);
}

void ws_set_paused(struct ws *ws, bool paused) {
        if (ws->paused == paused)
                return;
        ws->paused = paused;
        if (ws->state != WS_OPEN)
                return;
        update_wants(ws); /* what has been read ahead the stream knows as unread */
}

int ws_endpoints(const struct ws *ws, struct address *ret_source, struct address *ret_peer) {
        if (!ws->stream)
                return -ENOTCONN;
        return stream_endpoints(ws->stream, ret_source, ret_peer);
}

void ws_get_upload(const struct ws *ws, struct stream_upload *ret) {
        *ret = (struct stream_upload){0};
        if (ws->stream)
                stream_get_upload(ws->stream, ret);
        if (ws_queued_bytes(ws) > 0)
                ret->pending = true;
}

void ws_get_steps(const struct ws *ws, struct ws_steps *ret) {
        *ret = ws->steps;
        if (ws->stream)
                stream_get_steps(ws->stream, &ret->stream);
}
