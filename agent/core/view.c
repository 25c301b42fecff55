/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "view.h"

#include <string.h>

static bool path_is_local(const struct path *path) {
        return strcmp(path->type, "loopback") == 0;
}

bool path_wants_binding(const struct path *path) {
        return path->ifindex != 0 && path->n_nexthops == 0 && !path_is_local(path);
}

static bool path_counts(const struct view_input *input, const struct path *path) {
        const struct interface *interface;

        if (path->ifindex == 0 || !path->usable)
                return false;
        if (input->refuse_metered && strcmp(path->metered, "yes") == 0)
                return false;
        /* The news of an interface comes before that of the paths over it. */
        interface = interfaces_find(input->interfaces, path->ifindex);
        return !interface || interface->usable;
}

static bool path_has_nexthop(const struct path *path, int ifindex) {
        for (size_t i = 0; i < path->n_nexthops; i++)
                if (path->nexthops[i] == ifindex)
                        return true;
        return false;
}

/* The kernel's own path when it counts, else the first alternative that does. */
static const struct path *answer_best(const struct view_input *input, const struct paths *answer) {
        if (path_counts(input, &answer->selected))
                return &answer->selected;
        for (size_t i = 0; i < answer->n_alternatives; i++)
                if (path_counts(input, &answer->alternatives[i]))
                        return &answer->alternatives[i];
        return NULL;
}

/* The path over this interface, if the kernel would or could use it. */
static const struct path *answer_over(const struct view_input *input, const struct paths *answer,
                                      int ifindex) {
        const struct path *selected = &answer->selected;

        if ((selected->ifindex == ifindex || path_has_nexthop(selected, ifindex)) &&
            path_counts(input, selected))
                return selected;
        for (size_t i = 0; i < answer->n_alternatives; i++)
                if (answer->alternatives[i].ifindex == ifindex &&
                    path_counts(input, &answer->alternatives[i]))
                        return &answer->alternatives[i];
        return NULL;
}

const struct path *view_path_over(const struct view_input *input, int ifindex) {
        const struct path *path = NULL;

        for (size_t i = 0; !path && i < input->n_answers; i++)
                path = answer_over(input, input->answers[i], ifindex);
        return path;
}

/* The interface that a connection uses, by its source address when it was made without one. */
static int use_ifindex(const struct view_input *input, const struct view_use *use) {
        const struct interface *interface;

        if (use->ifindex != 0 || !use->source)
                return use->ifindex;
        interface = interfaces_find_address(input->interfaces, use->source);
        return interface ? interface->ifindex : 0;
}

static enum policy_fate use_fate(const struct view_input *input, const struct view_use *use) {
        int ifindex = use_ifindex(input, use);
        const struct interface *interface;

        if (!use->exists || !input->interfaces->known)
                return POLICY_FATE_FINE;
        if (use->source && !interfaces_find_address(input->interfaces, use->source) &&
            strncmp(use->source, "127.", 4) != 0 && strcmp(use->source, "::1") != 0)
                return POLICY_FATE_GONE;
        if (ifindex == 0)
                return POLICY_FATE_FINE;
        interface = interfaces_find(input->interfaces, ifindex);
        if (!interface)
                return view_path_over(input, ifindex) ? POLICY_FATE_FINE : POLICY_FATE_GONE;
        if (!interface->usable || !view_path_over(input, ifindex))
                return POLICY_FATE_SILENT;
        return POLICY_FATE_FINE;
}

static void path_to_key(const struct path *path, int ifindex, struct path_key *ret) {
        *ret = (struct path_key){.ifindex = ifindex};
        memcpy(ret->gateway, path->gateway, sizeof(ret->gateway));
}

void view_build(const struct view_input *input, struct policy_view *ret,
                const struct path **ret_best) {
        int link_ifindex = input->link.exists ? use_ifindex(input, &input->link) : 0;
        const struct path *best = NULL, *over;

        *ret = (struct policy_view){0};
        *ret_best = NULL;
        for (size_t i = 0; i < input->n_answers; i++)
                if (input->answers[i]->known)
                        ret->known = true;
        if (!ret->known)
                return;
        for (size_t i = 0; !best && i < input->n_answers; i++)
                best = answer_best(input, input->answers[i]);
        if (best) {
                ret->usable = true;
                /* Members of one set of next hops are one path: a link on any of them stays. */
                path_to_key(best, best->ifindex, &ret->best);
                if (path_has_nexthop(best, link_ifindex))
                        path_to_key(best, link_ifindex, &ret->best);
                *ret_best = best;
        }
        over = link_ifindex != 0 ? view_path_over(input, link_ifindex) : NULL;
        if (over)
                path_to_key(over, link_ifindex, &ret->link_path);
        ret->link_fate = use_fate(input, &input->link);
        ret->attempt_fate = use_fate(input, &input->attempt);
}
