/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_caller.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bus_error.h"
#include "bus_sender.h"
#include "cleanup.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define BUS_INTERFACE "org.freedesktop.DBus"

struct waiting_call {
        sd_bus_message *message;
        bus_caller_handler handler;
        void *userdata;
};

struct bus_caller {
        struct bus_caller_list *list;
        struct bus_caller *next;
        char *sender;
        uint32_t uid;
        sd_bus_slot *query; /* for the uid; NULL when it is known */
        struct waiting_call *waiting;
        size_t n_waiting;
};

struct bus_caller_list {
        sd_bus *bus;
        bus_caller_gone gone;
        void *userdata;
        sd_bus_slot *match;
        struct bus_caller *first;
};

static void caller_free(struct bus_caller *caller) {
        for (size_t i = 0; i < caller->n_waiting; i++)
                sd_bus_message_unref(caller->waiting[i].message);
        free(caller->waiting);
        sd_bus_slot_unref(caller->query);
        free(caller->sender);
        free(caller);
}

static struct bus_caller **find(struct bus_caller_list *list, const char *sender) {
        struct bus_caller **at = &list->first;

        while (*at && strcmp((*at)->sender, sender) != 0)
                at = &(*at)->next;
        return at;
}

static void forget(struct bus_caller_list *list, const char *sender) {
        struct bus_caller **at = find(list, sender), *caller = *at;

        if (!caller)
                return;
        *at = caller->next;
        list->gone(sender, list->userdata);
        caller_free(caller);
}

static int on_name_gone(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *name;

        if (bus_sender_is(m, BUS_SENDER_BUS) && sd_bus_message_read(m, "s", &name) >= 0)
                forget(userdata, name);
        return 0;
}

int bus_caller_list_new(sd_bus *bus, bus_caller_gone gone, void *userdata,
                        struct bus_caller_list **ret) {
        CLEANUP(bus_caller_list_freep) struct bus_caller_list *list = calloc(1, sizeof(*list));
        int r;

        if (!list)
                return -ENOMEM;
        list->bus = bus;
        list->gone = gone;
        list->userdata = userdata;
        /* One rule for all: the bus limits rules, not connections. An empty third argument is a
         * name that nobody owns any more. */
        r = sd_bus_add_match_async(bus, &list->match,
                                   "type='signal',sender='" BUS_NAME "',path='" BUS_PATH
                                   "',interface='" BUS_INTERFACE
                                   "',member='NameOwnerChanged',arg2=''",
                                   on_name_gone, NULL, list);
        if (r < 0)
                return r;
        *ret = STEAL(list);
        return 0;
}

void bus_caller_list_free(struct bus_caller_list *list) {
        if (!list)
                return;
        while (list->first) {
                struct bus_caller *caller = list->first;

                list->first = caller->next;
                caller_free(caller);
        }
        sd_bus_slot_unref(list->match);
        free(list);
}

/* The method returned already: what sd-bus does with a handler's result is done here. */
static void run_late(const struct waiting_call *call, uint32_t uid) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = call->handler(call->message, uid, call->userdata, &error);
        if (sd_bus_error_is_set(&error))
                (void)sd_bus_reply_method_error(call->message, &error);
        else if (r < 0)
                (void)sd_bus_reply_method_errno(call->message, r, NULL);
}

static int on_uid(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bus_caller *caller = userdata;
        struct waiting_call *waiting;
        size_t n_waiting;
        uint32_t uid;

        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "u", &uid) < 0) {
                forget(caller->list, caller->sender); /* it is gone before it could be asked for */
                return 0;
        }
        caller->query = sd_bus_slot_unref(caller->query);
        caller->uid = uid;
        waiting = STEAL(caller->waiting);
        n_waiting = caller->n_waiting;
        caller->n_waiting = 0;
        for (size_t i = 0; i < n_waiting; i++) {
                run_late(&waiting[i], uid);
                sd_bus_message_unref(waiting[i].message);
        }
        free(waiting);
        return 0;
}

static int caller_add(struct bus_caller_list *list, const char *sender, struct bus_caller **ret) {
        struct bus_caller *caller = calloc(1, sizeof(*caller));
        int r;

        if (!caller)
                return -ENOMEM;
        caller->list = list;
        caller->sender = strdup(sender);
        r = caller->sender ? sd_bus_call_method_async(list->bus, &caller->query, BUS_NAME, BUS_PATH,
                                                      BUS_INTERFACE, "GetConnectionUnixUser",
                                                      on_uid, caller, "s", sender)
                           : -ENOMEM;
        if (r < 0) {
                caller_free(caller);
                return r;
        }
        caller->next = list->first;
        list->first = caller;
        *ret = caller;
        return 0;
}

static int caller_wait(struct bus_caller *caller, sd_bus_message *m, bus_caller_handler handler,
                       void *userdata) {
        struct waiting_call *waiting;

        waiting = reallocarray(caller->waiting, caller->n_waiting + 1, sizeof(*waiting));
        if (!waiting)
                return -ENOMEM;
        caller->waiting = waiting;
        waiting[caller->n_waiting++] = (struct waiting_call){
                .message = sd_bus_message_ref(m),
                .handler = handler,
                .userdata = userdata,
        };
        return 1;
}

int bus_caller_run(struct bus_caller_list *list, sd_bus_message *m, bus_caller_handler handler,
                   void *userdata, sd_bus_error *ret_error) {
        const char *sender = sd_bus_message_get_sender(m);
        struct bus_caller *caller;
        int r;

        if (!sender)
                return bus_error_setf(ret_error, -EACCES, "The caller has no name on the bus");
        caller = *find(list, sender);
        if (!caller) {
                r = caller_add(list, sender, &caller);
                if (r < 0)
                        return r;
        }
        if (!caller->query)
                return handler(m, caller->uid, userdata, ret_error);
        if (caller->n_waiting == BUS_CALLER_WAITING_MAX)
                return bus_error_setf(ret_error, -EDQUOT, "Too many calls wait for the bus");
        return caller_wait(caller, m, handler, userdata);
}
