/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "departures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

#define LOOPBACK_IFINDEX 1 /* in every network namespace */

void departures_clear(struct departures *departures) {
        free(departures->holdings);
        free(departures->pending);
        *departures = (struct departures){};
}

static struct own_address own_address(const struct holding *holding) {
        bool is_scoped = holding->address.family == AF_INET6 &&
                         netaddr_scope(&holding->address) == NETADDR_LINK;

        return (struct own_address){
                .address = holding->address,
                .ifindex = is_scoped ? holding->ifindex : 0,
        };
}

static bool is_same(const struct own_address *a, const struct own_address *b) {
        return a->ifindex == b->ifindex && netaddr_equal(&a->address, &b->address);
}

static bool is_held(const struct departures *departures, const struct own_address *address) {
        for (size_t i = 0; i < departures->n_holdings; i++) {
                struct own_address held = own_address(&departures->holdings[i]);

                if (is_same(&held, address))
                        return true;
        }
        return false;
}

static bool is_pending(const struct departures *departures, const struct own_address *address) {
        for (size_t i = 0; i < departures->n_pending; i++)
                if (is_same(&departures->pending[i].address, address))
                        return true;
        return false;
}

static void forget_returned(struct departures *departures) {
        size_t n = 0;

        for (size_t i = 0; i < departures->n_pending; i++)
                if (!is_held(departures, &departures->pending[i].address))
                        departures->pending[n++] = departures->pending[i];
        departures->n_pending = n;
}

static int add_pending(struct departures *departures, const struct own_address *address,
                       uint64_t due_usec) {
        struct departure *pending;

        if (departures->n_pending == DEPARTURES_MAX)
                return -ENOSPC;
        pending = reallocarray(departures->pending, departures->n_pending + 1, sizeof(*pending));
        if (!pending)
                return -ENOSPC;
        departures->pending = pending;
        pending[departures->n_pending++] = (struct departure){*address, due_usec};
        return 0;
}

int departures_set(struct departures *departures, uint32_t ifindex, const struct netaddr *addresses,
                   size_t n, uint64_t due_usec) {
        CLEANUP(freep) struct holding *before = NULL;
        size_t n_before = departures->n_holdings, n_now = 0;
        struct holding *now;
        int r = 0;

        now = calloc(n_before + n + 1, sizeof(*now));
        if (!now)
                return -ENOMEM;
        for (size_t i = 0; i < n_before; i++)
                if (departures->holdings[i].ifindex != ifindex)
                        now[n_now++] = departures->holdings[i];
        for (size_t i = 0; i < n; i++)
                now[n_now++] = (struct holding){ifindex, addresses[i]};
        before = departures->holdings;
        departures->holdings = now;
        departures->n_holdings = n_now;

        forget_returned(departures);
        for (size_t i = 0; i < n_before && ifindex != LOOPBACK_IFINDEX; i++) {
                struct own_address address = own_address(&before[i]);

                if (before[i].ifindex != ifindex ||
                    netaddr_scope(&address.address) == NETADDR_HOST ||
                    is_held(departures, &address) || is_pending(departures, &address))
                        continue;
                if (add_pending(departures, &address, due_usec) < 0)
                        r = -ENOSPC;
        }
        return r;
}

bool departures_take(struct departures *departures, uint64_t now_usec, struct own_address *ret) {
        for (size_t i = 0; i < departures->n_pending; i++) {
                if (departures->pending[i].due_usec > now_usec)
                        continue;
                *ret = departures->pending[i].address;
                departures->n_pending--;
                memmove(&departures->pending[i], &departures->pending[i + 1],
                        (departures->n_pending - i) * sizeof(*departures->pending));
                return true;
        }
        return false;
}

uint64_t departures_deadline(const struct departures *departures) {
        uint64_t deadline_usec = UINT64_MAX;

        for (size_t i = 0; i < departures->n_pending; i++)
                if (departures->pending[i].due_usec < deadline_usec)
                        deadline_usec = departures->pending[i].due_usec;
        return deadline_usec;
}
