/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "log.h"
#include "neigh_msg.h"
#include "neigh_socket.h"
#include "rtnl_request.h"
#include "secret.h"
#include "world.h"

struct places {
        struct rtnl_request *request;
        struct secret secret;
        bool has_secret;
        struct neigh_socket *neigh;
        bool is_heard; /* the kernel has learned about one that is watched */
        places_handler handler;
        void *userdata;
};

static void on_neighbour(void *userdata) {
        struct places *places = userdata;

        places->is_heard = true;
        places->handler(places->userdata);
}

/* IPv4 tells the network where both are there: its prefix stays when the provider's changes. */
static void set_place(struct model *model, const struct path *path) {
        struct link *link = model_find(model, path->ifindex);
        const struct address *address;

        if (!link || !link->usable || path->gateway.family == 0)
                return;
        if (path->family == AF_INET6 && link->place.prefix.family == AF_INET)
                for (size_t i = 0; i < link->n_addresses; i++)
                        if (link->addresses[i].local.family == AF_INET)
                                return;
        address = link_find_address(link, &path->source);
        if (!address)
                return;
        network_place_set_gateway(&link->place, &path->gateway, link->facts.carrier_changes);
        network_place_set_prefix(&link->place, &address->local, address->prefix_len);
}

static void set_places(struct model *model, const struct answer *answer) {
        set_place(model, &answer->selected);
        for (size_t i = 0; i < answer->n_alternatives; i++)
                set_place(model, &answer->alternatives[i]);
}

static bool awaits_gateway(const struct network_place *place) {
        return place->ssid_len == 0 && place->gateway.family != 0 &&
               place->gateway_address_len == 0;
}

static size_t collect_awaited(const struct model *model,
                              struct neighbour ret[static NEIGH_SOCKET_MAX]) {
        size_t n = 0;

        for (size_t i = 0; i < model->n_links && n < NEIGH_SOCKET_MAX; i++) {
                const struct link *link = model->links[i];

                if (awaits_gateway(&link->place))
                        ret[n++] = (struct neighbour){link->facts.index, link->place.gateway,
                                                      NEIGH_STATES_KNOWN};
        }
        return n;
}

static void ask_gateway(struct places *places, uint32_t ifindex, struct network_place *place) {
        const struct nlmsghdr *nlh;
        struct neigh_msg msg;

        place->is_asked = true;
        if (rtnl_request_neighbour(places->request, ifindex, &place->gateway, &nlh) < 0 ||
            neigh_msg_parse(nlh, &msg) < 0)
                return;
        place->gateway_address_len = msg.hardware_address_len;
        memcpy(place->gateway_address, msg.hardware_address, sizeof(place->gateway_address));
}

static void format_id(const struct places *places, const struct link *link,
                      char ret[static NETWORK_ID_SIZE]) {
        static const char digits[] = "0123456789abcdef";
        uint8_t data[NETWORK_PLACE_MAX], mac[SECRET_MAC_SIZE];
        size_t len = network_place_write(&link->place, link->type, data);

        ret[0] = '\0';
        if (len == 0 || !places->has_secret)
                return;
        secret_sign(&places->secret, data, len, mac);
        for (size_t i = 0; i < NETWORK_ID_SIZE / 2; i++) {
                ret[2 * i] = digits[mac[i] >> 4];
                ret[2 * i + 1] = digits[mac[i] & 0xf];
        }
        ret[NETWORK_ID_SIZE - 1] = '\0';
}

bool places_update(struct places *places, struct world *world) {
        struct neighbour awaited[NEIGH_SOCKET_MAX];
        struct model *model = &world->model;
        bool changed = false;
        size_t n;

        set_places(model, &world->summary.primary6);
        set_places(model, &world->summary.primary4);
        /* Watched before they are asked for, so that nothing is learned in between. */
        n = collect_awaited(model, awaited);
        if (neigh_socket_watch(places->neigh, awaited, n) < 0)
                log_warning("rtnl: cannot watch for neighbours, ignoring");
        for (size_t i = 0; i < n; i++) {
                struct link *link = model_find(model, awaited[i].ifindex);

                if (!link->place.is_asked || places->is_heard)
                        ask_gateway(places, awaited[i].ifindex, &link->place);
        }
        places->is_heard = false;
        for (size_t i = 0; i < model->n_links; i++) {
                char id[NETWORK_ID_SIZE];

                if (model->links[i]->place.prefix.family == 0)
                        continue;
                format_id(places, model->links[i], id);
                changed |= link_set_network_id(model->links[i], id);
        }
        n = collect_awaited(model, awaited);
        (void)neigh_socket_watch(places->neigh, awaited, n);
        return changed;
}

int places_new(sd_event *event, struct rtnl_request *request, const char *directory,
               places_handler handler, void *userdata, struct places **ret) {
        CLEANUP(places_freep) struct places *places = calloc(1, sizeof(*places));
        int r;

        if (!places)
                return -ENOMEM;
        places->request = request;
        places->handler = handler;
        places->userdata = userdata;
        r = neigh_socket_new(event, on_neighbour, places, &places->neigh);
        if (r < 0)
                return r;
        r = secret_open(directory, &places->secret);
        if (r < 0)
                log_warning("%s/key: cannot be had (%s), networks have no id, ignoring", directory,
                            strerror(-r));
        places->has_secret = r >= 0;
        *ret = STEAL(places);
        return 0;
}

void places_free(struct places *places) {
        if (!places)
                return;
        neigh_socket_free(places->neigh);
        explicit_bzero(&places->secret, sizeof(places->secret));
        free(places);
}
