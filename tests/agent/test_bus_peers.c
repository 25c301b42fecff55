/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_peers.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <unistd.h>

#include "bus_daemon.h"
#include "cleanup.h"
#include "die.h"
#include "moment.h"

#define PATH "/test"
#define INTERFACE "org.example.Test"

/* A service with one method on a real bus; nothing runs but by pump(). */
static struct bus_daemon daemon_;
static sd_bus *service, *app, *stranger;
static struct bus_peers *peers;
static unsigned n_calls, n_gone;
static struct peer *caller;

static int method_call(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        uint32_t number;

        if (sd_bus_message_read(m, "u", &number) < 0)
                return -EINVAL;
        /* In the order in which they were sent, and only when the uid is known. */
        if (number != n_calls++)
                die("call %u comes as the %u.", number, n_calls);
        caller = bus_peers_caller(peers, m);
        if (!caller || !caller->known || caller->uid != getuid())
                die("the caller is not known");
        return sd_bus_reply_method_return(m, NULL);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Call", "u", "", method_call, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static void on_gone(struct peer *peer, void *userdata) {
        n_gone++;
}

static void pump(const unsigned *number, unsigned wanted) {
        uint64_t deadline_usec = moment_now().usec + 10 * USEC_PER_SEC;

        while (*number < wanted) {
                if (sd_bus_process(service, NULL) > 0)
                        continue;
                if (moment_now().usec > deadline_usec)
                        die("%u instead of %u", *number, wanted);
                (void)sd_bus_wait(service, USEC_PER_MSEC);
        }
}

static const char *name_of(sd_bus *bus) {
        const char *name;

        if (sd_bus_get_unique_name(bus, &name) < 0)
                die("no unique name");
        return name;
}

static void call(sd_bus *from, uint32_t number) {
        if (sd_bus_call_method_async(from, NULL, name_of(service), PATH, INTERFACE, "Call", NULL,
                                     NULL, "u", number) < 0 ||
            sd_bus_flush(from) < 0)
                die("call");
}

static void setup(void) {
        bus_daemon_start(&daemon_);
        service = bus_daemon_connect(&daemon_);
        app = bus_daemon_connect(&daemon_);
        stranger = bus_daemon_connect(&daemon_);
        if (sd_bus_add_object_vtable(service, NULL, PATH, INTERFACE, vtable, NULL) < 0 ||
            bus_peers_new(service, on_gone, NULL, &peers) < 0)
                die("service");
}

static void teardown(void) {
        bus_peers_free(peers);
        sd_bus_flush_close_unref(app);
        sd_bus_flush_close_unref(stranger);
        sd_bus_flush_close_unref(service);
        bus_daemon_stop(&daemon_);
}

TestSuite(bus_peers, .init = setup, .fini = teardown, .timeout = 60);

Test(bus_peers, calls_wait_for_the_uid_in_order) {
        for (uint32_t i = 0; i < 100; i++)
                call(app, i);
        pump(&n_calls, 100);
}

Test(bus_peers, whoever_leaves_is_gone) {
        call(app, 0);
        pump(&n_calls, 1);
        app = sd_bus_flush_close_unref(app);
        pump(&n_gone, 1);
        cr_assert(bus_peers_first(peers) == NULL);
}

Test(bus_peers, strangers_cannot_send_others_away) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        call(app, 0);
        pump(&n_calls, 1);
        if (sd_bus_message_new_signal(stranger, &m, "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                      "NameOwnerChanged") < 0 ||
            sd_bus_message_append(m, "sss", name_of(app), name_of(app), "") < 0 ||
            sd_bus_send_to(stranger, m, name_of(service), NULL) < 0)
                die("signal");
        /* The call comes behind the signal. */
        call(stranger, 1);
        pump(&n_calls, 2);
        cr_assert(eq(u32, n_gone, 0));
}

Test(bus_peers, a_call_over_an_earlier_bus_is_nobodys) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        call(app, 0);
        pump(&n_calls, 1);
        /* The same unique name, as given out by a bus that was started again. */
        if (sd_bus_message_new_method_call(stranger, &m, NULL, PATH, INTERFACE, "Call") < 0 ||
            sd_bus_message_set_sender(m, name_of(app)) < 0)
                die("message");
        cr_assert(bus_peers_caller(peers, m) == NULL);
}
