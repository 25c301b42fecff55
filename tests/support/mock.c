/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_daemon.h"
#include "child.h"
#include "cleanup.h"
#include "die.h"

#define WAIT_USEC UINT64_C(20000000) /* Python starts slowly on a busy machine */

bool mock_possible(void) {
        return system("/usr/bin/python3 -c 'import dbusmock' 2>/dev/null") == 0;
}

pid_t mock_start(const struct bus_daemon *daemon, sd_bus *bus, const char *template,
                 const char *name) {
        char address[128], path[4096];
        const char *argv[] = {"env", address,     "/usr/bin/python3", "-m", "dbusmock", "-s",
                              "-l",  "/dev/null", "--template",       path, NULL};
        pid_t pid;

        (void)snprintf(address, sizeof(address), "DBUS_SYSTEM_BUS_ADDRESS=%s", daemon->address);
        if (strstr(template, ".py"))
                (void)snprintf(path, sizeof(path), "%s/%s", SUPPORT_DIR, template);
        else
                (void)snprintf(path, sizeof(path), "%s", template);
        pid = child_start(argv);
        bus_wait_for_name(bus, name, WAIT_USEC);
        return pid;
}

void mock_call(sd_bus *bus, const char *name, const char *path, const char *interface,
               const char *member, const char *types, ...) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        va_list ap;
        int r;

        if (sd_bus_message_new_method_call(bus, &call, name, path, interface, member) < 0)
                die("%s: the call cannot be made", member);
        va_start(ap, types);
        r = sd_bus_message_appendv(call, types, ap);
        va_end(ap);
        if (r < 0 || sd_bus_call(bus, call, WAIT_USEC, &error, NULL) < 0)
                die("%s: %s", member, error.message);
}
