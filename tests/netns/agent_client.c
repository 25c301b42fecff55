/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent_client.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent_world.h"
#include "bus_text.h"
#include "cleanup.h"
#include "die.h"
#include "moment.h"
#include "names.h"

void client_start(struct agent_client *c, const struct bus_daemon *daemon, uid_t uid) {
        /* The bus takes the user from the socket, as it was when it connected. */
        if (seteuid(uid) < 0)
                die("cannot become user %u", uid);
        c->bus = bus_daemon_connect(daemon);
        if (seteuid(0) < 0)
                die("cannot become root again");
        c->news = bus_signals_listen(c->bus, "type='signal'");
}

void client_stop(struct agent_client *c) {
        if (!c->bus)
                return;
        bus_signals_free(c->news);
        c->bus = sd_bus_flush_close_unref(c->bus);
}

static sd_bus_message *call(struct agent_client *c, const char *path, const char *member,
                            sd_bus_error *error, const char *types, va_list ap) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        sd_bus_message *reply = NULL;

        if (sd_bus_message_new_method_call(c->bus, &m, AGENT_BUS_NAME, path ? path : AGENT_PATH,
                                           path ? AGENT_CHANNEL_INTERFACE : AGENT_INTERFACE,
                                           member) < 0 ||
            sd_bus_message_appendv(m, types, ap) < 0)
                die("%s: the call cannot be made", member);
        (void)sd_bus_call(c->bus, m, WORLD_WAIT_USEC, error, &reply);
        return reply;
}

static sd_bus_message *call_well(struct agent_client *c, const char *path, const char *member,
                                 const char *types, va_list ap) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = call(c, path, member, &error, types, ap);

        if (!reply)
                die("%s: %s: %s", member, error.name, error.message);
        return reply;
}

sd_bus_message *client_call(struct agent_client *c, const char *path, const char *member,
                            const char *types, ...) {
        sd_bus_message *reply;
        va_list ap;

        va_start(ap, types);
        reply = call_well(c, path, member, types, ap);
        va_end(ap);
        return reply;
}

void client_do(struct agent_client *c, const char *path, const char *member, const char *types,
               ...) {
        va_list ap;

        va_start(ap, types);
        sd_bus_message_unref(call_well(c, path, member, types, ap));
        va_end(ap);
}

char *client_refused(struct agent_client *c, const char *path, const char *member,
                     const char *types, ...) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply;
        va_list ap;

        va_start(ap, types);
        reply = call(c, path, member, &error, types, ap);
        va_end(ap);
        if (reply)
                die("%s was not refused", member);
        return strdup(strrchr(error.name, '.') + 1);
}

/* Ends the call with a dictionary of options, and makes it. */
static sd_bus_message *call_with_options(struct agent_client *c, sd_bus_message *m, va_list ap) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply;

        if (sd_bus_message_appendv(m, "a{sv}", ap) < 0)
                die("%s: the options cannot be put", sd_bus_message_get_member(m));
        if (sd_bus_call(c->bus, m, WORLD_WAIT_USEC, &error, &reply) < 0)
                die("%s: %s: %s", sd_bus_message_get_member(m), error.name, error.message);
        return reply;
}

char *client_open(struct agent_client *c, const char *name, const char *uri, ...) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        const char *path;
        va_list ap;

        if (sd_bus_message_new_method_call(c->bus, &m, AGENT_BUS_NAME, AGENT_PATH, AGENT_INTERFACE,
                                           "OpenChannel") < 0 ||
            sd_bus_message_append(m, "ss", name, uri) < 0)
                die("the call cannot be made");
        va_start(ap, uri);
        reply = call_with_options(c, m, ap);
        va_end(ap);
        if (sd_bus_message_read(reply, "o", &path) < 0)
                die("OpenChannel returns no path");
        return strdup(path);
}

char *client_get(struct agent_client *c, const char *path, const char *property) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (sd_bus_call_method(c->bus, AGENT_BUS_NAME, path ? path : AGENT_PATH,
                               "org.freedesktop.DBus.Properties", "Get", &error, &reply, "ss",
                               path ? AGENT_CHANNEL_INTERFACE : AGENT_INTERFACE, property) < 0)
                die("%s: %s: %s", property, error.name, error.message);
        return bus_text(reply);
}

uint64_t client_number(struct agent_client *c, const char *path, const char *property) {
        CLEANUP(freep) char *value = client_get(c, path, property);

        return strtoull(value, NULL, 10);
}

/* Lets something be told. False when nothing was by then. */
static bool wait_for_news(struct agent_client *c, uint64_t deadline_usec) {
        sd_bus_message *m = bus_signals_next(c->news, NULL, deadline_usec);

        sd_bus_message_unref(m);
        return m;
}

void client_wait(struct agent_client *c, const char *path, const char *property,
                 const char *value) {
        uint64_t deadline_usec = moment_boottime_usec() + WORLD_WAIT_USEC;

        for (;;) {
                CLEANUP(freep) char *is = client_get(c, path, property);

                if (strncmp(is, value, strlen(value)) == 0)
                        return;
                if (!wait_for_news(c, deadline_usec))
                        die("%s of %s is %s, not %s", property, path ? path : "the manager", is,
                            value);
        }
}

uint64_t client_send(struct agent_client *c, const char *path, const char *text, ...) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        uint64_t id;
        va_list ap;

        if (sd_bus_message_new_method_call(c->bus, &m, AGENT_BUS_NAME, path,
                                           AGENT_CHANNEL_INTERFACE, "Send") < 0 ||
            sd_bus_message_append_array(m, 'y', text, strlen(text)) < 0)
                die("the call cannot be made");
        va_start(ap, text);
        reply = call_with_options(c, m, ap);
        va_end(ap);
        if (sd_bus_message_read(reply, "t", &id) < 0)
                die("Send returns no id");
        return id;
}

void client_send_many(struct agent_client *c, const char *path, const char *prefix, unsigned first,
                      unsigned n) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (sd_bus_message_new_method_call(c->bus, &m, AGENT_BUS_NAME, path,
                                           AGENT_CHANNEL_INTERFACE, "SendMany") < 0 ||
            sd_bus_message_open_container(m, 'a', "(aya{sv})") < 0)
                die("the call cannot be made");
        for (unsigned i = first; i < first + n; i++) {
                char text[64];

                (void)snprintf(text, sizeof(text), "%s %u", prefix, i);
                if (sd_bus_message_open_container(m, 'r', "aya{sv}") < 0 ||
                    sd_bus_message_append_array(m, 'y', text, strlen(text)) < 0 ||
                    sd_bus_message_append(m, "a{sv}", 0) < 0 ||
                    sd_bus_message_close_container(m) < 0)
                        die("the message cannot be put");
        }
        if (sd_bus_message_close_container(m) < 0 ||
            sd_bus_call(c->bus, m, WORLD_WAIT_USEC, &error, NULL) < 0)
                die("SendMany: %s: %s", error.name, error.message);
}

/* The value of a text in a dictionary, NULL when it is not there. Borrowed from the message. */
static const char *find_text(sd_bus_message *m, const char *wanted) {
        const char *key, *found = NULL;

        if (sd_bus_message_enter_container(m, 'a', "{sv}") < 0)
                die("no dictionary");
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                if (sd_bus_message_read_basic(m, 's', &key) < 0)
                        die("no key");
                if (strcmp(key, wanted) == 0 && sd_bus_message_read(m, "v", "s", &found) < 0)
                        die("%s is no text", wanted);
                if (strcmp(key, wanted) != 0 && sd_bus_message_skip(m, "v") < 0)
                        die("no value");
                (void)sd_bus_message_exit_container(m);
        }
        (void)sd_bus_message_rewind(m, true);
        return found;
}

char *client_message_state(struct agent_client *c, const char *path, uint64_t id) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *state, *reason;
        char *text;

        reply = client_call(c, path, "GetMessage", "t", id);
        state = find_text(reply, "state");
        reason = find_text(reply, "reason");
        if (asprintf(&text, "%s %s", state, reason) < 0)
                die("out of memory");
        return text;
}

void client_wait_message(struct agent_client *c, const char *path, uint64_t id, const char *state) {
        uint64_t deadline_usec = moment_boottime_usec() + WORLD_WAIT_USEC;

        for (;;) {
                CLEANUP(freep) char *is = client_message_state(c, path, id);

                if (strncmp(is, state, strlen(state)) == 0)
                        return;
                if (!wait_for_news(c, deadline_usec))
                        die("message %" PRIu64 " is %s, not %s", id, is, state);
        }
}

struct bus_signals *client_listen(struct agent_client *c, const char *member) {
        char match[128];

        (void)snprintf(match, sizeof(match), "type='signal',member='%s'", member);
        return bus_signals_listen(c->bus, match);
}

/* A payload that is too large for the bus. */
static void take_memfd(struct received *r, int fd) {
        int seals = fcntl(fd, F_GET_SEALS);

        if (seals != (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
                die("the payload's descriptor is not sealed: %x", (unsigned)seals);
        free(r->payload);
        r->payload = malloc(r->size + 1);
        if (!r->payload || pread(fd, r->payload, r->size + 1, 0) != (ssize_t)r->size)
                die("the payload has not the size that is told");
        r->by_fd = true;
}

static void take_fact(struct received *r, const char *key, sd_bus_message *m) {
        int redelivered, fd, ret = 0;
        const char *frame;

        if (strcmp(key, "redelivered") == 0) {
                ret = sd_bus_message_read(m, "v", "b", &redelivered);
                r->redelivered = redelivered;
        } else if (strcmp(key, "frame") == 0) {
                ret = sd_bus_message_read(m, "v", "s", &frame);
                (void)snprintf(r->frame, sizeof(r->frame), "%s", frame);
        } else if (strcmp(key, "size") == 0) {
                ret = sd_bus_message_read(m, "v", "t", &r->size);
        } else if (strcmp(key, "fd") == 0) {
                ret = sd_bus_message_read(m, "v", "h", &fd);
                if (ret >= 0)
                        take_memfd(r, fd);
        } else {
                ret = sd_bus_message_skip(m, "v");
        }
        if (ret < 0)
                die("%s is wrong", key);
}

static void take_meta(struct received *r, sd_bus_message *m) {
        const char *key;

        if (sd_bus_message_enter_container(m, 'a', "{sv}") < 0)
                die("no meta");
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                if (sd_bus_message_read_basic(m, 's', &key) < 0)
                        die("no key");
                take_fact(r, key, m);
                (void)sd_bus_message_exit_container(m);
        }
}

void client_next_received(struct bus_signals *signals, struct received *ret) {
        CLEANUP(sd_bus_message_unrefp)
        sd_bus_message *m =
                bus_signals_next(signals, "Received", moment_boottime_usec() + WORLD_WAIT_USEC);
        const void *payload;

        if (!m)
                die("nothing is received");
        *ret = (struct received){0};
        if (sd_bus_message_read_basic(m, 't', &ret->id) < 0 ||
            sd_bus_message_read_array(m, 'y', &payload, &ret->size) < 0)
                die("Received is wrong");
        ret->payload = calloc(1, ret->size + 1);
        if (!ret->payload)
                die("out of memory");
        memcpy(ret->payload, payload, ret->size);
        take_meta(ret, m);
}

void client_acknowledge(struct agent_client *c, const char *path, uint64_t first, uint64_t last) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (sd_bus_message_new_method_call(c->bus, &m, AGENT_BUS_NAME, path,
                                           AGENT_CHANNEL_INTERFACE, "Acknowledge") < 0 ||
            sd_bus_message_open_container(m, 'a', "t") < 0)
                die("the call cannot be made");
        for (uint64_t id = first; id <= last; id++)
                if (sd_bus_message_append_basic(m, 't', &id) < 0)
                        die("the id cannot be put");
        if (sd_bus_message_close_container(m) < 0 ||
            sd_bus_call(c->bus, m, WORLD_WAIT_USEC, &error, NULL) < 0)
                die("Acknowledge: %s: %s", error.name, error.message);
}

void received_free(struct received *r) {
        free(r->payload);
        *r = (struct received){0};
}
