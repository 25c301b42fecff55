/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "world.h"

#include <errno.h>

#include "beneath.h"
#include "candidates.h"
#include "hidden.h"
#include "moment.h"
#include "reasons.h"
#include "underlay.h"

void world_init(struct world *world, const struct kernel *kernel) {
        *world = (struct world){.kernel = *kernel, .serial = 1, .ends_usec = USEC_NEVER};
        settings_init(&world->settings);
        model_init(&world->model, &world->settings);
        summary_init(&world->summary);
        summary_init(&world->was);
}

void world_deinit(struct world *world) {
        model_deinit(&world->model);
        watched_list_deinit(&world->watched);
}

static void mark_path(struct model *model, const struct path *path) {
        struct link *link = model_find(model, path->ifindex);

        if (link)
                link->in_path = true;
}

static void mark_answer(struct world *world, const struct answer *answer) {
        struct model *model = &world->model;

        if (answer->ends_usec > world->looked_usec && answer->ends_usec < world->ends_usec)
                world->ends_usec = answer->ends_usec;
        mark_path(model, &answer->selected);
        if (answer->has_split)
                mark_path(model, &answer->split);
        for (size_t i = 0; i < answer->n_nexthops; i++) {
                struct link *link = model_find(model, answer->nexthops[i].ifindex);

                if (link)
                        link->in_path = true;
        }
        for (size_t i = 0; i < answer->n_alternatives; i++)
                mark_path(model, &answer->alternatives[i]);
        for (size_t i = 0; i < answer->underlays.n; i++)
                mark_path(model, &answer->underlays.entries[i].path);
}

static void mark_paths(struct world *world) {
        struct model *model = &world->model;

        for (size_t i = 0; i < model->n_links; i++)
                model->links[i]->in_path = false;
        world->ends_usec = USEC_NEVER;
        mark_answer(world, &world->summary.primary4);
        mark_answer(world, &world->summary.primary6);
        for (const struct watched *w = world->watched.first; w; w = w->next)
                mark_answer(world, &w->answer);
}

void world_mark_paths(struct world *world) {
        mark_paths(world);
        if (world->alarm.set)
                world->alarm.set(world->alarm.userdata);
}

bool world_take_end(struct world *world, uint64_t now_usec) {
        if (world->ends_usec > now_usec)
                return false;
        world->ends_usec = USEC_NEVER;
        world->looked_usec = now_usec;
        return true;
}

static unsigned reasons_of_change(const struct world *world, const struct summary *now,
                                  unsigned triggers) {
        const struct summary *was = &world->summary;
        unsigned reasons = 0;

        if (!answer_equal(&was->primary4, &now->primary4))
                reasons |= reasons_of(&was->primary4, &now->primary4, &world->model, triggers);
        if (!answer_equal(&was->primary6, &now->primary6))
                reasons |= reasons_of(&was->primary6, &now->primary6, &world->model, triggers);
        if (reasons == 0)
                reasons = reasons_of_links(&world->model, triggers);
        return reasons;
}

int world_ask(struct world *world, unsigned triggers, uint64_t now_usec) {
        enum watched_trust trust =
                world->n_unknown < WORLD_PATIENCE ? WATCHED_TRUST_KNOWN : WATCHED_TRUST_ALL;
        struct candidates candidates;
        struct underlay_cache underlays = {};
        struct summary now;
        int r, watched;

        world->is_airplane_mode = radio_switches_all_blocked(&world->switches);
        world->model.switched = radio_switches_recent(&world->switches, now_usec);
        candidates_collect(&world->model, &candidates);
        world->model.candidates = &candidates;
        world->model.underlays = &underlays;
        r = summary_ask(&world->model, &world->kernel, &world->summary, now_usec, &now);
        if (r == 0 || (r > 0 && trust == WATCHED_TRUST_ALL)) {
                if (summary_compare(&world->summary, &now) != 0)
                        world->reasons |= reasons_of_change(world, &now, triggers);
                world->summary = now;
                world->changed = summary_compare(&world->was, &world->summary);
        }
        watched = watched_ask(&world->watched, &world->model, &world->kernel, trust, triggers,
                              now_usec);
        world->model.candidates = NULL;
        world->model.underlays = NULL;
        mark_paths(world);
        if (r == -EAGAIN || watched == -EAGAIN)
                return -EAGAIN;
        if ((r == 0 && watched == 0) || trust == WATCHED_TRUST_ALL)
                return 0;
        world->n_unknown++;
        return 1;
}

void world_published(struct world *world) {
        world->was = world->summary;
        world->was_airplane_mode = world->is_airplane_mode;
        world->changed = 0;
        world->reasons = 0;
        world->n_unknown = 0;
        for (struct watched *w = world->watched.first; w; w = w->next)
                w->reasons = 0;
}

void world_forget_reasons(struct world *world) {
        for (size_t i = 0; i < world->model.n_links; i++)
                world->model.links[i]->recent = 0;
}

static void collect_answer(const struct world *world, const struct answer *answer,
                           struct beneath *beneath) {
        for (size_t i = 0; i < answer->underlays.n; i++)
                beneath_add(beneath, &world->model, answer->underlays.entries[i].path.ifindex);
        beneath_add(beneath, &world->model, answer->selected.ifindex);
        if (answer->n_alternatives > 0)
                beneath_add(beneath, &world->model, answer->alternatives[0].ifindex);
}

void world_collect_links(const struct world *world, struct beneath *beneath) {
        collect_answer(world, &world->summary.primary4, beneath);
        collect_answer(world, &world->summary.primary6, beneath);
        for (const struct watched *w = world->watched.first; w; w = w->next)
                collect_answer(world, &w->answer, beneath);
}

bool world_shows(const struct world *world, const struct link *link) {
        return link->in_path || !link_is_hidden(&world->model, link);
}
