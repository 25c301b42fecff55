/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_link.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "bus_daemon.h"
#include "die.h"
#include "moment.h"

#define NAME "org.example.Test"

static struct bus_daemon daemon_;
static sd_event *event;
static struct bus_link *link_;
static unsigned n_up, n_named, n_down;
static bool kill_in_up;

static int on_up(sd_bus *bus, void *userdata) {
        n_up++;
        if (kill_in_up)
                bus_daemon_kill(&daemon_);
        return 0;
}

static void on_named(void *userdata) {
        n_named++;
}

static void on_down(void *userdata) {
        n_down++;
}

static const struct bus_link_owner owner = {.up = on_up, .named = on_named, .down = on_down};

/* The loop runs until the number is reached. */
static void run(const unsigned *number, unsigned wanted) {
        uint64_t deadline_usec = moment_now().usec + 10 * USEC_PER_SEC;

        while (*number < wanted) {
                cr_assert(ne(int, sd_event_get_state(event), SD_EVENT_FINISHED), "it gave up");
                cr_assert(lt(u64, moment_now().usec, deadline_usec), "%u instead of %u", *number,
                          wanted);
                cr_assert(ge(int, sd_event_run(event, USEC_PER_SEC), 0));
        }
}

static void setup(void) {
        bus_daemon_start(&daemon_);
        if (sd_event_new(&event) < 0)
                die("sd_event_new");
}

static void start_client(void) {
        if (bus_link_new(event, daemon_.address, NULL, &owner, NULL, &link_) < 0)
                die("bus_link_new");
}

static void start_at(const char *address) {
        if (bus_link_new(event, address, NAME, &owner, NULL, &link_) < 0)
                die("bus_link_new");
}

static void start(void) {
        start_at(daemon_.address);
}

static void teardown(void) {
        bus_link_free(link_);
        sd_event_unref(event);
        bus_daemon_stop(&daemon_);
}

TestSuite(bus_link, .init = setup, .fini = teardown, .timeout = 60);

Test(bus_link, takes_the_name_and_again_when_the_bus_is_back) {
        start();
        run(&n_named, 1);
        bus_daemon_kill(&daemon_);
        run(&n_down, 1);
        bus_daemon_restart(&daemon_);
        run(&n_named, 2);
        cr_assert(eq(u32, n_up, 2));
}

/* As dbus-daemon prints its address: with the identity of this run. */
Test(bus_link, bus_that_is_back_is_another_one) {
        const char *place = daemon_.address + strlen("unix:path=");
        char address[4][256];

#define GUID "guid=0123456789abcdef0123456789abcdef"
        (void)snprintf(address[0], sizeof(address[0]), "unix:path=%s," GUID, place);
        (void)snprintf(address[1], sizeof(address[1]), "unix:" GUID ",path=%s", place);
        (void)snprintf(address[2], sizeof(address[2]),
                       "unix:path=/nowhere/guid=1," GUID ";unix:path=%s," GUID, place);
        (void)snprintf(address[3], sizeof(address[3]), "unix:path=%s", place);
        for (size_t i = 0; i < 4; i++) {
                n_named = 0;
                start_at(address[i]);
                run(&n_named, 1);
                bus_link_free(link_);
                link_ = NULL;
        }
}

Test(bus_link, bus_that_comes_late_is_no_error) {
        bus_daemon_kill(&daemon_);
        start();
        cr_assert(ge(int, sd_event_run(event, USEC_PER_SEC), 0));
        bus_daemon_restart(&daemon_);
        run(&n_named, 1);
}

Test(bus_link, bus_that_dies_over_the_name_is_waited_for) {
        kill_in_up = true;
        start();
        run(&n_down, 1);
        kill_in_up = false;
        bus_daemon_restart(&daemon_);
        run(&n_named, 1);
}

Test(bus_link, client_takes_no_name_and_comes_back) {
        start_client();
        run(&n_up, 1);
        for (unsigned i = 1; i < 4; i++) {
                bus_daemon_kill(&daemon_);
                run(&n_down, i);
                bus_daemon_restart(&daemon_);
                run(&n_up, i + 1);
        }
        cr_assert(eq(u32, n_named, 0));
}

Test(bus_link, name_of_another_ends_the_daemon) {
        sd_bus *other = bus_daemon_connect(&daemon_);

        cr_assert(ge(int, sd_bus_request_name(other, NAME, 0), 0));
        start();
        while (sd_event_get_state(event) != SD_EVENT_FINISHED)
                if (sd_event_run(event, USEC_PER_SEC) < 0)
                        break;
        cr_assert(eq(u32, n_named, 0));
        sd_bus_flush_close_unref(other);
}
