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

/* `family` NULL: any. */
static bool path_is_of(const struct path *path, int ifindex, const char *family) {
        return (path->ifindex == ifindex || path_has_nexthop(path, ifindex)) &&
               (!family || strcmp(path->family, family) == 0);
}

/* The path over this interface, if the kernel would or could use it. */
static const struct path *answer_over(const struct view_input *input, const struct paths *answer,
                                      int ifindex, const char *family) {
        const struct path *selected = &answer->selected;

        if (path_is_of(selected, ifindex, family) && path_counts(input, selected))
                return selected;
        for (size_t i = 0; i < answer->n_alternatives; i++)
                if (path_is_of(&answer->alternatives[i], ifindex, family) &&
                    path_counts(input, &answer->alternatives[i]))
                        return &answer->alternatives[i];
        return NULL;
}

/* The interface that a connection uses, by its source address when it was made without one. */
static int use_ifindex(const struct view_input *input, const struct view_use *use) {
        const struct interface *interface;

        if (use->ifindex != 0 || !use->source)
                return use->ifindex;
        interface = interfaces_find_address(input->interfaces, use->source);
        return interface ? interface->ifindex : 0;
}

/* The family of a connection, if netmon was asked about it; else NULL. */
static const char *use_family(const struct view_input *input, const struct view_use *use) {
        const char *family;

        if (!use->source)
                return NULL;
        family = strchr(use->source, ':') ? "ipv6" : "ipv4";
        for (size_t i = 0; i < input->n_answers; i++)
                if (strcmp(input->answers[i]->selected.family, family) == 0)
                        return family;
        return NULL;
}

/* The path of a connection, if it counts. */
static const struct path *use_path(const struct view_input *input, const struct view_use *use) {
        int ifindex = use->exists ? use_ifindex(input, use) : 0;
        const char *family = use_family(input, use);
        const struct path *path = NULL;

        for (size_t i = 0; ifindex != 0 && !path && i < input->n_answers; i++)
                path = answer_over(input, input->answers[i], ifindex, family);
        return path;
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
                return use_path(input, use) ? POLICY_FATE_FINE : POLICY_FATE_GONE;
        if (!interface->usable || !use_path(input, use))
                return POLICY_FATE_SILENT;
        return POLICY_FATE_FINE;
}

static void path_to_key(const struct path *path, int ifindex, struct path_key *ret) {
        *ret = (struct path_key){.ifindex = ifindex, .ipv6 = strcmp(path->family, "ipv6") == 0};
        memcpy(ret->gateway, path->gateway, sizeof(ret->gateway));
        ret->underlay_ifindex = path->underlay_ifindex;
        memcpy(ret->underlay_gateway, path->underlay_gateway, sizeof(ret->underlay_gateway));
}

/* Fills in what the answers say of the best path and of the link's own. */
static void view_choose(const struct view_input *input, const struct path *best,
                        struct policy_view *ret) {
        int link_ifindex = input->link.exists ? use_ifindex(input, &input->link) : 0;
        const struct path *own = use_path(input, &input->link);

        if (own)
                path_to_key(own, link_ifindex, &ret->link_path);
        if (!best)
                return;
        ret->usable = true;
        path_to_key(best, best->ifindex, &ret->best);
        /* Members of one set of next hops are one path: a link on any of them stays. */
        if (path_has_nexthop(best, link_ifindex))
                path_to_key(best, link_ifindex, &ret->best);
}

void view_build(const struct view_input *input, struct policy_view *ret,
                const struct path **ret_best) {
        const struct path *best = NULL;

        *ret = (struct policy_view){0};
        *ret_best = NULL;
        for (size_t i = 0; i < input->n_answers; i++)
                if (input->answers[i]->known)
                        ret->known = true;
        if (!ret->known)
                return;
        for (size_t i = 0; !best && i < input->n_answers; i++)
                best = answer_best(input, input->answers[i]);
        *ret_best = best;
        view_choose(input, best, ret);
        ret->link_fate = use_fate(input, &input->link);
        ret->attempt_fate = use_fate(input, &input->attempt);
}

const struct path *view_link_path(const struct view_input *input) {
        return use_path(input, &input->link);
}
