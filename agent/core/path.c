/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "path.h"

#include <stdlib.h>
#include <string.h>

struct interface *interfaces_find(const struct interfaces *list, int ifindex) {
        for (size_t i = 0; i < list->n_items; i++)
                if (list->items[i].ifindex == ifindex)
                        return &list->items[i];
        return NULL;
}

static bool interface_has(const struct interface *interface, const char *address) {
        for (size_t i = 0; i < interface->n_addresses; i++)
                if (strcmp(interface->addresses[i], address) == 0)
                        return true;
        return false;
}

struct interface *interfaces_find_address(const struct interfaces *list, const char *address) {
        for (size_t i = 0; i < list->n_items; i++)
                if (interface_has(&list->items[i], address))
                        return &list->items[i];
        return NULL;
}

struct interface *interfaces_put(struct interfaces *list, int ifindex) {
        struct interface *interface = interfaces_find(list, ifindex);
        struct interface *items;

        if (interface)
                return interface;
        items = reallocarray(list->items, list->n_items + 1, sizeof(*items));
        if (!items)
                return NULL;
        list->items = items;
        interface = &items[list->n_items++];
        *interface = (struct interface){.ifindex = ifindex};
        return interface;
}

void interfaces_remove(struct interfaces *list, int ifindex) {
        struct interface *interface = interfaces_find(list, ifindex);

        if (!interface)
                return;
        free(interface->addresses);
        *interface = list->items[--list->n_items];
}

void interfaces_clear(struct interfaces *list) {
        for (size_t i = 0; i < list->n_items; i++)
                free(list->items[i].addresses);
        free(list->items);
        *list = (struct interfaces){0};
}
