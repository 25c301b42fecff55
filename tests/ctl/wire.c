/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire.h"

#include <criterion/criterion.h>
#include <sys/socket.h>

sd_bus *wire_new(void) {
        sd_bus *bus;
        int fds[2];

        cr_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
        cr_assert(sd_bus_new(&bus) >= 0);
        cr_assert(sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
        cr_assert(sd_bus_start(bus) >= 0);
        return bus;
}

sd_bus_message *wire_message(sd_bus *bus) {
        sd_bus_message *m;

        cr_assert(sd_bus_message_new_signal(bus, &m, "/", "org.wherry.Test", "Test") >= 0);
        return m;
}

void wire_seal(sd_bus_message *m) {
        cr_assert(sd_bus_message_seal(m, 1, 0) >= 0);
        cr_assert(sd_bus_message_rewind(m, true) >= 0);
}
