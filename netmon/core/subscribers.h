/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who wants to be told of an interface's signal, and how often it is to be asked for. */

#include <stddef.h>
#include <stdint.h>

struct subscriber;

struct subscribers {
        struct subscriber *first;
};

void subscribers_deinit(struct subscribers *subscribers);

/* The connection `sender` wants link `id` of index `ifindex` to be asked for now, and then every
 * `period_usec`; instead of what it wanted of that link before. 0 or -ENOMEM. */
int subscribers_set(struct subscribers *subscribers, const char *sender, uint64_t id,
                    uint32_t ifindex, uint64_t period_usec, uint64_t now_usec);
/* -ENOENT when it wanted nothing of that link. */
int subscribers_remove(struct subscribers *subscribers, const char *sender, uint64_t id);
/* The connection has left. */
void subscribers_forget(struct subscribers *subscribers, const char *sender);
/* The link has gone. */
void subscribers_forget_link(struct subscribers *subscribers, uint64_t id);

/* When a link is to be asked for next; USEC_NEVER: nobody wants to know. */
uint64_t subscribers_deadline(const struct subscribers *subscribers);
/* A link that is due, which counts as asked then, for all who want to know; 0: none. *ret_id is
 * its id. */
uint32_t subscribers_take(struct subscribers *subscribers, uint64_t now_usec, uint64_t *ret_id);
