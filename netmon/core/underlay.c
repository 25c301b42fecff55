/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "underlay.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "hidden.h"
#include "kernel.h"
#include "lookup.h"
#include "marks.h"
#include "model.h"
#include "settings.h"

#define ASKED_MAX 16 /* links of one kind, for one tunnel */

const struct underlay *underlays_find(const struct underlays *underlays, uint32_t tunnel) {
        for (size_t i = 0; i < underlays->n; i++)
                if (underlays->entries[i].tunnel == tunnel && underlays->entries[i].is_known)
                        return &underlays->entries[i];
        return NULL;
}

void underlays_add(struct underlays *underlays, const struct underlay *underlay) {
        if (underlays->n < UNDERLAYS_MAX && !underlays_find(underlays, underlay->tunnel))
                underlays->entries[underlays->n++] = *underlay;
}

bool underlays_equal(const struct underlays *a, const struct underlays *b) {
        if (a->n != b->n)
                return false;
        for (size_t i = 0; i < a->n; i++) {
                const struct underlay *x = &a->entries[i], *y = &b->entries[i];

                if (x->tunnel != y->tunnel || x->is_known != y->is_known ||
                    !netaddr_equal(&x->endpoint, &y->endpoint) || !path_equal(&x->path, &y->path))
                        return false;
        }
        return true;
}

/* Could carry a tunnel: no tunnel itself, and not a part of something else. */
static bool is_carrier(const struct link *link) {
        return link->type != LINK_TYPE_VPN && link->type != LINK_TYPE_LOOPBACK &&
               !link_is_port(link);
}

static bool has_source(const struct link *link, uint8_t family) {
        for (size_t i = 0; i < link->n_addresses; i++)
                if (link->addresses[i].local.family == family &&
                    address_is_routable(&link->addresses[i]))
                        return true;
        return false;
}

/* The other end is known: the kernel says how it is reached. A tunnel in a tunnel is carried by
 * what carries the outer one. 1 and *ret filled, 0 when that is not known, or -EAGAIN. */
static int ask_endpoint(struct lookup *lookup, const struct link *tunnel, struct path *ret) {
        struct route_query query = {
                .destination = tunnel->facts.end.remote,
                .mark = tunnel->facts.end.mark,
                .oif = tunnel->facts.lower,
        };
        const struct underlay *outer;
        struct route_reply match;
        int r;

        r = lookup_path(lookup, &query, ret, &match);
        if (r < 0 || ret->type != LINK_TYPE_VPN)
                return r < 0 ? r : 1;
        r = underlay_judge(lookup, ret);
        outer = underlays_find(&lookup->underlays, ret->ifindex);
        if (r < 0 || !outer)
                return r;
        *ret = outer->path;
        return 1;
}

/* A packet with a mark that may be the tunnel's. */
static int ask_marks(struct lookup *lookup, uint32_t table, const struct netaddr *destination,
                     struct path *ret) {
        const struct marks *marks;
        int r;

        r = lookup->kernel->marks(lookup->kernel->userdata, &marks);
        if (r < 0)
                return r;
        for (unsigned i = 0; i < MARK_RANKS * marks->n; i++) {
                const struct mark *mark = &marks->entries[i % marks->n];
                struct route_query query = {.destination = *destination, .mark = mark->mark};
                struct route_reply match;

                if (mark_rank(mark, table) != i / marks->n)
                        continue;
                r = lookup_path(lookup, &query, ret, &match);
                if (r < 0)
                        return r;
                if (match.type == RTN_UNICAST && ret->type != LINK_TYPE_VPN)
                        return 1;
        }
        return 0;
}

static bool is_before(const struct path *a, const struct path *b) {
        if (a->metric != b->metric)
                return a->metric < b->metric;
        return a->type != b->type ? a->type < b->type : a->ifindex < b->ifindex;
}

/* The default route with the least metric through anything but a tunnel, whether it works or not:
 * the kernel does not look at carriers either. */
static int ask_links(struct lookup *lookup, bool software, const struct netaddr *destination,
                     struct path *ret) {
        const struct model *model = lookup->model;
        unsigned n = 0;
        int found = 0;

        for (size_t i = 0; i < model->n_links && n < ASKED_MAX; i++) {
                const struct link *link = model->links[i];
                struct route_query query = {
                        .destination = *destination,
                        .oif = link->facts.index,
                };
                struct route_reply match;
                struct path path;
                int r;

                if (!is_carrier(link) || !link_is_up(link) ||
                    (link->type == LINK_TYPE_VIRTUAL) != software ||
                    !has_source(link, destination->family))
                        continue;
                n++;
                r = lookup_path(lookup, &query, &path, &match);
                if (r < 0)
                        return r;
                if (match.type != RTN_UNICAST || (found && !is_before(&path, ret)))
                        continue;
                *ret = path;
                found = 1;
        }
        return found;
}

static int ask_default(struct lookup *lookup, uint32_t table, const struct netaddr *destination,
                       struct path *ret) {
        int r = ask_marks(lookup, table, destination, ret);

        if (r == 0)
                r = ask_links(lookup, false, destination, ret);
        if (r == 0)
                r = ask_links(lookup, true, destination, ret);
        return r;
}

/* IPv4 unless only IPv6 works. */
static int ask_defaults(struct lookup *lookup, uint32_t table, struct path *ret) {
        const struct settings *settings = lookup->model->settings;
        struct path six;
        int r, r6;

        r = ask_default(lookup, table, &settings->default4_low, ret);
        if (r < 0 || (r > 0 && ret->why == PATH_USABLE))
                return r;
        r6 = ask_default(lookup, table, &settings->default6, &six);
        if (r6 > 0 && (r == 0 || six.why == PATH_USABLE)) {
                *ret = six;
                return 1;
        }
        return r6 < 0 ? r6 : r;
}

/* There are links that could carry the tunnel, and none of them can now. Without a default route
 * the other end may still be a neighbour; and where there are tunnels only, what carries them is in
 * another namespace. */
static bool is_cut_off(const struct model *model) {
        bool has_carrier = false;

        for (size_t i = 0; i < model->n_links; i++) {
                const struct link *link = model->links[i];

                if (!is_carrier(link) || link_is_hidden(model, link))
                        continue;
                if (link->usable && (has_source(link, AF_INET) || has_source(link, AF_INET6)))
                        return false;
                has_carrier = true;
        }
        return has_carrier;
}

static int find(struct lookup *lookup, const struct link *tunnel, uint32_t table,
                struct underlay *ret) {
        int r;

        ret->endpoint = tunnel->facts.end.remote;
        if (ret->endpoint.family != 0)
                r = ask_endpoint(lookup, tunnel, &ret->path);
        else
                r = ask_defaults(lookup, table, &ret->path);
        if (r == 0 && ret->endpoint.family == 0 && is_cut_off(lookup->model)) {
                ret->path = (struct path){
                        .family = AF_INET,
                        .type = LINK_TYPE_UNKNOWN,
                        .why = PATH_NO_ROUTE,
                };
                r = 1;
        }
        ret->is_known = r > 0;
        return r < 0 ? r : 0;
}

static void note(struct lookup *lookup, bool unknown, uint64_t lifetime_usec) {
        lookup->unknown |= unknown;
        lookup_note_lifetime(lookup, lifetime_usec);
}

static bool recall(struct lookup *lookup, uint32_t table, struct underlay *underlay) {
        const struct underlay_cache *cache = lookup->model->underlays;

        for (size_t i = 0; cache && i < cache->n; i++)
                if (cache->entries[i].underlay.tunnel == underlay->tunnel &&
                    cache->entries[i].table == table) {
                        *underlay = cache->entries[i].underlay;
                        note(lookup, cache->entries[i].unknown, cache->entries[i].lifetime_usec);
                        return true;
                }
        return false;
}

/* Finds it, and keeps for the next question what this one got to know by it. */
static int find_and_keep(struct lookup *lookup, const struct link *tunnel, uint32_t table,
                         struct underlay *ret) {
        struct underlay_cache *cache = lookup->model->underlays;
        bool unknown = lookup->unknown;
        uint64_t lifetime_usec = lookup->lifetime_usec;
        int r;

        lookup->unknown = false;
        lookup->lifetime_usec = 0;
        r = find(lookup, tunnel, table, ret);
        if (r >= 0 && cache && cache->n < UNDERLAYS_MAX) {
                cache->entries[cache->n].underlay = *ret;
                cache->entries[cache->n].table = table;
                cache->entries[cache->n].unknown = lookup->unknown;
                cache->entries[cache->n++].lifetime_usec = lookup->lifetime_usec;
        }
        note(lookup, unknown, lifetime_usec);
        return r;
}

static int look_once(struct lookup *lookup, const struct link *tunnel, uint32_t table) {
        struct underlays *underlays = &lookup->underlays;
        struct underlay underlay = {.tunnel = tunnel->facts.index};
        size_t place = underlays->n;
        int r;

        for (size_t i = 0; i < underlays->n; i++)
                if (underlays->entries[i].tunnel == underlay.tunnel)
                        return 0;
        if (place == UNDERLAYS_MAX)
                return 0;
        /* Stands as unknown meanwhile, so that a tunnel in itself comes to an end. */
        underlays->entries[underlays->n++] = underlay;
        r = recall(lookup, table, &underlay) ? 0 : find_and_keep(lookup, tunnel, table, &underlay);
        underlays->entries[place] = underlay;
        return r;
}

int underlay_judge(struct lookup *lookup, struct path *path) {
        const struct link *tunnel = model_find(lookup->model, path->ifindex);
        const struct underlay *underlay;
        int r;

        if (!tunnel || path->type != LINK_TYPE_VPN)
                return 0;
        r = look_once(lookup, tunnel, path->table);
        if (r < 0)
                return r;
        underlay = underlays_find(&lookup->underlays, path->ifindex);
        if (!underlay)
                return 0;
        if (path->metered == METERED_UNKNOWN)
                path->metered = underlay->path.metered;
        if (path->why != PATH_USABLE)
                return 0;
        if (underlay->path.why != PATH_USABLE) {
                path->why = PATH_UNDERLAY;
                path->losing = LOSING_NOT;
        } else if (path->losing == LOSING_NOT) {
                path->losing = underlay->path.losing;
        }
        return 0;
}
