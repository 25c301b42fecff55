/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_manager.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus_caller.h"
#include "bus_error.h"
#include "bus_interface.h"
#include "bus_owner.h"
#include "bus_path.h"
#include "bus_question.h"
#include "bus_watch.h"
#include "cleanup.h"
#include "manager_property.h"
#include "moment.h"
#include "names.h"
#include "path_changed.h"
#include "property.h"
#include "reasons.h"
#include "world.h"

struct bus_manager {
        sd_bus *bus;
        struct world *world;
        struct bus_interface_list *interfaces;
        struct bus_watch_list *watches;
        struct bus_caller_list *callers;
        struct bus_owner *agent;
        sd_bus_slot *slot;
};

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        const struct bus_manager *manager = userdata;

        return property_append(&manager_properties, reply, property, NULL, manager->world);
}

/* Root, and the agent on behalf of the owners of its channels, may ask for everyone. */
static bool is_privileged(const struct bus_manager *manager, sd_bus_message *m, uint32_t uid) {
        return uid == 0 || bus_owner_is(manager->agent, sd_bus_message_get_sender(m));
}

/* An answer to take the times from, when nobody watches this very question. */
static const struct answer *find_previous(const struct world *world,
                                          const struct question *question) {
        const struct summary *summary = &world->summary;
        const struct answer *watched = watched_find(&world->watched, question);
        bool six = false;

        if (watched)
                return watched;
        switch (question->kind) {
        case QUESTION_ADDRESS:
                six = question->address.family == AF_INET6;
                break;
        case QUESTION_DEFAULT:
                six = answer_prefers6(&summary->primary4, &summary->primary6);
                break;
        case QUESTION_DEFAULT4:
                break;
        case QUESTION_DEFAULT6:
                six = true;
                break;
        }
        return six ? &summary->primary6 : &summary->primary4;
}

static int reply_path(sd_bus_message *m, const struct world *world, const struct question *question,
                      const struct answer *answer) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        char text[QUESTION_TEXT_SIZE];
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_append(reply, "t", world->serial);
        if (r < 0)
                return r;
        (void)question_format(question, text);
        r = bus_path_append(reply, text, answer);
        if (r < 0)
                return r;
        r = bus_path_append_alternatives(reply, text, answer);
        if (r < 0)
                return r;
        return sd_bus_send(NULL, reply, NULL);
}

static int get_path(sd_bus_message *m, uint32_t uid, void *userdata, sd_bus_error *ret_error) {
        struct bus_manager *manager = userdata;
        const struct world *world = manager->world;
        struct question question;
        struct answer answer;
        int r;

        r = bus_question_read(m, uid, is_privileged(manager, m, uid), &question, ret_error);
        if (r < 0)
                return r;
        r = answer_ask(&question, &world->model, &world->kernel, find_previous(world, &question),
                       moment_boottime_usec(), &answer);
        if (r < 0)
                return bus_error_setf(ret_error, r, "The kernel could not be asked, try again");
        return reply_path(m, world, &question, &answer);
}

static int method_get_path(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bus_manager *manager = userdata;

        return bus_caller_run(manager->callers, m, get_path, manager, ret_error);
}

static int watch_path(sd_bus_message *m, uint32_t uid, void *userdata, sd_bus_error *ret_error) {
        struct bus_manager *manager = userdata;
        bool privileged = is_privileged(manager, m, uid);
        size_t limit = privileged ? BUS_WATCH_MAX_PRIVILEGED : BUS_WATCH_MAX_USER;
        struct question question;
        const char *path;
        int r;

        r = bus_question_read(m, uid, privileged, &question, ret_error);
        if (r < 0)
                return r;
        r = bus_watch_add(manager->watches, sd_bus_message_get_sender(m), uid, limit, &question,
                          &path);
        if (r == -EDQUOT)
                return bus_error_setf(ret_error, r, "User %u has %zu watches already", uid, limit);
        if (r < 0)
                return bus_error_setf(ret_error, r, "The kernel could not be asked, try again");
        /* What the path leads through has an object before the caller hears of it. */
        world_mark_paths(manager->world);
        r = bus_interface_list_select(manager->interfaces);
        if (r < 0)
                return r;
        if (r > 0)
                manager->world->serial++;
        return sd_bus_reply_method_return(m, "o", path);
}

static int method_watch_path(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bus_manager *manager = userdata;

        return bus_caller_run(manager->callers, m, watch_path, manager, ret_error);
}

static int read_snapshot_options(sd_bus_message *m, enum bus_interface_choice *ret,
                                 sd_bus_error *ret_error) {
        const char *key, *signature;
        int r, all = 0;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read_basic(m, 's', &key);
                if (r < 0)
                        return r;
                r = sd_bus_message_peek_type(m, NULL, &signature);
                if (r < 0)
                        return r;
                if (strcmp(key, "all") != 0)
                        return bus_error_namef(ret_error, ERROR_INVALID_OPTION,
                                               "There is no option %s", key);
                if (strcmp(signature, "b") != 0)
                        return bus_error_namef(ret_error, ERROR_INVALID_OPTION,
                                               "Option all has type %s, expected b", signature);
                r = sd_bus_message_read(m, "v", "b", &all);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        *ret = all ? BUS_INTERFACE_ALL : BUS_INTERFACE_SHOWN;
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int method_snapshot(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        struct bus_manager *manager = userdata;
        enum bus_interface_choice choice = BUS_INTERFACE_SHOWN;
        int r;

        r = read_snapshot_options(m, &choice, ret_error);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_append(reply, "t", manager->world->serial);
        if (r < 0)
                return r;
        r = property_append_all(&manager_properties, reply, NULL, manager->world);
        if (r < 0)
                return r;
        r = bus_interface_append_all(reply, manager->world, choice);
        if (r < 0)
                return r;
        return sd_bus_send(NULL, reply, NULL);
}

static void on_caller_gone(const char *sender, void *userdata) {
        struct bus_manager *manager = userdata;

        bus_watch_forget(manager->watches, sender);
}

#define CHANGING(name, signature) \
        SD_BUS_PROPERTY(name, signature, get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
#define CONSTANT(name, signature) \
        SD_BUS_PROPERTY(name, signature, get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST)
#define VOLATILE(name, signature) SD_BUS_PROPERTY(name, signature, get_property, 0, 0)

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        CONSTANT("Version", "s"),
        CONSTANT("Features", "as"),
        VOLATILE("Serial", "t"),
        CHANGING("State", "s"),
        CHANGING("StateSince", "t"),
        CHANGING("Primary4", "a{sv}"),
        CHANGING("Primary6", "a{sv}"),
        CHANGING("Metered", "s"),
        CHANGING("AirplaneMode", "b"),
        VOLATILE("Overruns", "t"),
        VOLATILE("Resyncs", "t"),
        CHANGING("PreparingForSleep", "b"),
        SD_BUS_METHOD_WITH_ARGS("GetPath", SD_BUS_ARGS("s", destination, "a{sv}", options),
                                SD_BUS_RESULT("t", serial, "a{sv}", path, "aa{sv}", alternatives),
                                method_get_path, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("WatchPath", SD_BUS_ARGS("s", destination, "a{sv}", options),
                                SD_BUS_RESULT("o", watch), method_watch_path,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS(
                "Snapshot", SD_BUS_ARGS("a{sv}", options),
                SD_BUS_RESULT("t", serial, "a{sv}", manager, "a{oa{sv}}", interfaces),
                method_snapshot, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("PathChanged",
                                SD_BUS_ARGS("t", serial, "as", reasons, "a{sv}", old, "a{sv}", new),
                                0),
        SD_BUS_SIGNAL_WITH_ARGS("Resumed", SD_BUS_ARGS("t", slept_usec), 0),
        SD_BUS_VTABLE_END,
};

int bus_manager_new(sd_bus *bus, struct world *world, struct bus_interface_list *interfaces,
                    struct bus_watch_list *watches, struct bus_manager **ret) {
        CLEANUP(bus_manager_freep) struct bus_manager *manager = calloc(1, sizeof(*manager));
        int r;

        if (!manager)
                return -ENOMEM;
        manager->bus = bus;
        manager->world = world;
        manager->interfaces = interfaces;
        manager->watches = watches;
        r = bus_caller_list_new(bus, on_caller_gone, manager, &manager->callers);
        if (r < 0)
                return r;
        r = bus_owner_new(bus, AGENT_BUS_NAME, NULL, NULL, &manager->agent);
        if (r < 0)
                return r;
        r = sd_bus_add_object_vtable(bus, &manager->slot, NETMON_PATH, NETMON_INTERFACE, vtable,
                                     manager);
        if (r < 0)
                return r;
        *ret = STEAL(manager);
        return 0;
}

void bus_manager_free(struct bus_manager *manager) {
        if (!manager)
                return;
        sd_bus_slot_unref(manager->slot);
        bus_owner_free(manager->agent);
        bus_caller_list_free(manager->callers);
        free(manager);
}

int bus_manager_publish(struct bus_manager *manager, uint64_t event_usec) {
        const struct world *world = manager->world;
        unsigned changed = world->changed;
        int r;

        if (world->is_airplane_mode != world->was_airplane_mode)
                changed |= MANAGER_CHANGE_AIRPLANE;
        if (changed == 0)
                return 0;
        r = property_emit_changed(&manager_properties, manager->bus, NETMON_PATH, changed, NULL,
                                  world);
        if (r < 0 || world->changed == 0)
                return r;
        return path_changed_emit(manager->bus, world, &world->was, world->reasons, event_usec);
}

int bus_manager_publish_sleep(struct bus_manager *manager) {
        return property_emit_changed(&manager_properties, manager->bus, NETMON_PATH,
                                     MANAGER_CHANGE_SLEEP, NULL, manager->world);
}

int bus_manager_publish_resumed(struct bus_manager *manager, uint64_t slept_usec) {
        return sd_bus_emit_signal(manager->bus, NETMON_PATH, NETMON_INTERFACE, "Resumed", "t",
                                  slept_usec);
}

int bus_manager_publish_start(struct bus_manager *manager) {
        struct summary nothing;

        summary_init(&nothing);
        return path_changed_emit(manager->bus, manager->world, &nothing, REASON_START,
                                 moment_boottime_usec());
}
