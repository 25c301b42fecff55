/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "summary.h"

#include <string.h>

#include "hidden.h"
#include "model.h"
#include "question.h"

static const char *const state_words[] = {
        [NETWORK_OFFLINE] = "offline",
        [NETWORK_LOCAL] = "local",
        [NETWORK_ROUTED] = "routed",
};

void summary_init(struct summary *summary) {
        static const struct path nowhere = {.type = LINK_TYPE_UNKNOWN, .why = PATH_NO_ROUTE};

        *summary = (struct summary){
                .primary4.selected = nowhere,
                .primary6.selected = nowhere,
        };
        summary->primary4.selected.family = AF_INET;
        summary->primary6.selected.family = AF_INET6;
}

const char *network_state_to_string(enum network_state state) {
        return state_words[state];
}

static bool has_usable_address(const struct link *link) {
        for (size_t i = 0; i < link->n_addresses; i++)
                if (!address_is_duplicate(&link->addresses[i]) &&
                    !address_is_tentative(&link->addresses[i]))
                        return true;
        return false;
}

/* Bridges of containers and the like do not put a machine on a network. */
static bool is_local(const struct model *model) {
        for (size_t i = 0; i < model->n_links; i++) {
                const struct link *link = model->links[i];

                if (link->usable && link->type != LINK_TYPE_LOOPBACK && has_usable_address(link) &&
                    !link_is_hidden(model, link))
                        return true;
        }
        return false;
}

static enum network_state state_of(const struct summary *summary, const struct model *model) {
        if (answer_is_usable(&summary->primary4) || answer_is_usable(&summary->primary6))
                return NETWORK_ROUTED;
        return is_local(model) ? NETWORK_LOCAL : NETWORK_OFFLINE;
}

int summary_ask(const struct model *model, const struct kernel *kernel,
                const struct summary *previous, uint64_t now_usec, struct summary *ret) {
        static const struct question four = {.kind = QUESTION_DEFAULT4};
        static const struct question six = {.kind = QUESTION_DEFAULT6};
        struct summary summary = {};
        int r, unknown;

        unknown =
                answer_ask(&four, model, kernel, &previous->primary4, now_usec, &summary.primary4);
        if (unknown < 0)
                return unknown;
        r = answer_ask(&six, model, kernel, &previous->primary6, now_usec, &summary.primary6);
        if (r < 0)
                return r;
        summary.state = state_of(&summary, model);
        summary.state_since_usec = previous->state_since_usec;
        if (summary.state != previous->state || summary.state_since_usec == 0)
                summary.state_since_usec = now_usec;
        summary.metered = answer_prefers6(&summary.primary4, &summary.primary6)
                                  ? summary.primary6.selected.metered
                                  : summary.primary4.selected.metered;
        *ret = summary;
        return r | unknown;
}

static void drop_alternatives(struct answer *answer) {
        struct underlays underlays = answer->underlays;

        answer->n_alternatives = 0;
        answer->underlays.n = 0;
        for (size_t i = 0; i < underlays.n; i++) {
                const struct underlay *underlay = &underlays.entries[i];

                if (underlay->tunnel == answer->selected.ifindex ||
                    (answer->has_split && underlay->tunnel == answer->split.ifindex))
                        underlays_add(&answer->underlays, underlay);
        }
}

/* The path itself, without the ways around it. */
static bool same_path(const struct answer *a, const struct answer *b) {
        struct answer x = *a, y = *b;

        drop_alternatives(&x);
        drop_alternatives(&y);
        return answer_equal(&x, &y);
}

unsigned summary_compare(const struct summary *a, const struct summary *b) {
        unsigned changed = 0;

        if (!same_path(&a->primary4, &b->primary4))
                changed |= SUMMARY_CHANGE_PRIMARY4;
        else if (!answer_equal(&a->primary4, &b->primary4))
                changed |= SUMMARY_CHANGE_ALTERNATIVES;
        if (!same_path(&a->primary6, &b->primary6))
                changed |= SUMMARY_CHANGE_PRIMARY6;
        else if (!answer_equal(&a->primary6, &b->primary6))
                changed |= SUMMARY_CHANGE_ALTERNATIVES;
        if (a->state != b->state)
                changed |= SUMMARY_CHANGE_STATE;
        if (a->metered != b->metered)
                changed |= SUMMARY_CHANGE_METERED;
        return changed;
}
