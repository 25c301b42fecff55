/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus_error.h"
#include "bus_sender.h"
#include "cleanup.h"

/* Of one connection, while its uid is asked for. */
#define HELD_MAX 1024

struct bus_peers {
        sd_bus *bus;
        void (*gone)(struct peer *peer, void *userdata);
        void *userdata;
        sd_bus_slot *filter;
        sd_bus_slot *match;
        LIST_HEAD(, peer) list;
};

static void peer_free(struct peer *peer) {
        peer->peers->gone(peer, peer->peers->userdata);
        LIST_REMOVE(peer, of_peers);
        sd_bus_slot_unref(peer->question);
        for (size_t i = 0; i < peer->n_held; i++)
                sd_bus_message_unref(peer->held[i]);
        free(peer->held);
        free(peer->channels);
        free(peer->name);
        free(peer);
}

/* The last caller is the likeliest next one: it moves to the front. */
static struct peer *peers_find(struct bus_peers *peers, const char *name) {
        struct peer *peer;

        LIST_FOREACH(peer, &peers->list, of_peers) {
                if (strcmp(peer->name, name) != 0)
                        continue;
                if (peer != LIST_FIRST(&peers->list)) {
                        LIST_REMOVE(peer, of_peers);
                        LIST_INSERT_HEAD(&peers->list, peer, of_peers);
                }
                return peer;
        }
        return NULL;
}

static int on_owner_gone(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct peer *peer = NULL;
        const char *name;

        if (bus_sender_is(m, BUS_SENDER_BUS) && sd_bus_message_read(m, "s", &name) >= 0)
                peer = peers_find(userdata, name);
        if (peer)
                peer_free(peer);
        return 0;
}

/* Puts what was held back into the queue of what was read. It may stand behind later calls of the
 * same peer there: on_message() restores the order. */
static void peer_release(struct peer *peer) {
        for (size_t i = 0; i < peer->n_held; i++)
                (void)sd_bus_enqueue_for_read(peer->peers->bus, peer->held[i]);
}

static int on_uid(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct peer *peer = userdata;
        uint32_t uid;

        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "u", &uid) < 0) {
                peer_free(peer); /* gone meanwhile */
                return 0;
        }
        peer->uid = (uid_t)uid;
        peer->known = true;
        peer->question = sd_bus_slot_unref(peer->question);
        peer_release(peer);
        return 0;
}

static int peer_ask(struct peer *peer) {
        /* Whoever leaves after this is noticed by the match, whoever left before has no uid. */
        return sd_bus_call_method_async(peer->peers->bus, &peer->question, "org.freedesktop.DBus",
                                        "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                        "GetConnectionUnixUser", on_uid, peer, "s", peer->name);
}

/* On a connection without a bus daemon the other side is the only caller. */
static int peer_ask_socket(struct peer *peer) {
        CLEANUP(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
        int r;

        r = sd_bus_get_owner_creds(peer->peers->bus, SD_BUS_CREDS_EUID, &creds);
        if (r < 0)
                return r;
        r = sd_bus_creds_get_euid(creds, &peer->uid);
        if (r < 0)
                return r;
        peer->known = true;
        return 0;
}

static int peers_add(struct bus_peers *peers, const char *name, struct peer **ret) {
        struct peer *peer = calloc(1, sizeof(*peer));
        int r;

        if (!peer)
                return -ENOMEM;
        peer->peers = peers;
        LIST_INSERT_HEAD(&peers->list, peer, of_peers);
        peer->name = strdup(name);
        r = !peer->name ? -ENOMEM : *name == '\0' ? peer_ask_socket(peer) : peer_ask(peer);
        if (r < 0) {
                peer_free(peer);
                return r;
        }
        *ret = peer;
        return 0;
}

static int peer_hold(struct peer *peer, sd_bus_message *m) {
        sd_bus_message **held;

        if (peer->n_held >= HELD_MAX)
                return -EDQUOT;
        held = reallocarray(peer->held, peer->n_held + 1, sizeof(*held));
        if (!held)
                return -ENOMEM;
        peer->held = held;
        held[peer->n_held++] = sd_bus_message_ref(m);
        return 0;
}

/* Every call passes here before it reaches an object: 0 lets it through, 1 keeps it. */
static int peer_admit(struct peer *peer, sd_bus_message *m) {
        int r;

        if (peer->known && peer->n_held == 0)
                return 0;
        if (peer->known && peer->held[0] == m) {
                sd_bus_message_unref(m);
                peer->n_held--;
                memmove(peer->held, peer->held + 1, peer->n_held * sizeof(*peer->held));
                return 0;
        }
        r = peer_hold(peer, m);
        if (r < 0)
                return r;
        if (peer->known)
                (void)sd_bus_enqueue_for_read(peer->peers->bus, m);
        return 1;
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bus_peers *peers = userdata;
        const char *name;
        struct peer *peer;
        int r;

        if (!sd_bus_message_is_method_call(m, NULL, NULL))
                return 0;
        name = sd_bus_message_get_sender(m);
        if (!name)
                name = "";
        peer = peers_find(peers, name);
        r = peer ? 0 : peers_add(peers, name, &peer);
        if (r == 0)
                r = peer_admit(peer, m);
        if (r < 0)
                return sd_bus_reply_method_errorf(m, bus_error_name(r),
                                                  "too many calls are waiting");
        return r;
}

int bus_peers_new(sd_bus *bus, void (*gone)(struct peer *peer, void *userdata), void *userdata,
                  struct bus_peers **ret) {
        CLEANUP(freep) struct bus_peers *peers = calloc(1, sizeof(*peers));
        int r;

        if (!peers)
                return -ENOMEM;
        peers->bus = bus;
        peers->gone = gone;
        peers->userdata = userdata;
        LIST_INIT(&peers->list);
        /* One for all, because the bus limits matches more than connections. An empty third
         * argument: nobody owns the name any more. */
        r = sd_bus_add_match_async(bus, &peers->match,
                                   "type='signal',sender='org.freedesktop.DBus',"
                                   "path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',"
                                   "member='NameOwnerChanged',arg2=''",
                                   on_owner_gone, NULL, peers);
        if (r < 0)
                return r;
        r = sd_bus_add_filter(bus, &peers->filter, on_message, peers);
        if (r < 0) {
                sd_bus_slot_unref(peers->match);
                return r;
        }
        *ret = STEAL(peers);
        return 0;
}

void bus_peers_free(struct bus_peers *peers) {
        if (!peers)
                return;
        sd_bus_slot_unref(peers->match);
        sd_bus_slot_unref(peers->filter);
        while (!LIST_EMPTY(&peers->list))
                peer_free(LIST_FIRST(&peers->list));
        free(peers);
}

struct peer *bus_peers_caller(struct bus_peers *peers, sd_bus_message *call) {
        const char *name = sd_bus_message_get_sender(call);

        /* On another bus, the one before this, the name was another's. */
        if (sd_bus_message_get_bus(call) != peers->bus)
                return NULL;
        return peers_find(peers, name ? name : "");
}

struct peer *bus_peers_first(struct bus_peers *peers) {
        return LIST_FIRST(&peers->list);
}

static bool peer_has(const struct peer *peer, uint64_t channel) {
        for (size_t i = 0; i < peer->n_channels; i++)
                if (peer->channels[i] == channel)
                        return true;
        return false;
}

int peer_attach(struct peer *peer, uint64_t channel) {
        uint64_t *channels;

        if (peer_has(peer, channel))
                return 0;
        channels = reallocarray(peer->channels, peer->n_channels + 1, sizeof(*channels));
        if (!channels)
                return -ENOMEM;
        peer->channels = channels;
        channels[peer->n_channels++] = channel;
        return 0;
}

void peer_detach(struct peer *peer) {
        peer->attached = false;
        peer->attached_all = false;
        peer->n_channels = 0;
}

void peer_forget_channel(struct peer *peer, uint64_t channel) {
        for (size_t i = 0; i < peer->n_channels; i++)
                if (peer->channels[i] == channel) {
                        peer->channels[i] = peer->channels[--peer->n_channels];
                        return;
                }
}

bool peer_hears(const struct peer *peer, uid_t owner, uint64_t channel) {
        if (!peer->known)
                return false;
        if (peer->attached_all || (peer->attached && peer->uid == owner))
                return true;
        return peer_has(peer, channel);
}
