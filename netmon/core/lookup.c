/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lookup.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "kernel.h"
#include "model.h"
#include "netconf_msg.h"

static enum path_why why_of_error(int error, const struct route_query *query) {
        switch (error) {
        case -EACCES:
                return PATH_PROHIBITED;
        case -EINVAL:
                return PATH_BLACKHOLE;
        case -EHOSTUNREACH:
                /* With an output interface IPv4 says so of every missing route. */
                return query->oif != 0 ? PATH_NO_ROUTE : PATH_UNREACHABLE;
        default:
                return PATH_NO_ROUTE;
        }
}

static enum path_why why_of_type(uint8_t type) {
        switch (type) {
        case RTN_PROHIBIT:
                return PATH_PROHIBITED;
        case RTN_BLACKHOLE:
                return PATH_BLACKHOLE;
        case RTN_UNREACHABLE:
                return PATH_UNREACHABLE;
        default:
                return PATH_USABLE;
        }
}

static int no_path(const struct route_query *query, enum path_why why, struct path *ret,
                   struct route_reply *ret_match) {
        *ret = (struct path){
                .family = query->destination.family,
                .type = LINK_TYPE_UNKNOWN,
                .why = why,
        };
        *ret_match = (struct route_reply){.type = RTN_UNSPEC};
        return 0;
}

void lookup_note_lifetime(struct lookup *lookup, uint64_t lifetime_usec) {
        if (lifetime_usec != 0 &&
            (lookup->lifetime_usec == 0 || lifetime_usec < lookup->lifetime_usec))
                lookup->lifetime_usec = lifetime_usec;
}

int lookup_path(struct lookup *lookup, const struct route_query *query, struct path *ret,
                struct route_reply *ret_match) {
        const struct kernel *kernel = lookup->kernel;
        struct route_query asked = *query;
        struct route_reply use;
        struct path path = {.family = query->destination.family};
        const struct link *link;
        bool unknown;
        int r;

        /* The match goes first: with an output interface the use is "on link" where no route is. */
        asked.match = true;
        r = kernel->look_up(kernel->userdata, &asked, ret_match);
        if (r >= 0) {
                lookup_note_lifetime(lookup, ret_match->lifetime_usec);
                asked.match = false;
                r = kernel->look_up(kernel->userdata, &asked, &use);
        }
        if (r == -EAGAIN)
                return r;
        if (r < 0)
                return no_path(query, why_of_error(r, query), ret, ret_match);
        if (why_of_type(use.type) != PATH_USABLE)
                return no_path(query, why_of_type(use.type), ret, ret_match);

        path.ifindex = use.oif;
        path.gateway = use.gateway;
        /* A source that was asked for is not told again. */
        path.source = use.source.family != 0 ? use.source : query->source;
        path.table = ret_match->table;
        path.metric = ret_match->metric;
        path.mtu = ret_match->mtu;
        path.type = LINK_TYPE_UNKNOWN;
        link = model_find(lookup->model, use.oif);
        if (link)
                path_set_link(&path, link);
        if (use.type != RTN_LOCAL) {
                path.why = path_judge(&path, lookup->model, &query->destination, &unknown);
                lookup->unknown |= unknown;
                path.losing = path_losing(&path, lookup->model);
        }
        *ret = path;
        return 0;
}

int lookup_goes_along(struct lookup *lookup, const struct route_query *query,
                      const struct path *path) {
        const struct kernel *kernel = lookup->kernel;
        struct route_reply use;
        int r;

        r = kernel->look_up(kernel->userdata, query, &use);
        if (r == -EAGAIN)
                return r;
        if (r < 0)
                return path->ifindex == 0 && path->why == why_of_error(r, query);
        return path->ifindex == use.oif && netaddr_equal(&path->gateway, &use.gateway) &&
               why_of_type(use.type) == PATH_USABLE;
}

int lookup_rp_filter(struct lookup *lookup, const struct route_query *query,
                     const struct path *path) {
        const struct kernel *kernel = lookup->kernel;
        /* The way back is looked up without what the socket adds: its mark, user and port. */
        struct route_query back = {
                .destination = query->destination,
                .source = path->source,
                .match = true,
        };
        struct route_reply reply;
        int r;

        if (path->family != AF_INET)
                return 0;
        r = kernel->rp_filter(kernel->userdata, path->ifindex);
        if (r < 0)
                return r;
        if (r != NETCONF_RP_FILTER_STRICT)
                return 0;
        r = kernel->look_up(kernel->userdata, &back, &reply);
        if (r == -EAGAIN)
                return r;
        if (r < 0)
                return 1;
        if (reply.oif == path->ifindex)
                return 0;
        for (size_t i = 0; i < reply.n_nexthops; i++)
                if (reply.nexthops[i].ifindex == path->ifindex)
                        return 0;
        return 1;
}
