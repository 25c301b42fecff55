/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "answer.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "alternatives.h"
#include "lookup.h"
#include "model.h"
#include "question.h"
#include "settings.h"

/* The kernel counts in ticks of its own, and `now_usec` is from before it was asked. */
#define END_SLACK_USEC 50000

static bool same_nexthops(const struct answer *a, const struct answer *b) {
        if (a->n_nexthops != b->n_nexthops)
                return false;
        for (size_t i = 0; i < a->n_nexthops; i++)
                if (a->nexthops[i].ifindex != b->nexthops[i].ifindex ||
                    a->nexthops[i].weight != b->nexthops[i].weight ||
                    !netaddr_equal(&a->nexthops[i].gateway, &b->nexthops[i].gateway) ||
                    strcmp(a->nexthop_names[i], b->nexthop_names[i]) != 0)
                        return false;
        return true;
}

static void set_nexthops(struct answer *answer, const struct model *model,
                         const struct route_reply *match) {
        answer->n_nexthops = match->n_nexthops;
        memcpy(answer->nexthops, match->nexthops, sizeof(answer->nexthops));
        for (size_t i = 0; i < match->n_nexthops; i++) {
                const struct link *link = model_find(model, match->nexthops[i].ifindex);

                if (link)
                        memcpy(answer->nexthop_names[i], link->facts.name, IFNAMSIZ);
        }
}

/* Which member of a set answers depends on the destination and on chance: stay with the one of
 * before while it works. */
static void keep_nexthop(const struct lookup *lookup, const struct answer *previous,
                         const struct route_query *query, const struct route_reply *match,
                         struct answer *answer) {
        const struct path *was = &previous->selected;
        const struct link *link = model_find(lookup->model, was->ifindex);
        struct path kept = answer->selected;
        bool unknown;

        if (!link || answer->n_nexthops == 0 || !same_nexthops(previous, answer) ||
            was->family != kept.family || was->why != PATH_USABLE || kept.why != PATH_USABLE)
                return;
        kept.ifindex = was->ifindex;
        kept.gateway = was->gateway;
        kept.source = was->source;
        kept.mtu = match->mtu;
        path_set_link(&kept, link);
        if (path_judge(&kept, lookup->model, &query->destination, &unknown) != PATH_USABLE)
                return;
        kept.losing = path_losing(&kept, lookup->model);
        answer->selected = kept;
}

static void keep_time(const struct answer *previous, uint64_t now_usec, struct path *path) {
        path->since_usec = now_usec;
        if (!previous)
                return;
        if (path_continues(&previous->selected, path)) {
                path->since_usec = previous->selected.since_usec;
                return;
        }
        if (previous->has_split && path_continues(&previous->split, path)) {
                path->since_usec = previous->split.since_usec;
                return;
        }
        for (size_t i = 0; i < previous->n_alternatives; i++)
                if (path_continues(&previous->alternatives[i], path)) {
                        path->since_usec = previous->alternatives[i].since_usec;
                        return;
                }
}

/* False when the question is for an interface that is not there. */
static bool make_query(const struct lookup *lookup, const struct question *question,
                       const struct netaddr *address, struct route_query *ret) {
        const struct link *link;

        *ret = (struct route_query){
                .destination = *address,
                .uid = question->uid,
                .mark = question->mark,
                .protocol = question->protocol,
                .port = question->port,
        };
        if (question->interface[0] == '\0')
                return true;
        link = model_find_name(lookup->model, question->interface);
        if (link)
                ret->oif = link->facts.index;
        return link != NULL;
}

/* Fills the selected path of *ret. Returns 1 when ways around it are to be looked for, 0 when not,
 * or -EAGAIN. */
static int ask_selected(struct lookup *lookup, const struct route_query *query,
                        const struct answer *previous, struct answer *ret) {
        struct route_reply match;
        int r;

        *ret = (struct answer){};
        r = lookup_path(lookup, query, &ret->selected, &match);
        if (r < 0)
                return r;
        set_nexthops(ret, lookup->model, &match);
        if (query->oif != 0) {
                /* Whoever insists on an interface wants no other. */
                r = underlay_judge(lookup, &ret->selected);
                if (r < 0)
                        return r;
                if (ret->selected.why != PATH_USABLE || match.type != RTN_UNICAST)
                        return 0;
                r = lookup_rp_filter(lookup, query, &ret->selected);
                if (r > 0) {
                        ret->selected.why = PATH_RP_FILTER;
                        ret->selected.losing = LOSING_NOT;
                }
                return r < 0 ? r : 0;
        }
        if (previous)
                keep_nexthop(lookup, previous, query, &match, ret);
        r = underlay_judge(lookup, &ret->selected);
        if (r < 0)
                return r;
        /* To the machine itself, and for a broadcast, there is no other way. */
        return match.type == RTN_UNICAST || match.type == RTN_UNSPEC;
}

static int ask_address(struct lookup *lookup, const struct question *question,
                       const struct netaddr *address, const struct answer *previous,
                       struct answer *ret) {
        struct route_query query;
        int r;

        if (!make_query(lookup, question, address, &query)) {
                *ret = (struct answer){
                        .selected =
                                {
                                        .family = address->family,
                                        .type = LINK_TYPE_UNKNOWN,
                                        .why = PATH_NO_ROUTE,
                                },
                };
                return 0;
        }
        r = ask_selected(lookup, &query, previous, ret);
        if (r <= 0)
                return r;
        return alternatives_find(lookup, &query, ret);
}

static bool halves_differ(const struct answer *low, const struct answer *high) {
        if (low->n_nexthops > 0 && low->selected.table == high->selected.table &&
            same_nexthops(low, high))
                return false;
        return low->selected.ifindex != high->selected.ifindex ||
               low->selected.why != high->selected.why ||
               !netaddr_equal(&low->selected.gateway, &high->selected.gateway);
}

/* As ask_default4(), but 1 when the two halves are from before and after a change. */
static int ask_halves(struct lookup *lookup, const struct question *question,
                      const struct answer *previous, struct answer *ret) {
        const struct settings *settings = lookup->model->settings;
        struct route_query low_query, high_query;
        struct answer low, high;
        int r;

        r = ask_address(lookup, question, &settings->default4_low, previous, ret);
        if (r < 0)
                return r;
        if (!make_query(lookup, question, &settings->default4_low, &low_query) ||
            !make_query(lookup, question, &settings->default4_high, &high_query))
                return 0;
        r = lookup_goes_along(lookup, &high_query, &ret->selected);
        if (r != 0)
                return r < 0 ? r : 0;
        r = ask_selected(lookup, &high_query, NULL, &high);
        if (r < 0 || !halves_differ(ret, &high))
                return r < 0 ? r : 0;
        ret->split = high.selected;
        ret->has_split = true;
        r = ask_selected(lookup, &low_query, previous, &low);
        return r < 0 ? r : !path_continues(&low.selected, &ret->selected);
}

static int ask_default4(struct lookup *lookup, const struct question *question,
                        const struct answer *previous, struct answer *ret) {
        int r = ask_halves(lookup, question, previous, ret);

        /* The kernel announces the end of a route before it has ended: once more is enough. */
        if (r > 0)
                r = ask_halves(lookup, question, previous, ret);
        return r < 0 ? r : 0;
}

/* Adds the paths of the family that was not chosen to the ways around the chosen one. */
static void add_other_family(struct answer *chosen, const struct answer *other) {
        bool guarded = alternatives_guarded(&chosen->selected);

        if (other->selected.why == PATH_USABLE &&
            other->selected.ifindex != chosen->selected.ifindex &&
            (!guarded || other->selected.type == LINK_TYPE_VPN))
                alternatives_add(chosen, &other->selected);
        for (size_t i = 0; i < other->n_alternatives; i++)
                if (other->alternatives[i].ifindex != chosen->selected.ifindex &&
                    (!guarded || other->alternatives[i].type == LINK_TYPE_VPN))
                        alternatives_add(chosen, &other->alternatives[i]);
}

bool answer_prefers6(const struct answer *four, const struct answer *six) {
        if (four->selected.why == PATH_USABLE)
                return false;
        if (six->selected.why == PATH_USABLE)
                return true;
        return four->selected.ifindex == 0 && six->selected.ifindex != 0;
}

static int ask_default(struct lookup *lookup, const struct question *question,
                       const struct answer *previous, struct answer *ret) {
        struct answer six;
        int r;

        r = ask_default4(lookup, question, previous, ret);
        if (r < 0)
                return r;
        r = ask_address(lookup, question, &lookup->model->settings->default6, previous, &six);
        if (r < 0)
                return r;
        if (answer_prefers6(ret, &six)) {
                add_other_family(&six, ret);
                *ret = six;
        } else {
                add_other_family(ret, &six);
        }
        return 0;
}

static void finish_path(const struct lookup *lookup, const struct answer *previous,
                        uint64_t now_usec, struct path *path, struct answer *answer) {
        const struct underlay *found = underlays_find(&lookup->underlays, path->ifindex), *was;
        struct underlay underlay;

        keep_time(previous, now_usec, path);
        if (!found)
                return;
        underlay = *found;
        underlay.path.since_usec = now_usec;
        was = previous ? underlays_find(&previous->underlays, path->ifindex) : NULL;
        if (was && path_continues(&was->path, &underlay.path))
                underlay.path.since_usec = was->path.since_usec;
        underlays_add(&answer->underlays, &underlay);
}

/* Dates the paths, and puts what carries the tunnels among them beside them. */
static void finish(const struct lookup *lookup, const struct answer *previous, uint64_t now_usec,
                   struct answer *answer) {
        finish_path(lookup, previous, now_usec, &answer->selected, answer);
        if (answer->has_split)
                finish_path(lookup, previous, now_usec, &answer->split, answer);
        for (size_t i = 0; i < answer->n_alternatives; i++)
                finish_path(lookup, previous, now_usec, &answer->alternatives[i], answer);
}

int answer_ask(const struct question *question, const struct model *model,
               const struct kernel *kernel, const struct answer *previous, uint64_t now_usec,
               struct answer *ret) {
        struct lookup lookup = {.model = model, .kernel = kernel};
        struct answer answer;
        int r = 0;

        switch (question->kind) {
        case QUESTION_ADDRESS:
                r = ask_address(&lookup, question, &question->address, previous, &answer);
                break;
        case QUESTION_DEFAULT:
                r = ask_default(&lookup, question, previous, &answer);
                break;
        case QUESTION_DEFAULT4:
                r = ask_default4(&lookup, question, previous, &answer);
                break;
        case QUESTION_DEFAULT6:
                r = ask_address(&lookup, question, &model->settings->default6, previous, &answer);
                break;
        }
        if (r < 0)
                return r;
        finish(&lookup, previous, now_usec, &answer);
        if (lookup.lifetime_usec != 0)
                answer.ends_usec = now_usec + lookup.lifetime_usec + END_SLACK_USEC;
        *ret = answer;
        return lookup.unknown;
}

bool answer_is_usable(const struct answer *answer) {
        return answer->selected.why == PATH_USABLE || answer->n_alternatives > 0;
}

bool answer_equal(const struct answer *a, const struct answer *b) {
        if (!path_equal(&a->selected, &b->selected) || !same_nexthops(a, b) ||
            a->has_split != b->has_split || a->n_alternatives != b->n_alternatives ||
            !underlays_equal(&a->underlays, &b->underlays))
                return false;
        if (a->has_split && !path_equal(&a->split, &b->split))
                return false;
        for (size_t i = 0; i < a->n_alternatives; i++)
                if (!path_equal(&a->alternatives[i], &b->alternatives[i]))
                        return false;
        return true;
}
