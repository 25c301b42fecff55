/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_path.h"

#include <sys/socket.h>

#include "answer.h"
#include "bus_dict.h"

/* The entries of one path, in an open array. */
static int append_entries(sd_bus_message *m, const char *destination, const struct path *path) {
        char source[NETADDR_TEXT_SIZE], gateway[NETADDR_TEXT_SIZE];
        int r;

        r = sd_bus_message_append(
                m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "destination",
                "s", destination, "family", "s", path->family == AF_INET6 ? "ipv6" : "ipv4",
                "interface", "s", path->interface, "ifindex", "i", (int32_t)path->ifindex, "type",
                "s", link_type_to_string(path->type), "source", "s",
                netaddr_format(&path->source, source), "gateway", "s",
                netaddr_format(&path->gateway, gateway), "table", "u", path->table, "metric", "u",
                path->metric, "mtu", "u", path->mtu, "metered", "s",
                metered_to_string(path->metered), "roaming", "b", (int)path->roaming, "usable", "b",
                (int)(path->why == PATH_USABLE), "since_usec", "t", path->since_usec, "network_id",
                "s", path->network_id);
        if (r < 0)
                return r;
        if (path->losing != LOSING_NOT)
                return bus_dict_put_string(m, "losing", losing_to_string(path->losing));
        if (path->why == PATH_USABLE)
                return 0;
        return bus_dict_put_string(m, "why", path_why_to_string(path->why));
}

/* What carries the tunnel that a path leads into, in an open array. */
static int append_underlay(sd_bus_message *m, const struct underlays *underlays, uint32_t tunnel) {
        const struct underlay *underlay = underlays_find(underlays, tunnel);
        char endpoint[NETADDR_TEXT_SIZE];
        const char *destination;
        int r;

        if (!underlay)
                return 0;
        destination = netaddr_format(&underlay->endpoint, endpoint);
        if (destination[0] == '\0')
                destination = underlay->path.family == AF_INET6 ? "default6" : "default4";
        r = bus_dict_open(m, "underlay", "a{sv}");
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        r = append_entries(m, destination, &underlay->path);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;
        return bus_dict_close(m);
}

static int append_path(sd_bus_message *m, const char *destination, const struct path *path,
                       const struct answer *answer) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        r = append_entries(m, destination, path);
        if (r < 0)
                return r;
        r = append_underlay(m, &answer->underlays, path->ifindex);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

static int append_split(sd_bus_message *m, const char *destination, const struct answer *answer) {
        int r;

        r = bus_dict_open(m, "split", "a{sv}");
        if (r < 0)
                return r;
        r = append_path(m, destination, &answer->split, answer);
        if (r < 0)
                return r;
        return bus_dict_close(m);
}

static int append_nexthops(sd_bus_message *m, const struct answer *answer) {
        int r;

        r = bus_dict_open(m, "nexthops", "aa{sv}");
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "a{sv}");
        if (r < 0)
                return r;
        for (size_t i = 0; i < answer->n_nexthops; i++) {
                const struct nexthop *hop = &answer->nexthops[i];
                char gateway[NETADDR_TEXT_SIZE];

                r = sd_bus_message_append(m, "a{sv}", 4, "interface", "s", answer->nexthop_names[i],
                                          "ifindex", "i", (int32_t)hop->ifindex, "gateway", "s",
                                          netaddr_format(&hop->gateway, gateway), "weight", "u",
                                          hop->weight);
                if (r < 0)
                        return r;
        }
        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;
        return bus_dict_close(m);
}

int bus_path_append(sd_bus_message *m, const char *destination, const struct answer *answer) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        r = append_entries(m, destination, &answer->selected);
        if (r < 0)
                return r;
        r = append_underlay(m, &answer->underlays, answer->selected.ifindex);
        if (r < 0)
                return r;
        if (answer->n_nexthops > 0) {
                r = append_nexthops(m, answer);
                if (r < 0)
                        return r;
        }
        if (answer->has_split) {
                r = append_split(m, destination, answer);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

int bus_path_append_primary(sd_bus_message *m, const char *destination,
                            const struct answer *answer) {
        if (answer->selected.ifindex == 0)
                return sd_bus_message_append(m, "a{sv}", 0);
        return bus_path_append(m, destination, answer);
}

int bus_path_append_alternatives(sd_bus_message *m, const char *destination,
                                 const struct answer *answer) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "a{sv}");
        if (r < 0)
                return r;
        for (size_t i = 0; i < answer->n_alternatives; i++) {
                r = append_path(m, destination, &answer->alternatives[i], answer);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}
