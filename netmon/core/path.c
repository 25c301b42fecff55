/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path.h"

#include <stddef.h>
#include <string.h>

#include "model.h"

#define OPERSTATE_DORMANT 5

static const char *const why_words[PATH_WHY_COUNT] = {
        [PATH_USABLE] = "",
        [PATH_NO_ROUTE] = "no-route",
        [PATH_PROHIBITED] = "prohibited",
        [PATH_UNREACHABLE] = "unreachable",
        [PATH_BLACKHOLE] = "blackhole",
        [PATH_DOWN] = "down",
        [PATH_CARRIER] = "carrier",
        [PATH_DORMANT] = "dormant",
        [PATH_NO_SOURCE] = "no-source",
        [PATH_TENTATIVE] = "tentative",
        [PATH_RP_FILTER] = "rp-filter",
        [PATH_UNDERLAY] = "underlay",
};

const char *path_why_to_string(enum path_why why) {
        return why_words[why];
}

void path_set_link(struct path *path, const struct link *link) {
        memcpy(path->interface, link->facts.name, sizeof(path->interface));
        path->type = link->type;
        path->metered = link->metered;
        path->roaming = link_is_roaming(link);
        path->n_roams = link->wifi.n_roams;
        memcpy(path->network_id, link->network_id, sizeof(path->network_id));
        if (path->mtu == 0)
                path->mtu = link->facts.mtu;
}

static enum path_why judge_link(const struct link *link) {
        if (link->usable)
                return PATH_USABLE;
        if (!link_is_up(link))
                return PATH_DOWN;
        if (link_has_carrier(link) && link->facts.operstate == OPERSTATE_DORMANT)
                return PATH_DORMANT;
        return PATH_CARRIER;
}

/* Duplicate address detection is under way for an address that would do. */
static bool awaits_address(const struct link *link, uint8_t family, enum netaddr_scope scope) {
        for (size_t i = 0; i < link->n_addresses; i++) {
                const struct address *address = &link->addresses[i];

                if (address->local.family == family && address_scope(address) >= scope &&
                    address_is_tentative(address) && !address_is_duplicate(address))
                        return true;
        }
        return false;
}

static const struct address *find_source(const struct model *model, const struct link *link,
                                         const struct netaddr *source) {
        const struct address *address = link_find_address(link, source);

        for (size_t i = 0; !address && i < model->n_links; i++)
                address = link_find_address(model->links[i], source);
        return address;
}

static enum path_why judge_source(const struct path *path, const struct model *model,
                                  const struct link *link, enum netaddr_scope scope,
                                  bool *ret_unknown) {
        const struct address *address = NULL;

        if (path->source.family != 0) {
                address = find_source(model, link, &path->source);
                *ret_unknown = !address;
        }
        if (address && !address_is_duplicate(address) && address_scope(address) >= scope)
                return address_is_tentative(address) ? PATH_TENTATIVE : PATH_USABLE;
        return awaits_address(link, path->family, scope) ? PATH_TENTATIVE : PATH_NO_SOURCE;
}

enum path_why path_judge(const struct path *path, const struct model *model,
                         const struct netaddr *destination, bool *ret_unknown) {
        const struct link *link = model_find(model, path->ifindex);
        enum path_why why;

        *ret_unknown = !link;
        if (!link)
                return PATH_NO_ROUTE;
        why = judge_link(link);
        if (why != PATH_USABLE)
                return why;
        return judge_source(path, model, link, netaddr_scope(destination), ret_unknown);
}

enum losing path_losing(const struct path *path, const struct model *model) {
        const struct link *link = model_find(model, path->ifindex);

        if (!link || path->why != PATH_USABLE)
                return LOSING_NOT;
        if (wifi_losing(&link->wifi) != LOSING_NOT)
                return wifi_losing(&link->wifi);
        return gateways_have_failed(&model->gateways, path->ifindex, &path->gateway)
                       ? LOSING_GATEWAY
                       : LOSING_NOT;
}

bool path_equal(const struct path *a, const struct path *b) {
        return a->family == b->family && a->ifindex == b->ifindex &&
               strcmp(a->interface, b->interface) == 0 && a->type == b->type &&
               a->metered == b->metered && a->roaming == b->roaming &&
               strcmp(a->network_id, b->network_id) == 0 && netaddr_equal(&a->source, &b->source) &&
               netaddr_equal(&a->gateway, &b->gateway) && a->table == b->table &&
               a->metric == b->metric && a->mtu == b->mtu && a->why == b->why &&
               a->losing == b->losing && a->n_roams == b->n_roams;
}

bool path_continues(const struct path *was, const struct path *now) {
        return was->family == now->family && was->ifindex == now->ifindex &&
               netaddr_equal(&was->source, &now->source) &&
               netaddr_equal(&was->gateway, &now->gateway) &&
               (was->why == PATH_USABLE) == (now->why == PATH_USABLE);
}
