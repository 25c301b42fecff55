/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The questions that somebody watches, each once, with the answer of last time. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer.h"
#include "question.h"

struct kernel;
struct model;

struct watched {
        struct question question;
        struct answer answer;
        unsigned reasons; /* of the latest change, enum reason; 0: published */
        uint64_t serial;  /* of the burst that brought the answer */
        size_t n_users;
        struct watched *next;
};

struct watched_list {
        struct watched *first;
};

void watched_list_deinit(struct watched_list *list);

/* Finds the question or adds it, then with an answer of its own. Every call wants one
 * watched_release(). -ENOMEM, or -EAGAIN when the kernel could not be asked. */
int watched_take(struct watched_list *list, const struct question *question,
                 const struct model *model, const struct kernel *kernel, uint64_t serial,
                 uint64_t now_usec, struct watched **ret);
void watched_release(struct watched_list *list, struct watched *watched);

/* The answer to an equal question that is watched; NULL when it is not. */
const struct answer *watched_find(const struct watched_list *list, const struct question *question);

/* Whether to take answers that speak of what the model does not have. */
enum watched_trust {
        WATCHED_TRUST_KNOWN,
        WATCHED_TRUST_ALL,
};

/* Asks every question again; those with another answer than last time have `reasons` set then.
 * Returns as answer_ask(); what could not be asked or trusted keeps its answer. */
int watched_ask(struct watched_list *list, const struct model *model, const struct kernel *kernel,
                enum watched_trust trust, unsigned triggers, uint64_t now_usec);
