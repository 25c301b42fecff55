/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "world.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdarg.h>

#include "bus_daemon.h"
#include "child.h"
#include "fake.h"
#include "tool.h"

#define PATIENCE_USEC UINT64_C(30000000) /* until a test gives up */

static struct {
        struct bus_daemon bus;
        pid_t fake;
        sd_bus *control;
} world;

void world_start_empty(void) {
        bus_daemon_start(&world.bus);
        tool_use_bus(world.bus.address);
}

void world_start(const char *const *daemons) {
        const char *argv[8] = {FAKE_DAEMONS, world.bus.address};
        size_t n = 2;

        world_start_empty();
        while (daemons && *daemons)
                argv[n++] = *daemons++;
        world.fake = child_start(argv);
        world.control = bus_daemon_connect(&world.bus);
        bus_wait_for_name(world.control, FAKE_NAME, PATIENCE_USEC);
}

void world_stop(void) {
        world.control = sd_bus_close_unref(world.control);
        (void)child_stop(world.fake, SIGKILL);
        world.fake = 0;
        bus_daemon_stop(&world.bus);
}

const char *world_address(void) {
        return world.bus.address;
}

static void call(sd_bus_message *m) {
        sd_bus_error error = SD_BUS_ERROR_NULL;

        cr_assert(sd_bus_call(world.control, m, PATIENCE_USEC, &error, NULL) >= 0, "%s: %s",
                  sd_bus_message_get_member(m), error.message);
        sd_bus_message_unref(m);
}

void world_tell(const char *member, const char *types, ...) {
        sd_bus_message *m;
        va_list ap;

        cr_assert(sd_bus_message_new_method_call(world.control, &m, FAKE_NAME, FAKE_PATH, FAKE_NAME,
                                                 member) >= 0);
        va_start(ap, types);
        cr_assert(sd_bus_message_appendv(m, types, ap) >= 0);
        va_end(ap);
        call(m);
}

void world_receive(const char *channel, const void *payload, size_t len) {
        sd_bus_message *m;

        cr_assert(sd_bus_message_new_method_call(world.control, &m, FAKE_NAME, FAKE_PATH, FAKE_NAME,
                                                 "Receive") >= 0);
        cr_assert(sd_bus_message_append(m, "s", channel) >= 0);
        cr_assert(sd_bus_message_append_array(m, 'y', payload, len) >= 0);
        call(m);
}
