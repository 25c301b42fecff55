/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sockreset.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bus_link.h"
#include "cleanup.h"
#include "departures.h"
#include "diag_msg.h"
#include "kernel.h"
#include "log.h"
#include "moment.h"
#include "own_addresses.h"
#include "reset_settings.h"
#include "route_msg.h"
#include "rtnl_request.h"
#include "sock_diag.h"

/* A socket that goes moves those behind it in the kernel's table, and the dump may miss one: the
 * search is repeated until it finds nothing more. */
#define SEARCHES_MAX 8

struct sockreset {
        sd_event *event;
        const struct reset_settings *settings;
        struct bus_link *link;
        struct own_addresses *own; /* NULL without a connection */
        struct departures departures;
        sd_event_source *timer;
        struct rtnl_request *request;
        struct sock_diag *diag;
        struct own_address address; /* that is searched for now */
        bool is_searching;
        unsigned n_searches; /* for it */
        unsigned n_closed;   /* by the latest of them */
        unsigned n_total;    /* by all of them, or to be closed in a dry run */
};

/* Time spent asleep is no part of the grace: no address can come back meanwhile. */
static uint64_t now_usec(const struct sockreset *sockreset) {
        uint64_t now = 0;

        (void)sd_event_now(sockreset->event, CLOCK_MONOTONIC, &now);
        return now;
}

/* netmon does not tell of each interface, and its news may be late: the kernel has the last
 * word. */
static bool is_gone(struct sockreset *sockreset, const struct own_address *address) {
        const struct route_query query = {
                .destination = address->address,
                .oif = address->ifindex,
        };
        struct route_reply reply;
        struct kernel kernel;
        int r;

        rtnl_request_kernel(sockreset->request, &kernel);
        r = kernel.look_up(kernel.userdata, &query, &reply);
        return r < 0 ? r != -EAGAIN : reply.type != RTN_LOCAL;
}

static void arm_timer(struct sockreset *sockreset) {
        uint64_t due_usec = departures_deadline(&sockreset->departures);
        bool waits = due_usec != UINT64_MAX && !sockreset->is_searching;
        int r;

        r = sd_event_source_set_time(sockreset->timer, due_usec);
        if (r >= 0)
                r = sd_event_source_set_enabled(sockreset->timer,
                                                waits ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
        if (r >= 0)
                return;
        log_error("cannot set the timer: %s", strerror(-r));
        (void)sd_event_exit(sockreset->event, r);
}

/* Begins to search for the connections of the next address that is gone, one at a time. */
static void turn(struct sockreset *sockreset) {
        while (!sockreset->is_searching &&
               departures_take(&sockreset->departures, now_usec(sockreset), &sockreset->address)) {
                if (!is_gone(sockreset, &sockreset->address))
                        continue;
                sockreset->is_searching = true;
                sockreset->n_searches = 0;
                sockreset->n_closed = 0;
                sockreset->n_total = 0;
                sock_diag_search(sockreset->diag, &sockreset->address);
        }
        arm_timer(sockreset);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        turn(userdata);
        return 0;
}

static void on_found(const struct diag_socket *socket, void *userdata) {
        struct sockreset *sockreset = userdata;
        char text[DIAG_SOCKET_TEXT_SIZE];
        int r;

        /* It may have come back while a long search ran. */
        if (!is_gone(sockreset, &sockreset->address))
                return;
        (void)diag_socket_format(socket, text);
        if (sockreset->settings->dry_run) {
                sockreset->n_total++;
                log_notice("%s: would be closed, its address is gone (uid %u)", text, socket->uid);
                return;
        }
        r = sock_diag_destroy(sockreset->diag, socket);
        if (r == -ENOENT)
                return; /* it ended by itself */
        if (r < 0) {
                log_warning("%s: cannot be closed (%s), ignoring", text, strerror(-r));
                return;
        }
        sockreset->n_closed++;
        sockreset->n_total++;
        log_notice("%s: closed, its address is gone (uid %u)", text, socket->uid);
}

static void on_done(int result, void *userdata) {
        struct sockreset *sockreset = userdata;
        char text[NETADDR_TEXT_SIZE];

        (void)netaddr_format(&sockreset->address.address, text);
        if (result < 0)
                log_warning("%s: cannot search for all its connections (%s), ignoring", text,
                            strerror(-result));
        if (sockreset->n_closed > 0 && ++sockreset->n_searches < SEARCHES_MAX) {
                sockreset->n_closed = 0;
                sock_diag_search(sockreset->diag, &sockreset->address);
                return;
        }
        log_info("%s: gone; %u connections %s", text, sockreset->n_total,
                 sockreset->settings->dry_run ? "would be closed" : "closed");
        sockreset->is_searching = false;
        turn(sockreset);
}

static const struct sock_diag_owner diag_owner = {
        .found = on_found,
        .done = on_done,
};

static void on_addresses(uint32_t ifindex, const struct netaddr *addresses, size_t n,
                         void *userdata) {
        struct sockreset *sockreset = userdata;
        int r;

        r = departures_set(&sockreset->departures, ifindex, addresses, n,
                           now_usec(sockreset) + sockreset->settings->grace_usec);
        if (r == -ENOSPC)
                log_warning("too many addresses are gone at once, ignoring some");
        if (r == -ENOMEM) {
                log_warning("out of memory, ignoring all that went so far");
                departures_clear(&sockreset->departures);
        }
        turn(sockreset);
}

static void on_unknown(void *userdata) {
        struct sockreset *sockreset = userdata;

        departures_clear(&sockreset->departures); /* the timer finds nothing */
}

static const struct own_addresses_owner addresses_owner = {
        .changed = on_addresses,
        .unknown = on_unknown,
};

static int on_bus_up(sd_bus *bus, void *userdata) {
        struct sockreset *sockreset = userdata;

        return own_addresses_new(bus, &addresses_owner, sockreset, &sockreset->own);
}

static void on_bus_down(void *userdata) {
        struct sockreset *sockreset = userdata;

        own_addresses_free(STEAL(sockreset->own));
        on_unknown(sockreset);
}

static const struct bus_link_owner bus_owner = {
        .up = on_bus_up,
        .down = on_bus_down,
};

int sockreset_new(sd_event *event, const char *bus_address, const struct reset_settings *settings,
                  struct sockreset **ret) {
        CLEANUP(sockreset_freep) struct sockreset *sockreset = calloc(1, sizeof(*sockreset));
        int r;

        if (!sockreset)
                return -ENOMEM;
        sockreset->event = sd_event_ref(event);
        sockreset->settings = settings;
        r = rtnl_request_new(&sockreset->request);
        if (r < 0)
                return r;
        r = sock_diag_new(event, &diag_owner, sockreset, &sockreset->diag);
        if (r < 0)
                return r;
        r = sd_event_add_time(event, &sockreset->timer, CLOCK_MONOTONIC, UINT64_MAX, USEC_PER_MSEC,
                              on_timer, sockreset);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(sockreset->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = bus_link_new(event, bus_address, NULL, &bus_owner, sockreset, &sockreset->link);
        if (r < 0)
                return r;
        *ret = STEAL(sockreset);
        return 0;
}

void sockreset_free(struct sockreset *sockreset) {
        if (!sockreset)
                return;
        bus_link_free(sockreset->link);
        sock_diag_free(sockreset->diag);
        rtnl_request_free(sockreset->request);
        sd_event_source_disable_unref(sockreset->timer);
        departures_clear(&sockreset->departures);
        sd_event_unref(sockreset->event);
        free(sockreset);
}
