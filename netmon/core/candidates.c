/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "candidates.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "alternatives.h"
#include "model.h"
#include "path.h"

const struct address *candidate_source(const struct link *link, uint8_t family) {
        for (size_t i = 0; i < link->n_addresses; i++)
                if (link->addresses[i].local.family == family &&
                    address_is_routable(&link->addresses[i]))
                        return &link->addresses[i];
        return NULL;
}

/* The less, the more likely it leads out of the machine. */
static unsigned rank_of(const struct link *link) {
        if (link->type != LINK_TYPE_VIRTUAL)
                return link->type == LINK_TYPE_UNKNOWN ? LINK_TYPE_VIRTUAL : link->type;
        if (strcmp(link->facts.kind, "veth") == 0)
                return LINK_TYPE_COUNT + 2;
        return LINK_TYPE_COUNT + (strcmp(link->facts.kind, "bridge") == 0);
}

/* For one of that rank, unless it is better than the last. Software links stand at the end. */
static bool is_full(const struct candidate_list *list, unsigned rank) {
        return list->n > CANDIDATES_MAX ||
               (rank >= LINK_TYPE_COUNT && list->n >= CANDIDATES_VIRTUAL_MAX &&
                list->ranks[list->n - CANDIDATES_VIRTUAL_MAX] >= LINK_TYPE_COUNT);
}

static void add(struct candidate_list *list, const struct link *link, unsigned rank) {
        size_t place = list->n;

        if (is_full(list, rank)) {
                if (rank >= list->ranks[list->n - 1])
                        return;
                place = --list->n;
        }
        while (place > 0 && rank < list->ranks[place - 1])
                place--;
        memmove(list->links + place + 1, list->links + place,
                (list->n - place) * sizeof(*list->links));
        memmove(list->ranks + place + 1, list->ranks + place,
                (list->n - place) * sizeof(*list->ranks));
        list->links[place] = link;
        list->ranks[place] = rank;
        list->n++;
}

void candidates_collect(const struct model *model, struct candidates *ret) {
        *ret = (struct candidates){};
        for (size_t i = 0; i < model->n_links; i++) {
                const struct link *link = model->links[i];
                unsigned rank;

                if (!link->usable || link->n_addresses == 0 || link_is_port(link) ||
                    link->type == LINK_TYPE_LOOPBACK)
                        continue;
                rank = rank_of(link);
                if (candidate_source(link, AF_INET)) {
                        add(&ret->four, link, rank);
                        if (link->type == LINK_TYPE_VPN)
                                add(&ret->four_vpn, link, rank);
                }
                if (candidate_source(link, AF_INET6)) {
                        add(&ret->six, link, rank);
                        if (link->type == LINK_TYPE_VPN)
                                add(&ret->six_vpn, link, rank);
                }
        }
}

const struct candidate_list *candidates_for(const struct candidates *candidates,
                                            const struct path *path) {
        if (path->family == AF_INET)
                return alternatives_guarded(path) ? &candidates->four_vpn : &candidates->four;
        return alternatives_guarded(path) ? &candidates->six_vpn : &candidates->six;
}
