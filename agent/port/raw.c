/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "raw.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "ws.h"

struct raw {
        struct transport transport;
        struct ws *ws;
        const struct transport_handlers *handlers;
        void *userdata;
};

static struct raw *raw_of(struct transport *transport) {
        return (struct raw *)transport;
}

static const struct raw *raw_of_const(const struct transport *transport) {
        return (const struct raw *)transport;
}

static void on_opened(void *userdata) {
        static const struct transport_opening opening = {
                .recovery.outcome = RECOVERY_UNSUPPORTED,
        };
        struct raw *raw = userdata;

        raw->handlers->opened(&opening, raw->userdata);
}

static void on_message(const void *data, size_t len, bool text, void *userdata) {
        struct transport_incoming message = {.payload = data, .payload_bytes = len, .text = text};
        struct raw *raw = userdata;

        raw->handlers->message(&message, raw->userdata);
}

static void on_pong(const void *data, size_t len, void *userdata) {
        struct raw *raw = userdata;
        uint64_t sequence;

        if (len != sizeof(sequence))
                return; /* unsolicited: RFC 6455 section 5.5.3 allows it */
        memcpy(&sequence, data, sizeof(sequence));
        raw->handlers->ponged(be64toh(sequence), raw->userdata);
}

static void on_drained(void *userdata) {
        struct raw *raw = userdata;

        raw->handlers->drained(raw->userdata);
}

static void on_received(void *userdata) {
        struct raw *raw = userdata;

        raw->handlers->received(raw->userdata);
}

static void on_closed(const struct cause *cause, unsigned close_code, void *userdata) {
        struct raw *raw = userdata;

        raw->handlers->closed(cause, raw->userdata);
}

static const struct ws_handlers ws_handlers = {
        .opened = on_opened,
        .message = on_message,
        .pong = on_pong,
        .drained = on_drained,
        .received = on_received,
        .closed = on_closed,
};

static int raw_open(struct connector *connector, const struct transport_config *config,
                    const struct transport_handlers *handlers, void *userdata,
                    struct transport **ret) {
        const struct channel_options *options = config->options;
        struct ws_config ws_config = {
                .stream = config->stream,
                .headers = options->headers.data,
                .headers_len = options->headers.len,
                .subprotocols = options->subprotocols.data,
                .subprotocols_len = options->subprotocols.len,
                .open_timeout_usec = options->open_timeout_usec,
                .max_message_bytes = options->max_message_bytes,
        };
        CLEANUP(freep) struct raw *raw = calloc(1, sizeof(*raw));
        int r;

        if (!raw)
                return -ENOMEM;
        raw->transport.ops = &raw_ops;
        raw->handlers = handlers;
        raw->userdata = userdata;
        r = ws_new(connector, &ws_config, &ws_handlers, raw, &raw->ws);
        if (r < 0)
                return r;
        *ret = &STEAL(raw)->transport;
        return 0;
}

static void raw_begin(struct transport *transport, const struct channel_options *options) {
        const struct option_bytes *payload = &options->open_payload;

        if (payload->len > 0)
                (void)ws_send(raw_of(transport)->ws, payload->data, payload->len,
                              options->frame_text);
}

static int raw_write(struct transport *transport, const struct transport_outgoing *message) {
        return ws_send(raw_of(transport)->ws, message->payload, message->payload_bytes,
                       message->facts->frame == MESSAGE_FRAME_TEXT);
}

static int raw_ping(struct transport *transport, uint64_t sequence) {
        sequence = htobe64(sequence);
        return ws_ping(raw_of(transport)->ws, &sequence, sizeof(sequence));
}

static void raw_set_held(struct transport *transport, bool held) {
        ws_set_held(raw_of(transport)->ws, held);
}

static void raw_set_paused(struct transport *transport, bool paused) {
        ws_set_paused(raw_of(transport)->ws, paused);
}

static void raw_abandon(struct transport *transport) {
        struct raw *raw = raw_of(transport);

        ws_free(raw->ws);
        free(raw);
}

static void raw_close(struct transport *transport) {
        struct raw *raw = raw_of(transport);

        ws_close(raw->ws, 1000);
        free(raw);
}

static int raw_endpoints(const struct transport *transport, struct address *ret_source,
                         struct address *ret_peer) {
        return ws_endpoints(raw_of_const(transport)->ws, ret_source, ret_peer);
}

static void raw_get_upload(const struct transport *transport, struct stream_upload *ret) {
        ws_get_upload(raw_of_const(transport)->ws, ret);
}

static void raw_get_steps(const struct transport *transport, struct transport_steps *ret) {
        struct ws_steps steps;

        ws_get_steps(raw_of_const(transport)->ws, &steps);
        ret->stream = steps.stream;
        ret->opened_usec = steps.opened_usec;
}

const struct transport_ops raw_ops = {
        .ping_proves = true,
        .open = raw_open,
        .begin = raw_begin,
        .write = raw_write,
        .ping = raw_ping,
        .set_held = raw_set_held,
        .set_paused = raw_set_paused,
        .abandon = raw_abandon,
        .close = raw_close,
        .endpoints = raw_endpoints,
        .get_upload = raw_get_upload,
        .get_steps = raw_get_steps,
};
