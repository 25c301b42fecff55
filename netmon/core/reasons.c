/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reasons.h"

#include <stdbool.h>
#include <stddef.h>

#include "answer.h"
#include "hidden.h"
#include "model.h"

static const char *const words[REASON_COUNT] = {
        "start",  "carrier", "admin",   "address", "route",      "rule",   "gateway", "roam",
        "bearer", "vpn",     "metered", "losing",  "network-id", "resume", "resync",  "rfkill",
};

const char *reason_to_string(enum reason reason) {
        return words[__builtin_ctz(reason)];
}

/* The radio of such a link was switched a moment ago. */
static unsigned reason_of_type(const struct model *model, enum link_type type) {
        return model->switched & (1u << type) ? REASON_RFKILL : 0;
}

static unsigned reasons_of_link(const struct model *model, const struct link *link) {
        const unsigned effects =
                LINK_CHANGE_ADDED | LINK_CHANGE_UP | LINK_CHANGE_CARRIER | LINK_CHANGE_OPERSTATE;
        unsigned reasons = 0;

        /* An interface switched off has no carrier either. */
        if (link->recent & (LINK_CHANGE_ADDED | LINK_CHANGE_UP | LINK_CHANGE_NAME))
                reasons |= REASON_ADMIN;
        else if (link->recent & (LINK_CHANGE_CARRIER | LINK_CHANGE_OPERSTATE))
                reasons |= REASON_CARRIER;
        if (link->recent & effects)
                reasons |= reason_of_type(model, link->type);
        if (link->recent & LINK_CHANGE_ADDRESSES)
                reasons |= REASON_ADDRESS;
        if (link->recent & (LINK_CHANGE_ROAMING | LINK_CHANGE_ROAM))
                reasons |= REASON_ROAM;
        if (link->recent & LINK_CHANGE_BEARER)
                reasons |= REASON_BEARER;
        if (link->recent & LINK_CHANGE_METERED)
                reasons |= REASON_METERED;
        if (link->recent & LINK_CHANGE_NETWORK_ID)
                reasons |= REASON_NETWORK_ID;
        return reasons;
}

static unsigned reasons_of_path(const struct model *model, const struct path *path) {
        const struct link *link = model_find(model, path->ifindex);

        if (path->ifindex == 0)
                return 0;
        return link ? reasons_of_link(model, link)
                    : REASON_ADMIN | reason_of_type(model, path->type);
}

static unsigned reasons_of_answer(const struct model *model, const struct answer *answer) {
        unsigned reasons = reasons_of_path(model, &answer->selected);

        if (answer->has_split)
                reasons |= reasons_of_path(model, &answer->split);
        for (size_t i = 0; i < answer->n_alternatives; i++)
                reasons |= reasons_of_path(model, &answer->alternatives[i]);
        for (size_t i = 0; i < answer->underlays.n; i++)
                reasons |= reasons_of_path(model, &answer->underlays.entries[i].path);
        return reasons;
}

unsigned reasons_of_links(const struct model *model, unsigned triggers) {
        unsigned reasons = triggers & (REASON_START | REASON_RESUME | REASON_RESYNC);

        for (size_t i = 0; i < model->n_links; i++)
                if (!link_is_hidden(model, model->links[i]))
                        reasons |= reasons_of_link(model, model->links[i]);
        return reasons != 0 ? reasons : REASON_ADMIN;
}

/* The same tunnel, carried by another path, or by one that does or does not work; a warning is not
 * meant. */
static bool carrier_changed(const struct answer *was, const struct answer *now) {
        const struct underlay *a = underlays_find(&was->underlays, was->selected.ifindex);
        const struct underlay *b = underlays_find(&now->underlays, now->selected.ifindex);
        struct path warned;

        if (was->selected.ifindex != now->selected.ifindex)
                return false;
        if (!a || !b)
                return a != b;
        warned = a->path;
        warned.losing = b->path.losing;
        return !path_equal(&warned, &b->path);
}

static bool is_carrier_warned_otherwise(const struct answer *was, const struct answer *now) {
        const struct underlay *a = underlays_find(&was->underlays, was->selected.ifindex);
        const struct underlay *b = underlays_find(&now->underlays, now->selected.ifindex);

        return a && b && a->path.why == PATH_USABLE && b->path.why == PATH_USABLE &&
               a->path.ifindex == b->path.ifindex && a->path.losing != b->path.losing;
}

/* A path through the same gateway works now as before, with a warning or without. */
static bool is_warned_otherwise(const struct path *path, const struct answer *answer) {
        const struct path *other = &answer->selected;

        for (size_t i = 0; other->ifindex != path->ifindex; i++) {
                if (i == answer->n_alternatives)
                        return false;
                other = &answer->alternatives[i];
        }
        return path->why == PATH_USABLE && other->why == PATH_USABLE &&
               path->losing != other->losing;
}

static bool warnings_differ(const struct answer *was, const struct answer *now) {
        bool differ =
                is_warned_otherwise(&was->selected, now) || is_carrier_warned_otherwise(was, now);

        for (size_t i = 0; i < was->n_alternatives; i++)
                differ |= is_warned_otherwise(&was->alternatives[i], now);
        return differ;
}

unsigned reasons_of(const struct answer *was, const struct answer *now, const struct model *model,
                    unsigned triggers) {
        const struct path *a = &was->selected, *b = &now->selected;
        unsigned reasons = triggers & (REASON_START | REASON_RESUME | REASON_RESYNC);

        reasons |= reasons_of_answer(model, was) | reasons_of_answer(model, now);
        reasons |= triggers & (REASON_ROUTE | REASON_RULE);
        if (a->ifindex != 0 && a->ifindex == b->ifindex && !netaddr_equal(&a->gateway, &b->gateway))
                reasons |= REASON_GATEWAY;
        if (a->ifindex != 0 && b->ifindex != 0 &&
            (a->type == LINK_TYPE_VPN) != (b->type == LINK_TYPE_VPN))
                reasons |= REASON_VPN;
        if (carrier_changed(was, now))
                reasons |= REASON_VPN;
        if (warnings_differ(was, now))
                reasons |= REASON_LOSING;
        /* What vanished without a message of its own was a route. */
        return reasons != 0 ? reasons : REASON_ROUTE;
}
