/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "channel.h"
#include "cleanup.h"
#include "connection.h"
#include "transport.h"
#include "uri.h"

static void on_opened(const struct transport_opening *opening, void *userdata) {
        struct link *link = userdata;
        struct channel *channel = link->channel;
        struct moment at = moment_now();
        struct address source, peer;

        link->open = true;
        link->heartbeat.received_usec = at.usec;
        if (link->transport->ops->endpoints(link->transport, &source, &peer) == 0) {
                address_format(&source, link->source);
                channel_worked(channel, &peer);
        }
        link_update_steps(link);
        channel_opened(channel, link, opening);
}

static void on_recovered(const struct recovery *recovery, void *userdata) {
        struct link *link = userdata;

        channel_recovered(link->channel, link, recovery);
}

static void on_moved(const char *cursor, const char *epoch, void *userdata) {
        struct link *link = userdata;

        incoming_move(link->channel, cursor, epoch);
}

static void on_message(const struct transport_incoming *message, void *userdata) {
        struct link *link = userdata;

        channel_message(link->channel, link, message);
}

static void on_received(void *userdata) {
        struct link *link = userdata;
        struct moment at = moment_now();

        heartbeat_received(&link->heartbeat, &at);
        if (link->open)
                channel_received(link->channel, link, &at);
}

static void on_ponged(uint64_t sequence, void *userdata) {
        struct link *link = userdata;
        struct moment at = moment_now();

        if (heartbeat_pong(&link->heartbeat, sequence, &at) && link->transport->ops->ping_proves)
                channel_proved(link->channel, link);
}

static void on_proved(const uint64_t *ids, size_t n, void *userdata) {
        struct link *link = userdata;

        channel_proved_ids(link->channel, link, ids, n);
}

static void on_rejected(uint64_t id, const char *reason, void *userdata) {
        struct link *link = userdata;

        channel_rejected(link->channel, link, id, reason);
}

/* The server answers a ping after what was sent before it: its clock begins when that is out. */
static void on_drained(void *userdata) {
        struct link *link = userdata;
        struct moment at = moment_now();

        heartbeat_progressed(&link->heartbeat, &at);
}

static void on_closed(const struct cause *cause, void *userdata) {
        struct link *link = userdata;

        channel_closed(link->channel, link, cause);
}

static const struct transport_handlers handlers = {
        .opened = on_opened,
        .recovered = on_recovered,
        .moved = on_moved,
        .message = on_message,
        .ponged = on_ponged,
        .proved = on_proved,
        .rejected = on_rejected,
        .drained = on_drained,
        .received = on_received,
        .closed = on_closed,
};

int link_new(struct channel *channel, const struct path *path, struct link **ret) {
        const struct channel_options *options = &channel->record->options;
        struct link *link = calloc(1, sizeof(*link));
        struct moment at = moment_now();
        static uint64_t number;

        if (!link)
                return -ENOMEM;
        link->channel = channel;
        link->number = ++number;
        link->steps.started_usec = at.usec;
        if (path)
                link->path = *path;
        heartbeat_init(&link->heartbeat, options->ping_interval_usec, options->ping_timeout_usec,
                       &at);
        *ret = link;
        return 0;
}

void link_disconnect(struct link *link) {
        struct transport *transport = STEAL(link->transport);

        if (transport)
                transport->ops->abandon(transport);
}

void link_free(struct link *link) {
        if (!link)
                return;
        link_disconnect(link);
        free(link);
}

void link_close(struct link *link) {
        struct transport *transport;

        if (!link)
                return;
        transport = STEAL(link->transport);
        if (transport)
                transport->ops->close(transport);
        link_free(link);
}

int link_connect(struct link *link, const struct address *addresses, size_t n) {
        struct channel *channel = link->channel;
        const struct channel_options *options = &channel->record->options;
        const struct transport_ops *ops = transport_ops(channel->protocol->protocol);
        struct transport_config config = {
                .stream =
                        {
                                .uri = &channel->uri,
                                .addresses = addresses,
                                .n_addresses = n,
                                .proxy = channel->has_proxy ? &channel->proxy : NULL,
                                .tls_ca = options->tls_ca.data,
                                .tls_ca_len = options->tls_ca.len,
                                .tls_pins = options->tls_pins.data,
                                .tls_pins_len = options->tls_pins.len,
                                .tls13_only = options->tls13_only,
                                .connect_timeout_usec = options->connect_timeout_usec,
                        },
                .options = options,
                .cursor = &channel->in.cursor,
                .key = channel->record->key,
        };
        int r;

        link->steps.resolved_usec = moment_now().usec;
        if (path_wants_binding(&link->path))
                config.stream.interface = link->path.interface;
        r = ops->open(channel->agent->connector, &config, &handlers, link, &link->transport);
        if (r < 0)
                return r;
        ops->set_paused(link->transport, link->paused);
        return 0;
}

void link_begin(struct link *link) {
        if (link->transport->ops->begin)
                link->transport->ops->begin(link->transport, &link->channel->record->options);
}

int link_write(struct link *link, const struct transport_outgoing *message) {
        return link->transport->ops->write(link->transport, message);
}

void link_acknowledge(struct link *link, uint64_t token) {
        if (link->transport->ops->acknowledge)
                link->transport->ops->acknowledge(link->transport, &token, 1);
}

int link_ping(struct link *link) {
        struct moment at = moment_now();
        uint64_t sequence = heartbeat_sent(&link->heartbeat, &at);
        struct stream_upload upload;

        /* What was taken before it says nothing of what comes after. */
        link->transport->ops->get_upload(link->transport, &upload);
        link->acked_bytes = upload.acked_bytes;
        return link->transport->ops->ping(link->transport, sequence);
}

/* While we do not write or do not read, silence says nothing about the server. */
static void link_rest(struct link *link) {
        struct moment at = moment_now();

        heartbeat_hold(&link->heartbeat, link->held || link->paused, &at);
}

void link_hold(struct link *link, bool held) {
        link->held = held;
        link_rest(link);
        link->transport->ops->set_held(link->transport, held);
}

void link_pause(struct link *link, bool paused) {
        if (link->paused == paused)
                return;
        link->paused = paused;
        link_rest(link);
        if (link->transport)
                link->transport->ops->set_paused(link->transport, paused);
}

void link_probe(struct link *link) {
        struct moment at = moment_now();

        heartbeat_probe(&link->heartbeat, &at);
        (void)link_ping(link); /* an error comes as the end of the connection */
}

/* The peer's kernel takes what was sent, however slowly, and is not through with it. */
static bool link_progresses(struct link *link) {
        struct stream_upload upload;
        bool grows;

        link->transport->ops->get_upload(link->transport, &upload);
        grows = upload.acked_bytes > link->acked_bytes;
        link->acked_bytes = upload.acked_bytes;
        return grows && upload.pending;
}

bool link_tick(struct link *link, const struct moment *at, struct cause *ret) {
        if (!link->open)
                return false;
        switch (heartbeat_tick(&link->heartbeat, at)) {
        case HEARTBEAT_NOTHING:
                return false;
        case HEARTBEAT_PING:
                (void)link_ping(link);
                return false;
        case HEARTBEAT_LOST:
                if (link_progresses(link)) {
                        heartbeat_progressed(&link->heartbeat, at);
                        return false;
                }
                cause_setf(ret, CAUSE_LOST, "the server does not answer");
                return true;
        }
        return false;
}

uint64_t link_deadline(const struct link *link) {
        return link->open ? heartbeat_deadline(&link->heartbeat) : USEC_NEVER;
}

struct view_use link_use(const struct link *link) {
        if (!link)
                return (struct view_use){0};
        return (struct view_use){
                .exists = true,
                .ifindex = path_wants_binding(&link->path) ? link->path.ifindex : 0,
                .source = link->source[0] != '\0' ? link->source : NULL,
        };
}

void link_update_steps(struct link *link) {
        struct transport_steps steps = {0};
        uint64_t base = link->steps.resolved_usec;

        if (!link->transport)
                return;
        link->transport->ops->get_steps(link->transport, &steps);
        if (steps.stream.connected_usec != 0)
                link->steps.connected_usec = base + steps.stream.connected_usec;
        if (steps.stream.secured_usec != 0)
                link->steps.secured_usec = base + steps.stream.secured_usec;
        if (steps.opened_usec != 0)
                link->steps.opened_usec = base + steps.opened_usec;
}
