/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "beneath.h"

#include <stdbool.h>

#include "model.h"

#define DEPTH_MAX 8 /* as deep as the kernel lets links be stacked */

static bool contains(const struct beneath *beneath, uint32_t index) {
        for (size_t i = 0; i < beneath->n; i++)
                if (beneath->indices[i] == index)
                        return true;
        return false;
}

static void add(struct beneath *beneath, const struct model *model, uint32_t index,
                unsigned depth) {
        const struct link *link = model_find(model, index);

        if (!link || depth == DEPTH_MAX || contains(beneath, index))
                return;
        /* The other end of a veth stands beside it, not beneath. */
        if (link->facts.lower != 0 && strcmp(link->facts.kind, "veth") != 0)
                add(beneath, model, link->facts.lower, depth + 1);
        for (size_t i = 0; i < model->n_links; i++)
                if (model->links[i]->facts.master == index)
                        add(beneath, model, model->links[i]->facts.index, depth + 1);
        if (beneath->n < BENEATH_MAX && !contains(beneath, index))
                beneath->indices[beneath->n++] = index;
}

void beneath_add(struct beneath *beneath, const struct model *model, uint32_t index) {
        add(beneath, model, index, 0);
}
