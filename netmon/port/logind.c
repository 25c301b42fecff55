/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "logind.h"

#include <errno.h>
#include <stdlib.h>

#include "bus_owner.h"
#include "cleanup.h"

#define NAME "org.freedesktop.login1"
#define PATH "/org/freedesktop/login1"
#define INTERFACE "org.freedesktop.login1.Manager"

struct logind {
        sd_bus *bus;
        logind_handler handler;
        void *userdata;
        struct bus_owner *owner;
        sd_bus_slot *match;
        sd_bus_slot *query;
};

static int on_prepare(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct logind *logind = userdata;
        int near;

        /* Anybody can send a signal to one connection. */
        if (!bus_owner_is(logind->owner, sd_bus_message_get_sender(m)) ||
            sd_bus_message_read(m, "b", &near) < 0)
                return 0;
        /* It is newer than whatever was asked for before. */
        logind->query = sd_bus_slot_unref(logind->query);
        logind->handler(near ? SUSPEND_NEAR : SUSPEND_OVER, logind->userdata);
        return 0;
}

static int on_property(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct logind *logind = userdata;
        int near;

        logind->query = sd_bus_slot_unref(logind->query);
        if (!sd_bus_message_is_method_error(m, NULL) &&
            sd_bus_message_read(m, "v", "b", &near) >= 0 && near)
                logind->handler(SUSPEND_NEAR, logind->userdata);
        return 0;
}

static void on_owner(const char *connection, void *userdata) {
        struct logind *logind = userdata;

        logind->query = sd_bus_slot_unref(logind->query);
        logind->handler(SUSPEND_SILENT, logind->userdata);
        if (connection)
                (void)sd_bus_call_method_async(logind->bus, &logind->query, connection, PATH,
                                               "org.freedesktop.DBus.Properties", "Get",
                                               on_property, logind, "ss", INTERFACE,
                                               "PreparingForSleep");
}

int logind_new(sd_bus *bus, logind_handler handler, void *userdata, struct logind **ret) {
        CLEANUP(logind_freep) struct logind *logind = calloc(1, sizeof(*logind));
        int r;

        if (!logind)
                return -ENOMEM;
        logind->bus = bus;
        logind->handler = handler;
        logind->userdata = userdata;
        r = sd_bus_add_match_async(bus, &logind->match,
                                   "type='signal',sender='" NAME "',path='" PATH
                                   "',interface='" INTERFACE "',member='PrepareForSleep'",
                                   on_prepare, NULL, logind);
        if (r < 0)
                return r;
        r = bus_owner_new(bus, NAME, on_owner, logind, &logind->owner);
        if (r < 0)
                return r;
        *ret = STEAL(logind);
        return 0;
}

void logind_free(struct logind *logind) {
        if (!logind)
                return;
        bus_owner_free(logind->owner);
        sd_bus_slot_unref(logind->match);
        sd_bus_slot_unref(logind->query);
        free(logind);
}
