/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What "online" means, judged on what wherry-netmon says. */

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stddef.h>

enum online_family {
        ONLINE_EITHER,
        ONLINE_IPV4,
        ONLINE_IPV6,
};

struct online_wish {
        enum online_family family;
        bool any;                /* one interface will do, whether it leads on or not */
        const char **interfaces; /* by any of their names; without any: all of them. Borrowed */
        size_t n_interfaces;
};

/* "ipv4" or "ipv6"; -EINVAL for another word. */
int online_family_from_string(const char *word, enum online_family *ret);

/* The wish is about interfaces; else it is about the path that leads on. */
bool online_wants_interfaces(const struct online_wish *wish);

/* `interfaces` are those of objects_get_network(). */
bool online_by_interfaces(const struct online_wish *wish, json_object *interfaces);
