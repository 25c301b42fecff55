/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_link.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "log.h"
#include "moment.h"

#define RETRY_MIN_USEC (100 * USEC_PER_MSEC)
#define RETRY_MAX_USEC (5 * USEC_PER_SEC)

struct bus_link {
        sd_event *event;
        char *address;
        char *name; /* NULL: none is wanted */
        const struct bus_link_owner *owner;
        void *userdata;
        sd_bus *bus;
        sd_bus_slot *gone;
        sd_bus_slot *request;
        sd_event_source *retry;
        uint64_t retry_usec;
};

static void link_drop(struct bus_link *link) {
        link->gone = sd_bus_slot_unref(link->gone);
        link->request = sd_bus_slot_unref(link->request);
        if (!link->bus)
                return;
        link->owner->down(link->userdata);
        link->bus = sd_bus_close_unref(link->bus);
}

static int link_arm_retry(struct bus_link *link) {
        uint64_t now;
        int r;

        r = sd_event_now(link->event, CLOCK_BOOTTIME, &now);
        if (r < 0)
                return r;
        r = sd_event_source_set_time(link->retry, now + link->retry_usec);
        if (r < 0)
                return r;
        link->retry_usec *= 2;
        if (link->retry_usec > RETRY_MAX_USEC)
                link->retry_usec = RETRY_MAX_USEC;
        return sd_event_source_set_enabled(link->retry, SD_EVENT_ONESHOT);
}

static void link_lost(struct bus_link *link, int error) {
        int r;

        if (link->retry_usec == RETRY_MIN_USEC) /* once, not at every try */
                log_notice("bus: no connection (%s), retrying", strerror(-error));
        link_drop(link);
        r = link_arm_retry(link);
        if (r < 0) {
                log_error("bus: cannot arm the retry timer: %s", strerror(-r));
                (void)sd_event_exit(link->event, r);
        }
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        link_lost(userdata, -ECONNRESET);
        return 0;
}

static int on_name(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bus_link *link = userdata;
        uint32_t answer = 0;

        link->request = sd_bus_slot_unref(link->request);
        if (sd_bus_message_is_method_error(m, SD_BUS_ERROR_NO_REPLY)) {
                link_lost(link, -ECONNRESET); /* it ended, or stands still, before it answered */
                return 0;
        }
        if (sd_bus_message_is_method_error(m, NULL)) {
                log_error("bus: %s refused: %s", link->name, sd_bus_message_get_error(m)->message);
                (void)sd_event_exit(link->event, -EACCES);
                return 0;
        }
        /* DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER is 1, ALREADY_OWNER is 4. */
        if (sd_bus_message_read(m, "u", &answer) < 0 || (answer != 1 && answer != 4)) {
                log_error("bus: %s belongs to another process", link->name);
                (void)sd_event_exit(link->event, -EEXIST);
                return 0;
        }
        link->retry_usec = RETRY_MIN_USEC;
        link->owner->named(link->userdata);
        return 0;
}

/* The bus answers: who wants no name has nothing more to wait for. */
static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bus_link *link = userdata;

        link->request = sd_bus_slot_unref(link->request);
        if (sd_bus_message_is_method_error(m, NULL))
                link_lost(link, -ECONNRESET);
        else
                link->retry_usec = RETRY_MIN_USEC;
        return 0;
}

static int resolve_address(const char *word, char **ret) {
        const char *env, *dir;

        if (strcmp(word, "system") == 0) {
                env = getenv("DBUS_SYSTEM_BUS_ADDRESS");
                *ret = strdup(env ? env : "unix:path=/run/dbus/system_bus_socket");
        } else if (strcmp(word, "session") == 0) {
                env = getenv("DBUS_SESSION_BUS_ADDRESS");
                dir = getenv("XDG_RUNTIME_DIR");
                if (env)
                        *ret = strdup(env);
                else if (!dir)
                        return -ENOENT;
                else if (asprintf(ret, "unix:path=%s/bus", dir) < 0)
                        *ret = NULL;
        } else {
                *ret = strdup(word);
        }
        return *ret ? 0 : -ENOMEM;
}

/* Takes the identity of one run of a bus out of its addresses ("unix:path=P,guid=HEX"): the bus
 * that comes back at that place has another one. */
static void forget_guid(char *address) {
        char *guid = address;

        while ((guid = strstr(guid, "guid="))) {
                char before = guid == address ? '\0' : guid[-1];
                char *end = guid + strcspn(guid, ",;");

                if (before != ':' && before != ',') {
                        guid = end;
                        continue;
                }
                if (*end == ',')
                        end++;
                else if (before == ',')
                        guid--;
                (void)memmove(guid, end, strlen(end) + 1);
        }
}

static int link_start(struct bus_link *link) {
        CLEANUP(sd_bus_close_unrefp) sd_bus *bus = NULL;
        int r;

        r = sd_bus_new(&bus);
        if (r < 0)
                return r;
        r = sd_bus_set_address(bus, link->address);
        if (r < 0)
                return r;
        r = sd_bus_set_bus_client(bus, true);
        if (r < 0)
                return r;
        r = sd_bus_negotiate_fds(bus, true);
        if (r < 0)
                return r;
        r = sd_bus_start(bus);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(bus, link->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        r = sd_bus_match_signal(bus, &link->gone, "org.freedesktop.DBus.Local",
                                "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                "Disconnected", on_disconnected, link);
        if (r < 0)
                return r;

        link->bus = STEAL(bus);
        r = link->owner->up(link->bus, link->userdata);
        if (r < 0)
                return r;
        if (!link->name)
                return sd_bus_call_method_async(link->bus, &link->request, "org.freedesktop.DBus",
                                                "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                                "GetId", on_answer, link, NULL);
        return sd_bus_request_name_async(link->bus, &link->request, link->name, 0, on_name, link);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
        struct bus_link *link = userdata;
        int r;

        r = link_start(link);
        if (r < 0)
                link_lost(link, r);
        return 0;
}

int bus_link_new(sd_event *event, const char *address, const char *name,
                 const struct bus_link_owner *owner, void *userdata, struct bus_link **ret) {
        CLEANUP(bus_link_freep) struct bus_link *link = calloc(1, sizeof(*link));
        int r;

        if (!link)
                return -ENOMEM;
        link->event = sd_event_ref(event);
        link->owner = owner;
        link->userdata = userdata;
        link->retry_usec = RETRY_MIN_USEC;
        if (name) {
                link->name = strdup(name);
                if (!link->name)
                        return -ENOMEM;
        }
        r = resolve_address(address, &link->address);
        if (r < 0)
                return r;
        forget_guid(link->address);
        /* Due at once: the first connection is made by the loop, like every later one. */
        r = sd_event_add_time(event, &link->retry, CLOCK_BOOTTIME, 0, 0, on_retry, link);
        if (r < 0)
                return r;

        *ret = STEAL(link);
        return 0;
}

void bus_link_free(struct bus_link *link) {
        if (!link)
                return;
        link_drop(link);
        link->retry = sd_event_source_disable_unref(link->retry);
        sd_event_unref(link->event);
        free(link->address);
        free(link->name);
        free(link);
}
