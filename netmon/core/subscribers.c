/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "subscribers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "moment.h"

struct subscriber {
        struct subscriber *next;
        char *sender;
        uint64_t id;
        uint32_t ifindex;
        uint64_t period_usec;
        uint64_t due_usec;
};

static void subscriber_free(struct subscriber *subscriber) {
        free(subscriber->sender);
        free(subscriber);
}

static void subscriber_freep(struct subscriber **subscriber) {
        if (*subscriber)
                subscriber_free(*subscriber);
}

static void remove_at(struct subscriber **at) {
        struct subscriber *gone = *at;

        *at = gone->next;
        subscriber_free(gone);
}

void subscribers_deinit(struct subscribers *subscribers) {
        while (subscribers->first)
                remove_at(&subscribers->first);
}

static struct subscriber **find(struct subscribers *subscribers, const char *sender, uint64_t id) {
        struct subscriber **at = &subscribers->first;

        while (*at && ((*at)->id != id || strcmp((*at)->sender, sender) != 0))
                at = &(*at)->next;
        return at;
}

int subscribers_set(struct subscribers *subscribers, const char *sender, uint64_t id,
                    uint32_t ifindex, uint64_t period_usec, uint64_t now_usec) {
        struct subscriber *known = *find(subscribers, sender, id);
        CLEANUP(subscriber_freep) struct subscriber *added = NULL;

        if (known) {
                known->period_usec = period_usec;
                known->due_usec = now_usec;
                return 0;
        }
        added = calloc(1, sizeof(*added));
        if (!added)
                return -ENOMEM;
        added->sender = strdup(sender);
        if (!added->sender)
                return -ENOMEM;
        added->id = id;
        added->ifindex = ifindex;
        added->period_usec = period_usec;
        added->due_usec = now_usec;
        added->next = subscribers->first;
        subscribers->first = STEAL(added);
        return 0;
}

int subscribers_remove(struct subscribers *subscribers, const char *sender, uint64_t id) {
        struct subscriber **at = find(subscribers, sender, id);

        if (!*at)
                return -ENOENT;
        remove_at(at);
        return 0;
}

void subscribers_forget(struct subscribers *subscribers, const char *sender) {
        struct subscriber **at = &subscribers->first;

        while (*at) {
                if (strcmp((*at)->sender, sender) == 0)
                        remove_at(at);
                else
                        at = &(*at)->next;
        }
}

void subscribers_forget_link(struct subscribers *subscribers, uint64_t id) {
        struct subscriber **at = &subscribers->first;

        while (*at) {
                if ((*at)->id == id)
                        remove_at(at);
                else
                        at = &(*at)->next;
        }
}

uint64_t subscribers_deadline(const struct subscribers *subscribers) {
        uint64_t due_usec = USEC_NEVER;

        for (const struct subscriber *s = subscribers->first; s; s = s->next)
                if (s->due_usec < due_usec)
                        due_usec = s->due_usec;
        return due_usec;
}

uint32_t subscribers_take(struct subscribers *subscribers, uint64_t now_usec, uint64_t *ret_id) {
        const struct subscriber *due = subscribers->first;

        while (due && due->due_usec > now_usec)
                due = due->next;
        if (!due)
                return 0;
        *ret_id = due->id;
        for (struct subscriber *s = subscribers->first; s; s = s->next)
                if (s->id == *ret_id && s->due_usec <= now_usec)
                        s->due_usec = now_usec + s->period_usec;
        return due->ifindex;
}
