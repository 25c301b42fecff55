/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gateways.h"

#include "world.h"

static const struct gateway *find(const struct gateways *gateways, uint32_t ifindex,
                                  const struct netaddr *address) {
        for (size_t i = 0; i < gateways->n; i++)
                if (gateways->list[i].ifindex == ifindex &&
                    netaddr_equal(&gateways->list[i].address, address))
                        return &gateways->list[i];
        return NULL;
}

bool gateways_have_failed(const struct gateways *gateways, uint32_t ifindex,
                          const struct netaddr *address) {
        const struct gateway *gateway = find(gateways, ifindex, address);

        return gateway && gateway->has_failed;
}

static void add(struct gateways *gateways, const struct gateways *was, const struct path *path) {
        const struct gateway *known;

        if (path->why != PATH_USABLE || path->gateway.family == 0 || gateways->n == GATEWAYS_MAX ||
            find(gateways, path->ifindex, &path->gateway))
                return;
        known = find(was, path->ifindex, &path->gateway);
        gateways->list[gateways->n++] = (struct gateway){
                .ifindex = path->ifindex,
                .address = path->gateway,
                .has_failed = known && known->has_failed,
        };
}

static void add_answer(struct gateways *gateways, const struct gateways *was,
                       const struct answer *answer) {
        add(gateways, was, &answer->selected);
        for (size_t i = 0; i < answer->n_alternatives; i++)
                add(gateways, was, &answer->alternatives[i]);
        for (size_t i = 0; i < answer->underlays.n; i++)
                add(gateways, was, &answer->underlays.entries[i].path);
}

bool gateways_collect(struct world *world) {
        struct gateways *own = &world->model.gateways, now = {};
        bool same;

        add_answer(&now, own, &world->summary.primary4);
        add_answer(&now, own, &world->summary.primary6);
        for (const struct watched *w = world->watched.first; w; w = w->next)
                add_answer(&now, own, &w->answer);
        same = now.n == own->n;
        for (size_t i = 0; same && i < now.n; i++)
                same = find(own, now.list[i].ifindex, &now.list[i].address) != NULL;
        *own = now;
        return !same;
}
