/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "moment.h"
#include "nd_msg.h"

void model_init(struct model *model, const struct settings *settings) {
        *model = (struct model){.settings = settings, .advert_usec = USEC_NEVER};
}

void model_deinit(struct model *model) {
        for (size_t i = 0; i < model->n_links; i++)
                link_free(model->links[i]);
        free(model->links);
        model->links = NULL;
        model->n_links = 0;
}

/* Where the link of `index` is, or would have to be put. */
static size_t find_place(const struct model *model, uint32_t index) {
        size_t low = 0, high = model->n_links;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (model->links[middle]->facts.index < index)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

struct link *model_find(const struct model *model, uint32_t index) {
        size_t place = find_place(model, index);

        if (place == model->n_links || model->links[place]->facts.index != index)
                return NULL;
        return model->links[place];
}

struct link *model_find_name(const struct model *model, const char *name) {
        for (size_t i = 0; i < model->n_links; i++)
                if (link_has_name(model->links[i], name))
                        return model->links[i];
        return NULL;
}

static int model_add(struct model *model, uint32_t index, struct link **ret) {
        size_t place = find_place(model, index);
        struct link *link;
        void *links;

        links = reallocarray(model->links, model->n_links + 1, sizeof(*model->links));
        if (!links)
                return -ENOMEM;
        model->links = links;
        link = calloc(1, sizeof(*link));
        if (!link)
                return -ENOMEM;
        link->facts.index = index;
        link->id = ++model->last_id;
        memmove(model->links + place + 1, model->links + place,
                (model->n_links - place) * sizeof(*model->links));
        model->links[place] = link;
        model->n_links++;
        *ret = link;
        return 0;
}

static unsigned classify(const struct model *model, struct link *link) {
        return link_classify(link, model->settings, &model->hints);
}

/* Takes what a message or a dump says of the link; `changed` is what is known to differ. */
static unsigned update(const struct model *model, struct link *link, const struct link_facts *now,
                       unsigned changed, uint64_t now_usec) {
        changed |= link_set_facts(link, now, now_usec);
        if (changed & (LINK_CHANGE_ADDED | LINK_CHANGE_NAME))
                changed |= classify(model, link);
        return link_note(link, changed);
}

int model_apply_link(struct model *model, const struct link_msg *msg, uint64_t now_usec) {
        struct link *link = model_find(model, msg->facts.index);
        unsigned changed = 0;
        int r;

        if (!link) {
                r = model_add(model, msg->facts.index, &link);
                if (r < 0)
                        return r;
                changed |= LINK_CHANGE_ADDED;
        }
        r = link_set_altnames(link, msg->altnames, msg->altnames_len);
        if (r < 0)
                return r;
        changed |= (unsigned)r;
        return (int)update(model, link, &msg->facts, changed, now_usec);
}

void model_set_device(struct model *model, struct link *link, const struct link_device *device) {
        link->device = *device;
        (void)link_note(link, classify(model, link));
}

int model_apply_advert(struct model *model, const struct nd_msg *msg, uint64_t now_usec) {
        struct link *link = model_find(model, msg->index);
        uint64_t due_usec;
        int r;

        if (!link || !link->usable)
                return 0;
        r = advert_apply(&link->advert, msg, now_usec);
        if (r < 0)
                return r;
        due_usec = advert_deadline(&link->advert);
        if (due_usec < model->advert_usec)
                model->advert_usec = due_usec;
        if (r == 0)
                return 0;
        link->changed |= LINK_CHANGE_ADVERT;
        return LINK_CHANGE_ADVERT;
}

bool model_expire_adverts(struct model *model, uint64_t now_usec) {
        bool changed = false;

        if (now_usec < model->advert_usec)
                return false;
        model->advert_usec = USEC_NEVER;
        for (size_t i = 0; i < model->n_links; i++) {
                struct link *link = model->links[i];
                uint64_t due_usec;

                if (advert_expire(&link->advert, now_usec)) {
                        link->changed |= LINK_CHANGE_ADVERT;
                        changed = true;
                }
                due_usec = advert_deadline(&link->advert);
                if (due_usec < model->advert_usec)
                        model->advert_usec = due_usec;
        }
        return changed;
}

bool model_take_hints(struct model *model) {
        unsigned all = 0;

        for (size_t i = 0; i < model->n_links; i++)
                all |= link_note(model->links[i], classify(model, model->links[i]));
        return all != 0;
}

bool model_remove_link(struct model *model, uint32_t index) {
        size_t place = find_place(model, index);

        if (place == model->n_links || model->links[place]->facts.index != index)
                return false;
        link_free(model->links[place]);
        model->n_links--;
        memmove(model->links + place, model->links + place + 1,
                (model->n_links - place) * sizeof(*model->links));
        return true;
}

int model_apply_address(struct model *model, const struct address_msg *msg) {
        struct link *link = model_find(model, msg->index);

        return link ? link_put_address(link, &msg->address) : 0;
}

bool model_remove_address(struct model *model, const struct address_msg *msg) {
        struct link *link = model_find(model, msg->index);

        return link && link_take_address(link, &msg->address);
}

bool model_replace(struct model *model, struct model *fresh, uint64_t now_usec) {
        struct link **links;
        size_t n_links;
        unsigned changed = 0;

        for (size_t i = 0; i < fresh->n_links; i++) {
                struct link *now = fresh->links[i];
                size_t place = find_place(model, now->facts.index);
                struct link *was = place < model->n_links ? model->links[place] : NULL;

                if (!was || was->facts.index != now->facts.index || !link_is_same(was, now)) {
                        now->id = ++model->last_id;
                        now->changed |= classify(model, now);
                        changed |= now->changed;
                        continue;
                }
                changed |= update(model, was, &now->facts, link_take_over(was, now), now_usec);
                fresh->links[i] = was;
                model->links[place] = now; /* freed below with what is left of the old model */
        }
        /* One that is gone without another in its place shows in the count only. */
        if (model->n_links != fresh->n_links)
                changed |= LINK_CHANGE_ADDED;
        links = model->links;
        n_links = model->n_links;
        model->links = fresh->links;
        model->n_links = fresh->n_links;
        fresh->links = links;
        fresh->n_links = n_links;
        model_deinit(fresh);
        return changed != 0;
}
