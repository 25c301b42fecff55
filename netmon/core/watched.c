/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watched.h"

#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "reasons.h"

void watched_list_deinit(struct watched_list *list) {
        while (list->first) {
                struct watched *watched = list->first;

                list->first = watched->next;
                free(watched);
        }
}

static struct watched *find(const struct watched_list *list, const struct question *question) {
        for (struct watched *watched = list->first; watched; watched = watched->next)
                if (question_equal(&watched->question, question))
                        return watched;
        return NULL;
}

int watched_take(struct watched_list *list, const struct question *question,
                 const struct model *model, const struct kernel *kernel, uint64_t serial,
                 uint64_t now_usec, struct watched **ret) {
        struct watched *known = find(list, question);
        CLEANUP(freep) struct watched *watched = NULL;
        int r;

        if (known) {
                known->n_users++;
                *ret = known;
                return 0;
        }
        watched = calloc(1, sizeof(*watched));
        if (!watched)
                return -ENOMEM;
        r = answer_ask(question, model, kernel, NULL, now_usec, &watched->answer);
        if (r < 0)
                return r;
        watched->question = *question;
        watched->serial = serial;
        watched->n_users = 1;
        watched->next = list->first;
        list->first = watched;
        *ret = STEAL(watched);
        return 0;
}

void watched_release(struct watched_list *list, struct watched *watched) {
        struct watched **at = &list->first;

        if (--watched->n_users > 0)
                return;
        while (*at != watched)
                at = &(*at)->next;
        *at = watched->next;
        free(watched);
}

const struct answer *watched_find(const struct watched_list *list,
                                  const struct question *question) {
        const struct watched *watched = find(list, question);

        return watched ? &watched->answer : NULL;
}

int watched_ask(struct watched_list *list, const struct model *model, const struct kernel *kernel,
                enum watched_trust trust, unsigned triggers, uint64_t now_usec) {
        int unknown = 0, error = 0;

        for (struct watched *watched = list->first; watched; watched = watched->next) {
                struct answer answer;
                int r = answer_ask(&watched->question, model, kernel, &watched->answer, now_usec,
                                   &answer);

                if (r < 0) {
                        error = r;
                        continue;
                }
                unknown |= r;
                if (r > 0 && trust == WATCHED_TRUST_KNOWN)
                        continue;
                if (answer_equal(&watched->answer, &answer)) {
                        watched->answer.ends_usec = answer.ends_usec;
                        continue;
                }
                watched->reasons |= reasons_of(&watched->answer, &answer, model, triggers);
                watched->answer = answer;
        }
        return error < 0 ? error : unknown;
}
