/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_owner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_sender.h"
#include "cleanup.h"

struct bus_owner {
        char *connection; /* its unique name; NULL: nobody */
        bus_owner_handler handler;
        void *userdata;
        sd_bus_slot *match;
        sd_bus_slot *query;
};

static void set_connection(struct bus_owner *owner, const char *connection) {
        if (strcmp(owner->connection ? owner->connection : "", connection) == 0)
                return;
        free(owner->connection);
        owner->connection = connection[0] != '\0' ? strdup(connection) : NULL;
        if (owner->handler)
                owner->handler(owner->connection, owner->userdata);
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *name, *old, *new;

        if (bus_sender_is(m, BUS_SENDER_BUS) &&
            sd_bus_message_read(m, "sss", &name, &old, &new) >= 0)
                set_connection(userdata, new);
        return 0;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *connection;

        if (!sd_bus_message_is_method_error(m, NULL) &&
            sd_bus_message_read(m, "s", &connection) >= 0)
                set_connection(userdata, connection);
        return 0;
}

int bus_owner_new(sd_bus *bus, const char *name, bus_owner_handler handler, void *userdata,
                  struct bus_owner **ret) {
        CLEANUP(bus_owner_freep) struct bus_owner *owner = calloc(1, sizeof(*owner));
        char rule[256];
        int r;

        if (!owner)
                return -ENOMEM;
        owner->handler = handler;
        owner->userdata = userdata;
        (void)snprintf(rule, sizeof(rule),
                       "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                       "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s'",
                       name);
        r = sd_bus_add_match_async(bus, &owner->match, rule, on_changed, NULL, owner);
        if (r < 0)
                return r;
        r = sd_bus_call_method_async(bus, &owner->query, "org.freedesktop.DBus",
                                     "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                     "GetNameOwner", on_answer, owner, "s", name);
        if (r < 0)
                return r;
        *ret = STEAL(owner);
        return 0;
}

void bus_owner_free(struct bus_owner *owner) {
        if (!owner)
                return;
        sd_bus_slot_unref(owner->match);
        sd_bus_slot_unref(owner->query);
        free(owner->connection);
        free(owner);
}

bool bus_owner_is(const struct bus_owner *owner, const char *sender) {
        return owner->connection && strcmp(owner->connection, sender) == 0;
}
