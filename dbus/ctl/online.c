/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "online.h"

#include <errno.h>
#include <string.h>

#include "value.h"

int online_family_from_string(const char *word, enum online_family *ret) {
        if (strcmp(word, "ipv4") == 0)
                *ret = ONLINE_IPV4;
        else if (strcmp(word, "ipv6") == 0)
                *ret = ONLINE_IPV6;
        else
                return -EINVAL;
        return 0;
}

bool online_wants_interfaces(const struct online_wish *wish) {
        return wish->any || wish->n_interfaces > 0;
}

static bool has_string(json_object *strings, const char *string) {
        for (size_t i = 0; strings && i < json_object_array_length(strings); i++)
                if (strcmp(json_object_get_string(json_object_array_get_idx(strings, i)), string) ==
                    0)
                        return true;
        return false;
}

static bool is_of_family(json_object *address, enum online_family family) {
        bool is_six = strchr(value_string(address, "address"), ':') != NULL;

        switch (family) {
        case ONLINE_EITHER:
                return true;
        case ONLINE_IPV4:
                return !is_six;
        case ONLINE_IPV6:
                return is_six;
        }
        return false;
}

/* An address that others can answer to. */
static bool counts(json_object *address, enum online_family family) {
        json_object *flags = json_object_object_get(address, "flags");
        const char *scope = value_string(address, "scope");

        return is_of_family(address, family) && strcmp(scope, "link") != 0 &&
               strcmp(scope, "host") != 0 && !has_string(flags, "dadfailed") &&
               (!has_string(flags, "tentative") || has_string(flags, "optimistic"));
}

static bool is_online(json_object *link, enum online_family family) {
        json_object *addresses = json_object_object_get(link, "addresses");

        if (!value_bool(link, "usable"))
                return false;
        for (size_t i = 0; addresses && i < json_object_array_length(addresses); i++)
                if (counts(json_object_array_get_idx(addresses, i), family))
                        return true;
        return false;
}

static json_object *find(json_object *interfaces, const char *name) {
        for (size_t i = 0; i < json_object_array_length(interfaces); i++) {
                json_object *link = json_object_array_get_idx(interfaces, i);

                if (strcmp(value_string(link, "name"), name) == 0 ||
                    has_string(json_object_object_get(link, "alternative_names"), name))
                        return link;
        }
        return NULL;
}

bool online_by_interfaces(const struct online_wish *wish, json_object *interfaces) {
        size_t n_online = 0;

        if (wish->n_interfaces == 0) {
                for (size_t i = 0; i < json_object_array_length(interfaces); i++) {
                        json_object *link = json_object_array_get_idx(interfaces, i);

                        if (strcmp(value_string(link, "type"), "loopback") != 0 &&
                            is_online(link, wish->family))
                                return true;
                }
                return false;
        }
        for (size_t i = 0; i < wish->n_interfaces; i++)
                if (is_online(find(interfaces, wish->interfaces[i]), wish->family))
                        n_online++;
        return wish->any ? n_online > 0 : n_online == wish->n_interfaces;
}
