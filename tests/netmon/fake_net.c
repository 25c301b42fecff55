/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake_net.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats_msg.h"

#define OPERSTATE_UP 6

static struct netaddr address_of(const char *text) {
        struct netaddr address = {};

        if (text && !netaddr_from_text(text, &address))
                abort();
        return address;
}

static bool prefix_matches(const struct fake_route *route, const struct netaddr *destination) {
        struct netaddr prefix = address_of(route->destination);

        if (prefix.family != destination->family)
                return false;
        for (unsigned bit = 0; bit < route->dst_len; bit++)
                if ((prefix.bytes[bit / 8] ^ destination->bytes[bit / 8]) & (0x80 >> bit % 8))
                        return false;
        return true;
}

static const struct fake_hop *hop_to(const struct fake_route *route, uint32_t oif) {
        for (size_t i = 0; i < route->n_hops; i++)
                if (route->hops[i].oif == oif)
                        return &route->hops[i];
        return NULL;
}

static bool is_eligible(const struct fake_route *route, const struct route_query *query) {
        struct netaddr from = address_of(route->from);

        if (!prefix_matches(route, &query->destination))
                return false;
        if (route->uid != 0 && route->uid != query->uid)
                return false;
        if (route->from && !netaddr_equal(&from, &query->source))
                return false;
        if (route->not_mark != 0 && route->not_mark == query->mark)
                return false;
        if (query->destination.family == AF_INET6 && query->source.family != 0)
                return true; /* an interface is but a wish then */
        return query->oif == 0 || route->type > RTN_UNICAST || route->oif == query->oif ||
               hop_to(route, query->oif);
}

/* As the kernel: rules first, then the longest prefix, then the least metric. */
static bool is_better(const struct fake_route *a, const struct fake_route *b) {
        bool a_rule = a->uid != 0 || a->from || a->not_mark != 0;
        bool b_rule = b->uid != 0 || b->from || b->not_mark != 0;

        if (a_rule != b_rule)
                return a_rule;
        if (a->dst_len != b->dst_len)
                return a->dst_len > b->dst_len;
        return a->metric < b->metric;
}

static void fill_match(const struct fake_route *route, struct route_reply *ret) {
        ret->dst_len = route->dst_len;
        ret->metric = route->metric;
        ret->lifetime_usec = route->lifetime_usec;
        ret->oif = route->oif;
        ret->gateway = address_of(route->gateway);
        ret->n_nexthops = route->n_hops;
        for (size_t i = 0; i < route->n_hops; i++) {
                ret->nexthops[i].ifindex = route->hops[i].oif;
                ret->nexthops[i].gateway = address_of(route->hops[i].gateway);
                ret->nexthops[i].weight = 1;
        }
}

static void fill_use(const struct fake_route *route, const struct route_query *query,
                     struct route_reply *ret) {
        const struct fake_hop *hop = query->oif != 0 ? hop_to(route, query->oif) : NULL;

        if (!hop && route->n_hops > 0)
                hop = &route->hops[route->chosen_hop];
        ret->dst_len = query->destination.family == AF_INET ? 32 : 128;
        ret->oif = hop ? hop->oif : route->oif;
        ret->gateway = address_of(hop ? hop->gateway : route->gateway);
        if (query->source.family == 0)
                ret->source = address_of(hop ? hop->source : route->source);
}

static int error_of(uint8_t type) {
        switch (type) {
        case RTN_BLACKHOLE:
                return -EINVAL;
        case RTN_PROHIBIT:
                return -EACCES;
        case RTN_UNREACHABLE:
                return -EHOSTUNREACH;
        default:
                return 0;
        }
}

static int look_up(void *userdata, const struct route_query *query, struct route_reply *ret) {
        struct fake_net *net = userdata;
        const struct fake_route *best = NULL;

        if (net->lost_after != 0 && net->n_lookups == net->lost_after)
                net->n_routes = 0;
        net->n_lookups++;
        if (net->error < 0)
                return net->error;
        for (size_t i = 0; i < net->n_routes; i++)
                if (is_eligible(&net->routes[i], query) &&
                    (!best || is_better(&net->routes[i], best)))
                        best = &net->routes[i];
        if (!best)
                return query->oif != 0 ? -EHOSTUNREACH : -ENETUNREACH;
        if (error_of(best->type) < 0)
                return query->oif != 0 ? -EHOSTUNREACH : error_of(best->type);
        *ret = (struct route_reply){
                .type = best->type != 0 ? best->type : RTN_UNICAST,
                .table = best->table != 0 ? best->table : RT_TABLE_MAIN,
        };
        if (query->match)
                fill_match(best, ret);
        else
                fill_use(best, query, ret);
        return 0;
}

static int rp_filter(void *userdata, uint32_t ifindex) {
        struct fake_net *net = userdata;

        return net->error < 0 ? net->error : net->rp_filter[ifindex];
}

static int marks(void *userdata, const struct marks **ret) {
        struct fake_net *net = userdata;

        *ret = &net->marks;
        return net->error;
}

static int stats(void *userdata, uint32_t ifindex, struct link_stats *ret) {
        *ret = (struct link_stats){.rx_bytes = 1000 + ifindex, .tx_bytes = 2000 + ifindex};
        return 0;
}

void fake_net_init(struct fake_net *net) {
        struct kernel kernel = {
                .look_up = look_up,
                .rp_filter = rp_filter,
                .marks = marks,
                .stats = stats,
                .userdata = net,
        };

        *net = (struct fake_net){};
        world_init(&net->world, &kernel);
        (void)fake_net_add_link(net, 1, "lo");
        fake_net_add_address(net, 1, "127.0.0.1", 0);
}

void fake_net_deinit(struct fake_net *net) {
        world_deinit(&net->world);
}

static void set_kind(struct link_facts *facts) {
        static const struct {
                const char *prefix;
                const char *kind;
        } kinds[] = {{"wg", "wireguard"}, {"br", "bridge"}, {"veth", "veth"}};

        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
                if (strncmp(facts->name, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
                        (void)snprintf(facts->kind, sizeof(facts->kind), "%s", kinds[i].kind);
}

struct link *fake_net_add_link(struct fake_net *net, uint32_t index, const char *name) {
        struct link_msg msg = {
                .facts =
                        {
                                .index = index,
                                .flags = IFF_UP | IFF_LOWER_UP,
                                .arphrd = ARPHRD_ETHER,
                                .operstate = OPERSTATE_UP,
                                .mtu = 1500,
                        },
        };
        struct link_device device = {.physical = true};
        struct link *link;

        (void)snprintf(msg.facts.name, sizeof(msg.facts.name), "%s", name);
        set_kind(&msg.facts);
        if (strcmp(name, "lo") == 0)
                msg.facts.flags |= IFF_LOOPBACK;
        if (model_apply_link(&net->world.model, &msg, FAKE_NOW_USEC) < 0)
                abort();
        link = model_find(&net->world.model, index);
        if (strncmp(name, "wwan", 4) == 0)
                (void)snprintf(device.devtype, sizeof(device.devtype), "wwan");
        if (strncmp(name, "wlan", 4) == 0)
                (void)snprintf(device.devtype, sizeof(device.devtype), "wlan");
        if (msg.facts.kind[0] == '\0')
                model_set_device(&net->world.model, link, &device);
        return link;
}

void fake_net_set_flags(struct fake_net *net, uint32_t index, uint32_t flags, uint8_t operstate) {
        struct link *link = model_find(&net->world.model, index);
        struct link_msg msg = {.facts = link->facts};

        msg.facts.flags = flags;
        msg.facts.operstate = operstate;
        (void)model_apply_link(&net->world.model, &msg, FAKE_NOW_USEC + 1);
}

void fake_net_remove_link(struct fake_net *net, uint32_t index) {
        if (!model_remove_link(&net->world.model, index))
                abort();
}

static struct address_msg address_msg_of(uint32_t index, const char *text, uint32_t flags) {
        struct address_msg msg = {.index = index};

        msg.address.local = address_of(text);
        msg.address.peer = msg.address.local;
        msg.address.flags = flags | IFA_F_PERMANENT;
        msg.address.prefix_len = msg.address.local.family == AF_INET ? 24 : 64;
        return msg;
}

void fake_net_add_address(struct fake_net *net, uint32_t index, const char *address,
                          uint32_t flags) {
        struct address_msg msg = address_msg_of(index, address, flags);

        if (model_apply_address(&net->world.model, &msg) < 0)
                abort();
}

void fake_net_remove_address(struct fake_net *net, uint32_t index, const char *address) {
        struct address_msg msg = address_msg_of(index, address, 0);

        if (!model_remove_address(&net->world.model, &msg))
                abort();
}

struct fake_route *fake_net_add_route(struct fake_net *net, const struct fake_route *route) {
        if (net->n_routes == FAKE_ROUTES_MAX)
                abort();
        net->routes[net->n_routes] = *route;
        return &net->routes[net->n_routes++];
}

void fake_net_clear_routes(struct fake_net *net) {
        net->n_routes = 0;
}

void fake_net_add_uplinks(struct fake_net *net) {
        static const struct fake_route routes[] = {
                {"0.0.0.0", 0, 2, "10.1.0.1", "10.1.0.2", .metric = 100},
                {"::", 0, 2, "2001:db8:1::1", "2001:db8:1::2", .metric = 100},
                {"0.0.0.0", 0, 3, "10.2.0.1", "10.2.0.2", .metric = 200},
                {"::", 0, 3, "2001:db8:2::1", "2001:db8:2::2", .metric = 200},
        };

        (void)fake_net_add_link(net, 2, "eth0");
        (void)fake_net_add_link(net, 3, "wwan0");
        fake_net_add_address(net, 2, "10.1.0.2", 0);
        fake_net_add_address(net, 2, "2001:db8:1::2", 0);
        fake_net_add_address(net, 3, "10.2.0.2", 0);
        fake_net_add_address(net, 3, "2001:db8:2::2", 0);
        for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
                (void)fake_net_add_route(net, &routes[i]);
}
