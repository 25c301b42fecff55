/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "alternatives.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "answer.h"
#include "candidates.h"
#include "lookup.h"
#include "model.h"
#include "settings.h"

bool alternatives_guarded(const struct path *selected) {
        return selected->type == LINK_TYPE_VPN || selected->why == PATH_PROHIBITED ||
               selected->why == PATH_UNREACHABLE || selected->why == PATH_BLACKHOLE;
}

static int compare(const struct path *a, const struct path *b) {
        bool a_costs = a->metered == METERED_YES, b_costs = b->metered == METERED_YES;

        if (a_costs != b_costs)
                return a_costs ? 1 : -1;
        if (a->metric != b->metric)
                return a->metric < b->metric ? -1 : 1;
        if (a->type != b->type)
                return a->type < b->type ? -1 : 1;
        if (a->ifindex != b->ifindex)
                return a->ifindex < b->ifindex ? -1 : 1;
        return 0;
}

void alternatives_add(struct answer *answer, const struct path *path) {
        size_t place = answer->n_alternatives;

        while (place > 0 && compare(path, &answer->alternatives[place - 1]) < 0)
                place--;
        if (place == ANSWER_ALTERNATIVES_MAX)
                return;
        if (answer->n_alternatives < ANSWER_ALTERNATIVES_MAX)
                answer->n_alternatives++;
        memmove(answer->alternatives + place + 1, answer->alternatives + place,
                (answer->n_alternatives - place - 1) * sizeof(*path));
        answer->alternatives[place] = *path;
}

/* Two links can share a subnet: the second counts only if it leads somewhere. */
static int leads_on(struct lookup *lookup, const struct route_query *query, const struct path *path,
                    const struct route_reply *match) {
        const struct settings *settings = lookup->model->settings;
        struct route_query far = *query;
        struct path unused;
        struct route_reply far_match;
        int r;

        if (path->gateway.family != 0 || match->dst_len == 0)
                return 1;
        far.destination = path->family == AF_INET ? settings->default4_low : settings->default6;
        r = lookup_path(lookup, &far, &unused, &far_match);
        return r < 0 ? r : far_match.type == RTN_UNICAST;
}

/* The path through one candidate. 1 and *ret filled, 0 when there is none, or -EAGAIN. */
static int ask_candidate(struct lookup *lookup, const struct route_query *query,
                         const struct link *link, struct path *ret) {
        struct route_query bound = *query;
        struct route_reply match;
        int r;

        bound.oif = link->facts.index;
        r = lookup_path(lookup, &bound, ret, &match);
        if (r < 0)
                return r;
        if (match.type != RTN_UNICAST) {
                /* Rules may lead by the source address to a table of the link's own. */
                bound.source = candidate_source(link, query->destination.family)->local;
                r = lookup_path(lookup, &bound, ret, &match);
                if (r < 0)
                        return r;
        }
        /* IPv6 takes the interface for a wish when a source is given too. */
        if (match.type != RTN_UNICAST || ret->ifindex != link->facts.index ||
            ret->why != PATH_USABLE)
                return 0;
        r = underlay_judge(lookup, ret);
        if (r < 0 || ret->why != PATH_USABLE)
                return r;
        r = leads_on(lookup, &bound, ret, &match);
        if (r <= 0)
                return r;
        r = lookup_rp_filter(lookup, query, ret);
        return r < 0 ? r : r == 0;
}

int alternatives_find(struct lookup *lookup, const struct route_query *query,
                      struct answer *answer) {
        const struct model *model = lookup->model;
        const struct candidate_list *list;
        struct candidates own;
        size_t n = 0;

        if (!model->candidates)
                candidates_collect(model, &own);
        list = candidates_for(model->candidates ? model->candidates : &own, &answer->selected);
        for (size_t i = 0; i < list->n && n < CANDIDATES_MAX; i++) {
                struct path path;
                int r;

                if (list->links[i]->facts.index == answer->selected.ifindex)
                        continue;
                n++;
                r = ask_candidate(lookup, query, list->links[i], &path);
                if (r < 0)
                        return r;
                if (r > 0)
                        alternatives_add(answer, &path);
        }
        return 0;
}
