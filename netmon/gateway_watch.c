/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gateway_watch.h"

#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "log.h"
#include "neigh_msg.h"
#include "neigh_socket.h"
#include "rtnl_request.h"
#include "world.h"

struct gateway_watch {
        struct rtnl_request *request;
        struct neigh_socket *neigh;
        bool is_heard; /* one that is watched is in another state */
        gateway_watch_handler handler;
        void *userdata;
};

static void on_neighbour(void *userdata) {
        struct gateway_watch *watch = userdata;

        watch->is_heard = true;
        watch->handler(watch->userdata);
}

/* A failed one is forgotten by the kernel after a while, and is no better for it. */
static bool ask(struct gateway_watch *watch, struct gateway *gateway) {
        const struct nlmsghdr *nlh;
        struct neigh_msg msg;
        bool had_failed = gateway->has_failed;

        if (rtnl_request_neighbour(watch->request, gateway->ifindex, &gateway->address, &nlh) < 0 ||
            neigh_msg_parse(nlh, &msg) < 0)
                return false;
        if (msg.state & NUD_FAILED)
                gateway->has_failed = true;
        else if (msg.state & NEIGH_STATES_KNOWN)
                gateway->has_failed = false;
        return gateway->has_failed != had_failed;
}

/* Those that work wake us only when they fail. */
static int listen_to(struct gateway_watch *watch, const struct gateways *gateways) {
        struct neighbour watched[GATEWAYS_MAX];

        _Static_assert(GATEWAYS_MAX <= NEIGH_SOCKET_MAX, "more gateways than can be heard");
        for (size_t i = 0; i < gateways->n; i++)
                watched[i] = (struct neighbour){
                        .ifindex = gateways->list[i].ifindex,
                        .address = gateways->list[i].address,
                        .states = gateways->list[i].has_failed ? NEIGH_STATES_KNOWN : NUD_FAILED,
                };
        return neigh_socket_watch(watch->neigh, watched, gateways->n);
}

bool gateway_watch_update(struct gateway_watch *watch, struct world *world) {
        struct gateways *gateways = &world->model.gateways;
        bool changed = false;

        if (!gateways_collect(world) && !watch->is_heard)
                return false;
        watch->is_heard = false;
        /* Heard before they are asked for, so that nothing is missed in between. */
        if (listen_to(watch, gateways) < 0)
                log_warning("rtnl: cannot watch the gateways, ignoring");
        for (size_t i = 0; i < gateways->n; i++)
                changed |= ask(watch, &gateways->list[i]);
        if (changed)
                (void)listen_to(watch, gateways);
        return changed;
}

int gateway_watch_new(sd_event *event, struct rtnl_request *request, gateway_watch_handler handler,
                      void *userdata, struct gateway_watch **ret) {
        CLEANUP(gateway_watch_freep) struct gateway_watch *watch = calloc(1, sizeof(*watch));
        int r;

        if (!watch)
                return -ENOMEM;
        watch->request = request;
        watch->handler = handler;
        watch->userdata = userdata;
        r = neigh_socket_new(event, on_neighbour, watch, &watch->neigh);
        if (r < 0)
                return r;
        *ret = STEAL(watch);
        return 0;
}

void gateway_watch_free(struct gateway_watch *watch) {
        if (!watch)
                return;
        neigh_socket_free(watch->neigh);
        free(watch);
}
