/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_error.h"
#include "bus_path.h"
#include "bus_reasons.h"
#include "cleanup.h"
#include "moment.h"
#include "names.h"
#include "world.h"

struct bus_watch {
        struct bus_watch_list *list;
        struct bus_watch *next;
        char path[sizeof(NETMON_WATCH_PATH) + 24];
        char *creator; /* unique name of the connection */
        uint32_t uid;
        struct watched *watched;
};

struct bus_watch_list {
        sd_bus *bus;
        struct world *world;
        sd_bus_slot *slot;
        struct bus_watch *first;
        uint64_t last_number;
};

static void watch_free(struct bus_watch *watch) {
        if (watch->watched)
                watched_release(&watch->list->world->watched, watch->watched);
        free(watch->creator);
        free(watch);
}

static void watch_freep(struct bus_watch **watch) {
        if (*watch)
                watch_free(*watch);
}

static void watch_remove(struct bus_watch *watch) {
        struct bus_watch **at = &watch->list->first;

        while (*at != watch)
                at = &(*at)->next;
        *at = watch->next;
        watch_free(watch);
}

/* Every access to a watch comes through here, properties and introspection included. */
static int find_watch(sd_bus *bus, const char *path, const char *interface, void *userdata,
                      void **ret_found, sd_bus_error *ret_error) {
        struct bus_watch_list *list = userdata;
        sd_bus_message *m = sd_bus_get_current_message(bus);
        const char *sender = m ? sd_bus_message_get_sender(m) : NULL;

        for (struct bus_watch *watch = list->first; watch; watch = watch->next) {
                if (strcmp(watch->path, path) != 0)
                        continue;
                if (!sender || strcmp(watch->creator, sender) != 0)
                        return bus_error_setf(ret_error, -EACCES,
                                              "This watch belongs to another connection");
                *ret_found = watch;
                return 1;
        }
        return 0;
}

static int get_destination(sd_bus *bus, const char *path, const char *interface,
                           const char *property, sd_bus_message *reply, void *userdata,
                           sd_bus_error *ret_error) {
        const struct bus_watch *watch = userdata;
        char text[QUESTION_TEXT_SIZE];

        return sd_bus_message_append_basic(reply, 's',
                                           question_format(&watch->watched->question, text));
}

static int get_serial(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        const struct bus_watch *watch = userdata;

        return sd_bus_message_append_basic(reply, 't', &watch->watched->serial);
}

static int get_path(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        const struct bus_watch *watch = userdata;
        char text[QUESTION_TEXT_SIZE];

        return bus_path_append(reply, question_format(&watch->watched->question, text),
                               &watch->watched->answer);
}

static int get_alternatives(sd_bus *bus, const char *path, const char *interface,
                            const char *property, sd_bus_message *reply, void *userdata,
                            sd_bus_error *ret_error) {
        const struct bus_watch *watch = userdata;
        char text[QUESTION_TEXT_SIZE];

        return bus_path_append_alternatives(reply, question_format(&watch->watched->question, text),
                                            &watch->watched->answer);
}

static int method_release(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        int r;

        r = sd_bus_reply_method_return(m, NULL);
        if (r < 0)
                return r;
        watch_remove(userdata);
        return 1;
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Destination", "s", get_destination, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Serial", "t", get_serial, 0, 0),
        SD_BUS_PROPERTY("Path", "a{sv}", get_path, 0, 0),
        SD_BUS_PROPERTY("Alternatives", "aa{sv}", get_alternatives, 0, 0),
        SD_BUS_METHOD_WITH_ARGS("Release", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_release,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("Changed",
                                SD_BUS_ARGS("t", serial, "as", reasons, "t", event_usec, "t",
                                            published_usec, "a{sv}", path, "aa{sv}", alternatives),
                                0),
        SD_BUS_VTABLE_END,
};

int bus_watch_list_new(sd_bus *bus, struct world *world, struct bus_watch_list **ret) {
        CLEANUP(bus_watch_list_freep) struct bus_watch_list *list = calloc(1, sizeof(*list));
        int r;

        if (!list)
                return -ENOMEM;
        list->bus = bus;
        list->world = world;
        r = sd_bus_add_fallback_vtable(bus, &list->slot, NETMON_WATCH_PATH, NETMON_WATCH_INTERFACE,
                                       vtable, find_watch, list);
        if (r < 0)
                return r;
        *ret = STEAL(list);
        return 0;
}

void bus_watch_list_free(struct bus_watch_list *list) {
        if (!list)
                return;
        while (list->first)
                watch_remove(list->first);
        sd_bus_slot_unref(list->slot);
        free(list);
}

int bus_watch_add(struct bus_watch_list *list, const char *sender, uint32_t uid, size_t limit,
                  const struct question *question, const char **ret_path) {
        CLEANUP(watch_freep) struct bus_watch *watch = NULL;
        size_t n = 0;
        int r;

        for (const struct bus_watch *other = list->first; other; other = other->next)
                n += other->uid == uid;
        if (n >= limit)
                return -EDQUOT;
        watch = calloc(1, sizeof(*watch));
        if (!watch)
                return -ENOMEM;
        watch->list = list;
        watch->uid = uid;
        watch->creator = strdup(sender);
        if (!watch->creator)
                return -ENOMEM;
        r = watched_take(&list->world->watched, question, &list->world->model, &list->world->kernel,
                         list->world->serial, moment_boottime_usec(), &watch->watched);
        if (r < 0)
                return r;
        (void)snprintf(watch->path, sizeof(watch->path), NETMON_WATCH_PATH "/%" PRIu64,
                       ++list->last_number);
        *ret_path = watch->path;
        watch->next = list->first;
        list->first = STEAL(watch);
        return 0;
}

void bus_watch_forget(struct bus_watch_list *list, const char *sender) {
        struct bus_watch *next;

        for (struct bus_watch *watch = list->first; watch; watch = next) {
                next = watch->next;
                if (strcmp(watch->creator, sender) == 0)
                        watch_remove(watch);
        }
}

static int publish(const struct bus_watch *watch, uint64_t event_usec) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const struct watched *watched = watch->watched;
        char text[QUESTION_TEXT_SIZE];
        int r;

        (void)question_format(&watched->question, text);
        r = sd_bus_message_new_signal(watch->list->bus, &m, watch->path, NETMON_WATCH_INTERFACE,
                                      "Changed");
        if (r < 0)
                return r;
        r = sd_bus_message_set_destination(m, watch->creator);
        if (r < 0)
                return r;
        r = sd_bus_message_append_basic(m, 't', &watched->serial);
        if (r < 0)
                return r;
        r = bus_reasons_append(m, watched->reasons);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "tt", event_usec, moment_boottime_usec());
        if (r < 0)
                return r;
        r = bus_path_append(m, text, &watched->answer);
        if (r < 0)
                return r;
        r = bus_path_append_alternatives(m, text, &watched->answer);
        if (r < 0)
                return r;
        return sd_bus_send(watch->list->bus, m, NULL);
}

int bus_watch_list_publish(struct bus_watch_list *list, uint64_t event_usec) {
        for (const struct bus_watch *watch = list->first; watch; watch = watch->next) {
                int r;

                if (watch->watched->reasons == 0)
                        continue;
                r = publish(watch, event_usec);
                if (r < 0)
                        return r;
        }
        return 0;
}
