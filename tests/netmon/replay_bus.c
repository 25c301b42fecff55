/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "replay_bus.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bus_text.h"
#include "cleanup.h"
#include "die.h"
#include "names.h"
#include "replay_known.h"
#include "replay_text.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define CLIENT ":1.0"
#define NETMON ":1.1"

struct replay_bus {
        char *path;
        int listener;
        sd_bus *bus; /* NULL until netmon connects */
        sd_bus_message *reply;
        FILE *out;
        char *published;
        size_t published_size;
        char *last_change; /* what the latest PathChanged said is new */
        char *last_watch;  /* and the latest word of the watch, path and alternatives */
        bool is_repeated;  /* the manager said the same again, which only a roam is a reason for */
        char *problem;     /* NULL: all is as it should be */
        struct replay_known known;
};

/* The first is the one to be told. */
static void complain(struct replay_bus *bus, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static void complain(struct replay_bus *bus, const char *format, ...) {
        va_list ap;

        if (bus->problem)
                return;
        va_start(ap, format);
        if (vasprintf(&bus->problem, format, ap) < 0)
                die("out of memory");
        va_end(ap);
}

const char *replay_bus_problem(const struct replay_bus *bus) {
        return bus->problem;
}

void replay_bus_learn(struct replay_bus *bus, sd_bus_message *manager, sd_bus_message *objects) {
        replay_known_deinit(&bus->known);
        replay_known_learn(&bus->known, manager, NETMON_PATH);
        replay_known_learn_objects(&bus->known, objects);
}

void replay_bus_compare(struct replay_bus *bus, sd_bus_message *manager, sd_bus_message *objects) {
        CLEANUP(freep) char *difference = NULL;

        difference = replay_known_compare(&bus->known, manager, objects);
        if (difference)
                complain(bus, "%s", difference);
        if (bus->is_repeated)
                complain(bus, "manager is told twice");
}

/* "manager" or "interface/N". */
static const char *short_path(const char *path) {
        return strcmp(path, NETMON_PATH) == 0 ? "manager" : path + strlen(NETMON_PATH "/");
}

/* The properties in an "a{sv}" that are another than was told. */
static void print_properties(struct replay_bus *bus, sd_bus_message *m, const char *object) {
        const char *property;

        if (sd_bus_message_enter_container(m, 'a', "{sv}") < 0)
                die("no properties of %s", object);
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                CLEANUP(freep) char *now = NULL, *before = NULL, *difference = NULL;
                const char *known;

                if (sd_bus_message_read(m, "s", &property) < 0)
                        die("no property of %s", object);
                now = replay_text(m);
                known = replay_known_find(&bus->known, object, property);
                if (known)
                        before = replay_text_cut(known);
                difference = replay_text_difference(before, now);
                if (!replay_is_time(property) && !replay_is_figure(property))
                        (void)fprintf(bus->out, " %s=%s", property, difference);
                (void)sd_bus_message_exit_container(m);
        }
        (void)sd_bus_message_exit_container(m);
}

static void print_properties_changed(struct replay_bus *bus, sd_bus_message *m) {
        const char *path = sd_bus_message_get_path(m);

        (void)sd_bus_message_skip(m, "s");
        (void)fprintf(bus->out, "%s", short_path(path));
        print_properties(bus, m, path);
        (void)fputc('\n', bus->out);
        (void)sd_bus_message_rewind(m, true);
        (void)sd_bus_message_skip(m, "s");
        if (replay_known_learn(&bus->known, m, path))
                return;
        if (strcmp(path, NETMON_PATH) == 0)
                bus->is_repeated = true;
        else
                complain(bus, "%s is told twice", short_path(path));
}

static void print_added(struct replay_bus *bus, sd_bus_message *m) {
        CLEANUP(freep) char *text = NULL, *filled = NULL;
        const char *path, *properties;

        if (sd_bus_message_read(m, "o", &path) < 0)
                die("InterfacesAdded without a path");
        text = replay_text(m);
        properties = strstr(text, NETMON_LINK_INTERFACE "=");
        if (!properties)
                die("InterfacesAdded without an interface");
        filled = replay_text_filled(properties + strlen(NETMON_LINK_INTERFACE "="));
        (void)fprintf(bus->out, "added %s %s\n", short_path(path), filled);
        (void)sd_bus_message_rewind(m, true);
        (void)sd_bus_message_skip(m, "o");
        replay_known_forget(&bus->known, path);
        replay_known_learn_interfaces(&bus->known, m, path);
}

static void print_removed(struct replay_bus *bus, sd_bus_message *m) {
        const char *path;

        if (sd_bus_message_read(m, "o", &path) < 0)
                die("InterfacesRemoved without a path");
        (void)fprintf(bus->out, "removed %s\n", short_path(path));
        replay_known_forget(&bus->known, path);
}

/* Prints what differs from before, and keeps what is now. */
static void print_change(struct replay_bus *bus, const char *reasons, char **before, char *now) {
        CLEANUP(freep) char *difference = replay_text_difference(*before, now);
        bool is_roam = strstr(reasons, "roam");

        (void)fprintf(bus->out, " %s\n", difference);
        if (*before && strcmp(*before, now) == 0 && !is_roam)
                complain(bus, "told twice: %s", now);
        free(*before);
        *before = now;
}

/* What is old must be what was new the last time, and that something else than now. */
static void print_path_changed(struct replay_bus *bus, sd_bus_message *m) {
        CLEANUP(freep) char *reasons = NULL, *old = NULL;

        (void)sd_bus_message_skip(m, "t");
        reasons = bus_text(m);
        old = replay_text(m);
        if (bus->last_change && strncmp(bus->last_change, old, strlen(old) - 1) != 0)
                complain(bus, "the old path was not %s but %s", old, bus->last_change);
        (void)fprintf(bus->out, "PathChanged %s", reasons);
        print_change(bus, reasons, &bus->last_change, replay_text(m));
        if (bus->is_repeated && !strstr(reasons, "roam"))
                complain(bus, "manager is told twice");
        bus->is_repeated = false;
}

static void print_watch_changed(struct replay_bus *bus, sd_bus_message *m) {
        CLEANUP(freep) char *reasons = NULL, *path = NULL, *alternatives = NULL;
        char *both;

        (void)sd_bus_message_skip(m, "t");
        reasons = bus_text(m);
        (void)sd_bus_message_skip(m, "tt");
        path = replay_text(m);
        alternatives = replay_text(m);
        if (asprintf(&both, "{path=%s alternatives=%s}", path, alternatives) < 0)
                die("out of memory");
        (void)fprintf(bus->out, "watch %s", reasons);
        print_change(bus, reasons, &bus->last_watch, both);
}

static void print_resumed(struct replay_bus *bus, sd_bus_message *m) {
        CLEANUP(freep) char *slept = bus_text(m);

        (void)fprintf(bus->out, "Resumed %s\n", slept);
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct replay_bus *bus = userdata;

        if (sd_bus_message_is_signal(m, PROPERTIES, "PropertiesChanged"))
                print_properties_changed(bus, m);
        else if (sd_bus_message_is_signal(m, OBJECT_MANAGER, "InterfacesAdded"))
                print_added(bus, m);
        else if (sd_bus_message_is_signal(m, OBJECT_MANAGER, "InterfacesRemoved"))
                print_removed(bus, m);
        else if (sd_bus_message_is_signal(m, NETMON_INTERFACE, "PathChanged"))
                print_path_changed(bus, m);
        else if (sd_bus_message_is_signal(m, NETMON_WATCH_INTERFACE, "Changed"))
                print_watch_changed(bus, m);
        else if (sd_bus_message_is_signal(m, NETMON_INTERFACE, "Resumed"))
                print_resumed(bus, m);
        else if (sd_bus_message_is_signal(m, NULL, NULL))
                complain(bus, "a signal %s", sd_bus_message_get_member(m));
        return 0;
}

/* What netmon asks of the bus. */
static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *member = sd_bus_message_get_member(m);

        if (!sd_bus_message_is_method_call(m, BUS_NAME, NULL))
                return 0;
        if (strcmp(member, "Hello") == 0)
                return sd_bus_reply_method_return(m, "s", NETMON);
        if (strcmp(member, "RequestName") == 0)
                return sd_bus_reply_method_return(m, "u", 1);
        if (strcmp(member, "GetConnectionUnixUser") == 0)
                return sd_bus_reply_method_return(m, "u", 0);
        if (strcmp(member, "AddMatch") == 0 || strcmp(member, "RemoveMatch") == 0)
                return sd_bus_reply_method_return(m, NULL);
        return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_NAME_HAS_NO_OWNER, "Not here");
}

struct replay_bus *replay_bus_new(const char *directory, char **ret_address) {
        struct replay_bus *bus = calloc(1, sizeof(*bus));
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        if (!bus || asprintf(&bus->path, "%s/bus", directory) < 0 ||
            asprintf(ret_address, "unix:path=%s", bus->path) < 0)
                die("out of memory");
        bus->out = open_memstream(&bus->published, &bus->published_size);
        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", bus->path);
        bus->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (!bus->out || bus->listener < 0 ||
            bind(bus->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
            listen(bus->listener, 1) < 0)
                die("%s: %s", bus->path, strerror(errno));
        return bus;
}

void replay_bus_free(struct replay_bus *bus) {
        sd_bus_message_unref(bus->reply);
        sd_bus_close_unref(bus->bus);
        (void)close(bus->listener);
        (void)unlink(bus->path);
        (void)fclose(bus->out);
        replay_known_deinit(&bus->known);
        free(bus->last_change);
        free(bus->last_watch);
        free(bus->problem);
        free(bus->published);
        free(bus->path);
        free(bus);
}

static void accept_netmon(struct replay_bus *bus) {
        const sd_id128_t id = SD_ID128_MAKE(1, 2, 3, 4, 5, 6, 7, 8, 9, a, b, c, d, e, f, 0);
        int fd = accept4(bus->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0)
                return;
        if (sd_bus_new(&bus->bus) < 0 || sd_bus_set_fd(bus->bus, fd, fd) < 0 ||
            sd_bus_set_server(bus->bus, true, id) < 0 || sd_bus_negotiate_fds(bus->bus, true) < 0 ||
            sd_bus_start(bus->bus) < 0 || sd_bus_add_filter(bus->bus, NULL, on_message, bus) < 0 ||
            sd_bus_add_object(bus->bus, NULL, BUS_PATH, on_call, bus) < 0)
                die("the bus does not work");
}

int replay_bus_process(struct replay_bus *bus) {
        int r;

        if (!bus->bus)
                accept_netmon(bus);
        if (!bus->bus)
                return 0;
        r = sd_bus_process(bus->bus, NULL);
        if (r < 0)
                die("the bus: %s", strerror(-r));
        return r;
}

void replay_bus_head(struct replay_bus *bus, const char *text) {
        (void)fprintf(bus->out, "\n# %s\n", text);
}

const char *replay_bus_published(struct replay_bus *bus) {
        (void)fflush(bus->out);
        return bus->published;
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct replay_bus *bus = userdata;

        bus->reply = sd_bus_message_ref(m);
        return 0;
}

void replay_bus_call(struct replay_bus *bus, const char *interface, const char *member,
                     const char *types, ...) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        va_list ap;
        int r;

        r = sd_bus_message_new_method_call(bus->bus, &m, NETMON, NETMON_PATH, interface, member);
        if (r >= 0)
                r = sd_bus_message_set_sender(m, CLIENT);
        va_start(ap, types);
        if (r >= 0 && types)
                r = sd_bus_message_appendv(m, types, ap);
        va_end(ap);
        if (r >= 0)
                r = sd_bus_call_async(bus->bus, NULL, m, on_reply, bus, UINT64_MAX);
        if (r < 0)
                die("%s: %s", member, strerror(-r));
}

sd_bus_message *replay_bus_reply(struct replay_bus *bus) {
        if (!bus->reply)
                die("netmon does not answer");
        if (sd_bus_message_is_method_error(bus->reply, NULL))
                die("netmon refuses: %s", sd_bus_message_get_error(bus->reply)->message);
        return STEAL(bus->reply);
}
