/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_objects.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_owner.h"
#include "cleanup.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define MATCHES_MAX (BUS_OBJECTS_INTERFACES_MAX + 2)

struct question {
        struct bus_objects *objects;
        sd_bus_slot *slot; /* NULL: free */
        char *path;
        const char *interface;
};

struct bus_objects {
        sd_bus *bus;
        const struct bus_objects_type *type;
        void *userdata;
        struct bus_owner *owner;
        char *connection;   /* of the service; NULL: it is not there */
        bool is_ready;      /* all its objects have been told */
        sd_bus_slot *query; /* for all of them */
        sd_bus_slot *matches[MATCHES_MAX];
        size_t n_matches;
        struct question questions[BUS_OBJECTS_QUESTIONS_MAX];
};

static const char *known_interface(const struct bus_objects *objects, const char *interface) {
        for (const char *const *known = objects->type->interfaces; *known; known++)
                if (strcmp(*known, interface) == 0)
                        return *known;
        return NULL;
}

static bool is_below(const struct bus_objects *objects, const char *path) {
        return strncmp(path, objects->type->prefix, strlen(objects->type->prefix)) == 0;
}

/* Anybody can send a signal to one connection. */
static bool is_from_service(const struct bus_objects *objects, sd_bus_message *m) {
        return objects->is_ready && bus_owner_is(objects->owner, sd_bus_message_get_sender(m));
}

static void question_end(struct question *question) {
        question->slot = sd_bus_slot_unref(question->slot);
        free(STEAL(question->path));
}

static int on_properties(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct question *question = userdata;
        struct bus_objects *objects = question->objects;
        CLEANUP(freep) char *path = STEAL(question->path);
        const char *interface = question->interface;

        question_end(question);
        if (sd_bus_message_is_method_error(m, NULL))
                return 0;
        (void)objects->type->take(path, interface, m, objects->userdata);
        objects->type->changed(objects->userdata);
        return 0;
}

void bus_objects_ask(struct bus_objects *objects, const char *path, const char *interface) {
        for (size_t i = 0; objects->connection && i < BUS_OBJECTS_QUESTIONS_MAX; i++) {
                struct question *question = &objects->questions[i];

                if (question->slot)
                        continue;
                question->objects = objects;
                question->interface = interface;
                question->path = strdup(path);
                if (question->path)
                        (void)sd_bus_call_method_async(
                                objects->bus, &question->slot, objects->connection, path,
                                PROPERTIES, "GetAll", on_properties, question, "s", interface);
                if (!question->slot)
                        question_end(question);
                return;
        }
}

/* The a{sa{sv}} of an object at the cursor. */
static int take_object(struct bus_objects *objects, const char *path, sd_bus_message *m) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                const char *interface;

                r = sd_bus_message_read_basic(m, 's', &interface);
                if (r < 0)
                        return r;
                interface = is_below(objects, path) ? known_interface(objects, interface) : NULL;
                r = interface ? objects->type->take(path, interface, m, objects->userdata)
                              : sd_bus_message_skip(m, "a{sv}");
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int take_objects(struct bus_objects *objects, sd_bus_message *m) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
                const char *path;

                r = sd_bus_message_read_basic(m, 'o', &path);
                if (r < 0)
                        return r;
                r = take_object(objects, path, m);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r;
}

static int on_objects(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bus_objects *objects = userdata;

        objects->query = sd_bus_slot_unref(objects->query);
        objects->is_ready = true;
        if (sd_bus_message_is_method_error(m, NULL))
                return 0;
        (void)take_objects(objects, m);
        objects->type->changed(objects->userdata);
        return 0;
}

static int on_added(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bus_objects *objects = userdata;
        const char *path;

        if (!is_from_service(objects, m) || sd_bus_message_read(m, "o", &path) < 0)
                return 0;
        (void)take_object(objects, path, m);
        objects->type->changed(objects->userdata);
        return 0;
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bus_objects *objects = userdata;
        const char *path;

        if (!is_from_service(objects, m) || sd_bus_message_read(m, "o", &path) < 0)
                return 0;
        objects->type->removed(path, objects->userdata);
        objects->type->changed(objects->userdata);
        return 0;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bus_objects *objects = userdata;
        const char *interface;

        if (!is_from_service(objects, m) || sd_bus_message_read(m, "s", &interface) < 0)
                return 0;
        interface = known_interface(objects, interface);
        if (!interface)
                return 0;
        (void)objects->type->take(sd_bus_message_get_path(m), interface, m, objects->userdata);
        objects->type->changed(objects->userdata);
        return 0;
}

static void forget(struct bus_objects *objects) {
        objects->is_ready = false;
        objects->query = sd_bus_slot_unref(objects->query);
        for (size_t i = 0; i < BUS_OBJECTS_QUESTIONS_MAX; i++)
                question_end(&objects->questions[i]);
        free(STEAL(objects->connection));
}

/* Some take their time as they start, or stand still for long; of one that is gone the bus says
 * so. */
static int ask_for_all(struct bus_objects *objects) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(objects->bus, &m, objects->connection,
                                           objects->type->manager, OBJECT_MANAGER,
                                           "GetManagedObjects");
        if (r < 0)
                return r;
        return sd_bus_call_async(objects->bus, &objects->query, m, on_objects, objects, UINT64_MAX);
}

static void on_owner(const char *connection, void *userdata) {
        struct bus_objects *objects = userdata;

        forget(objects);
        objects->type->removed(NULL, objects->userdata);
        objects->type->changed(objects->userdata);
        objects->connection = connection ? strdup(connection) : NULL;
        if (objects->connection)
                (void)ask_for_all(objects);
}

static int add_match(struct bus_objects *objects, sd_bus_message_handler_t handler,
                     const char *interface, const char *member, const char *argument) {
        char rule[512];

        (void)snprintf(rule, sizeof(rule),
                       "type='signal',sender='%s',interface='%s',member='%s',%s",
                       objects->type->name, interface, member, argument);
        return sd_bus_add_match_async(objects->bus, &objects->matches[objects->n_matches++], rule,
                                      handler, NULL, objects);
}

/* The bus is told so much of what counts that nothing else wakes us. */
static int add_matches(struct bus_objects *objects) {
        const struct bus_objects_type *type = objects->type;
        char argument[128];
        int r;

        (void)snprintf(argument, sizeof(argument), "arg0path='%s'", type->prefix);
        r = add_match(objects, on_added, OBJECT_MANAGER, "InterfacesAdded", argument);
        if (r < 0)
                return r;
        r = add_match(objects, on_removed, OBJECT_MANAGER, "InterfacesRemoved", argument);
        if (r < 0)
                return r;
        for (const char *const *interface = type->interfaces; *interface; interface++) {
                (void)snprintf(argument, sizeof(argument), "arg0='%s'", *interface);
                r = add_match(objects, on_changed, PROPERTIES, "PropertiesChanged", argument);
                if (r < 0)
                        return r;
        }
        return 0;
}

int bus_objects_new(sd_bus *bus, const struct bus_objects_type *type, void *userdata,
                    struct bus_objects **ret) {
        CLEANUP(bus_objects_freep) struct bus_objects *objects = calloc(1, sizeof(*objects));
        int r;

        if (!objects)
                return -ENOMEM;
        objects->bus = bus;
        objects->type = type;
        objects->userdata = userdata;
        r = add_matches(objects);
        if (r < 0)
                return r;
        r = bus_owner_new(bus, type->name, on_owner, objects, &objects->owner);
        if (r < 0)
                return r;
        *ret = STEAL(objects);
        return 0;
}

void bus_objects_free(struct bus_objects *objects) {
        if (!objects)
                return;
        forget(objects);
        bus_owner_free(objects->owner);
        for (size_t i = 0; i < objects->n_matches; i++)
                sd_bus_slot_unref(objects->matches[i]);
        free(objects);
}
