/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publisher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "bus_link.h"
#include "bus_netmon.h"
#include "cleanup.h"
#include "hints.h"
#include "log.h"
#include "names.h"
#include "program_pages.h"
#include "state_file.h"
#include "world.h"

struct publisher {
        sd_event *event;
        struct world *world;
        struct hints *hints;
        char *bus_address;
        struct bus_link *link;  /* NULL until the start */
        struct bus_netmon *bus; /* NULL without a connection */
        struct state_file *state_file;
        bool is_ready; /* the service manager knows */
};

static void check_published(int r) {
        if (r < 0)
                log_warning("bus: cannot publish (%s), ignoring", strerror(-r));
}

static int on_bus_up(sd_bus *bus, void *userdata) {
        struct publisher *publisher = userdata;
        int r;

        r = bus_netmon_new(bus, publisher->world, &publisher->bus);
        if (r < 0)
                return r;
        return hints_attach(publisher->hints, bus);
}

static void on_bus_named(void *userdata) {
        struct publisher *publisher = userdata;

        check_published(bus_netmon_publish_start(publisher->bus));
        if (publisher->is_ready)
                return;
        publisher->is_ready = true;
        (void)sd_notify(0, "READY=1");
        program_pages_drop();
}

static void on_bus_down(void *userdata) {
        struct publisher *publisher = userdata;

        bus_netmon_free(STEAL(publisher->bus));
        hints_detach(publisher->hints);
}

static const struct bus_link_owner bus_owner = {
        .up = on_bus_up,
        .named = on_bus_named,
        .down = on_bus_down,
};

void publisher_write_state(struct publisher *publisher) {
        int r;

        if (!publisher->link)
                return;
        r = state_file_update(publisher->state_file, &publisher->world->summary);
        if (r < 0)
                log_warning("state file: cannot be written (%s), ignoring", strerror(-r));
}

int publisher_start(struct publisher *publisher) {
        int r = bus_link_new(publisher->event, publisher->bus_address, NETMON_BUS_NAME, &bus_owner,
                             publisher, &publisher->link);

        if (r >= 0)
                publisher_write_state(publisher);
        return r;
}

bool publisher_has_started(const struct publisher *publisher) {
        return publisher->link;
}

bool publisher_tell_links(struct publisher *publisher) {
        int r = publisher->bus ? bus_netmon_publish_links(publisher->bus) : 0;

        check_published(r);
        return r > 0;
}

void publisher_tell_paths(struct publisher *publisher, uint64_t event_usec) {
        if (publisher->bus)
                check_published(bus_netmon_publish_paths(publisher->bus, event_usec));
}

void publisher_tell_sleep(struct publisher *publisher) {
        if (publisher->bus)
                check_published(bus_netmon_publish_sleep(publisher->bus));
}

void publisher_tell_resumed(struct publisher *publisher, uint64_t slept_usec) {
        if (publisher->bus)
                check_published(bus_netmon_publish_resumed(publisher->bus, slept_usec));
}

int publisher_new(sd_event *event, const char *bus_address, const char *state_file,
                  struct world *world, struct hints *hints, struct publisher **ret) {
        CLEANUP(publisher_freep) struct publisher *publisher = calloc(1, sizeof(*publisher));
        int r;

        if (!publisher)
                return -ENOMEM;
        publisher->event = sd_event_ref(event);
        publisher->world = world;
        publisher->hints = hints;
        publisher->bus_address = strdup(bus_address);
        if (!publisher->bus_address)
                return -ENOMEM;
        r = state_file_new(state_file, &publisher->state_file);
        if (r < 0)
                return r;
        *ret = STEAL(publisher);
        return 0;
}

void publisher_free(struct publisher *publisher) {
        if (!publisher)
                return;
        bus_link_free(publisher->link);
        state_file_free(publisher->state_file);
        free(publisher->bus_address);
        sd_event_unref(publisher->event);
        free(publisher);
}
