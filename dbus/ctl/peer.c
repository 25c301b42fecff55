/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "must.h"

#define BUS "org.freedesktop.DBus"

struct peer {
        const struct service *service;
        char *owner; /* unique name; NULL: nobody */
        sd_bus_slot *slot;
        peer_changed changed;
        void *userdata;
};

static void set_owner(struct peer *peer, const char *owner) {
        free(peer->owner);
        peer->owner = owner[0] ? MUST_HAVE(strdup(owner)) : NULL;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct peer *peer = userdata;
        const char *name, *before, *owner;

        /* The bus itself is the one sender whose name cannot be taken. */
        if (strcmp(sd_bus_message_get_sender(m), BUS) != 0 ||
            sd_bus_message_read(m, "sss", &name, &before, &owner) < 0 ||
            strcmp(name, peer->service->bus_name) != 0)
                return 0;
        set_owner(peer, owner);
        if (peer->changed)
                peer->changed(peer, peer->userdata);
        return 0;
}

struct peer *peer_new(struct ctl *ctl, const struct service *service, peer_changed changed,
                      void *userdata) {
        struct peer *peer = MUST_HAVE(calloc(1, sizeof(*peer)));
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        char match[256];
        const char *owner;

        peer->service = service;
        peer->changed = changed;
        peer->userdata = userdata;
        (void)snprintf(match, sizeof(match),
                       "type='signal',sender='" BUS "',interface='" BUS
                       "',member='NameOwnerChanged',arg0='%s'",
                       service->bus_name);
        must(sd_bus_add_match(ctl->bus, &peer->slot, match, on_owner, peer));
        if (sd_bus_call_method(ctl->bus, BUS, "/org/freedesktop/DBus", BUS, "GetNameOwner", NULL,
                               &reply, "s", service->bus_name) >= 0 &&
            sd_bus_message_read(reply, "s", &owner) >= 0)
                set_owner(peer, owner);
        return peer;
}

void peer_free(struct peer *peer) {
        if (!peer)
                return;
        sd_bus_slot_unref(peer->slot);
        free(peer->owner);
        free(peer);
}

bool peer_is_there(const struct peer *peer) {
        return peer->owner != NULL;
}

bool peer_sent(const struct peer *peer, sd_bus_message *m) {
        const char *sender = sd_bus_message_get_sender(m);

        return peer->owner && sender && strcmp(sender, peer->owner) == 0;
}
