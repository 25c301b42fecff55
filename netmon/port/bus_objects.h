/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The objects of another service, followed while it is on the bus: asked for without waiting when
 * it comes, then kept up to date by its signals. What it says is handed on as it is. */

#include <stdbool.h>
#include <systemd/sd-bus.h>

struct bus_objects;

#define BUS_OBJECTS_INTERFACES_MAX 4
#define BUS_OBJECTS_QUESTIONS_MAX 16

struct bus_objects_type {
        const char *name;
        const char *manager; /* path of its ObjectManager */
        const char *prefix;  /* only objects below this path, ends with a slash */
        /* Those whose properties count; the list ends with NULL. */
        const char *interfaces[BUS_OBJECTS_INTERFACES_MAX + 1];

        /* Some or all properties of an interface of the object: an a{sv} is at the cursor. A
         * negative return says that it is malformed, which is of no consequence. */
        int (*take)(const char *path, const char *interface, sd_bus_message *m, void *userdata);
        /* The object is gone; NULL: all are. */
        void (*removed)(const char *path, void *userdata);
        /* After any of these. */
        void (*changed)(void *userdata);
};

/* For one bus connection; borrows both. */
int bus_objects_new(sd_bus *bus, const struct bus_objects_type *type, void *userdata,
                    struct bus_objects **ret);
void bus_objects_free(struct bus_objects *objects);

static inline void bus_objects_freep(struct bus_objects **objects) {
        bus_objects_free(*objects);
}

/* Asks for the properties of an object that the ObjectManager does not list; they come as of any
 * other, wherever its path is. With BUS_OBJECTS_QUESTIONS_MAX under way it is ignored. */
void bus_objects_ask(struct bus_objects *objects, const char *path, const char *interface);
