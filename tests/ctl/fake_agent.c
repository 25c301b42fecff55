/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bus_dict.h"
#include "cleanup.h"
#include "moment.h"
#include "names.h"

#define MAX_MESSAGE (256 << 10)
#define MAX_QUEUE 10 /* of the channel "full" */
#define LARGE (64 << 10)
#define OBSERVER_CREDIT 4

struct message {
        uint64_t id;
        bool out;
        char state[16], reason[32], tag[64];
        uint8_t uuid[16];
        void *data;
        size_t len;
        bool offered, again; /* again: offered before */
};

struct channel {
        char name[64], app_id[64], uri[128], options[512], path[128];
        char state[16], sentence[128];
        struct message *messages[8192];
        size_t n_messages;
        char subscriber[64];
        uint32_t credit;
        char observer[64];
        unsigned observed; /* messages offered to the observer */
        char last_uuid[40];
};

static struct channel *channels[64];
static size_t n_channels;
static char attached[16][64];
static size_t n_attached;
static uint64_t last_id;

static int put(sd_bus_message **m, sd_bus *bus) {
        int r = sd_bus_send(bus, *m, NULL);

        *m = sd_bus_message_unref(*m);
        return r;
}

static struct channel *find(const char *app_id, const char *name) {
        for (size_t i = 0; i < n_channels; i++)
                if (strcmp(channels[i]->name, name) == 0 &&
                    strcmp(channels[i]->app_id, app_id) == 0)
                        return channels[i];
        return NULL;
}

static void attach(const char *who) {
        for (size_t i = 0; i < n_attached; i++)
                if (strcmp(attached[i], who) == 0)
                        return;
        if (n_attached < 16)
                (void)snprintf(attached[n_attached++], 64, "%s", who);
}

static uint64_t count(const struct channel *c, bool out, const char *state, bool equal) {
        uint64_t n = 0;

        for (size_t i = 0; i < c->n_messages; i++)
                n += c->messages[i]->out == out &&
                     (strcmp(c->messages[i]->state, state) == 0) == equal;
        return n;
}

static int put_properties(sd_bus_message *m, const struct channel *c) {
        bool trouble = c->sentence[0] != '\0';

        (void)sd_bus_message_open_container(m, 'a', "{sv}");
        (void)bus_dict_put_string(m, "Name", c->name);
        (void)bus_dict_put_string(m, "Uri", c->uri);
        (void)bus_dict_put_string(m, "Protocol", "raw");
        (void)bus_dict_put_string(m, "Label", c->options); /* so that tests can see them */
        (void)bus_dict_put_u32(m, "Owner", geteuid());
        (void)bus_dict_put_string(m, "AppId", c->app_id);
        (void)bus_dict_put_string(m, "State", c->state);
        (void)bus_dict_put_u64(m, "Since", moment_now().usec - 5500 * USEC_PER_MSEC);
        (void)sd_bus_message_append(m, "{sv}", "Error", "(ss)",
                                    trouble ? "org.wherry.Error.Refused" : "", c->sentence);
        (void)bus_dict_put_u32(m, "Attempt", trouble ? 4 : 0);
        (void)bus_dict_put_u64(m, "NextAttempt",
                               trouble ? moment_now().usec + 61500 * USEC_PER_MSEC : 0);
        (void)sd_bus_message_append(m, "{sv}", "Path", "a{sv}", 0);
        (void)sd_bus_message_append(m, "{sv}", "LastRecovery", "(ss)", "", "");
        (void)bus_dict_put_u64(m, "Queued", count(c, true, "queued", true));
        (void)bus_dict_put_u64(m, "InFlight", 0);
        (void)bus_dict_put_u64(m, "Unread", count(c, false, "unread", true));
        (void)bus_dict_put_u64(m, "Parked", count(c, true, "queued", false));
        (void)bus_dict_put_u64(m, "LastSent", 0);
        return sd_bus_message_close_container(m);
}

static int signal_channel(sd_bus *bus, const struct channel *c, const char *interface,
                          const char *member, const char *to, sd_bus_message **ret) {
        int r = sd_bus_message_new_signal(bus, ret, c->path, interface, member);

        return r < 0 ? r : sd_bus_message_set_destination(*ret, to);
}

static void tell_state(sd_bus *bus, const struct channel *c, const struct message *message) {
        for (size_t i = 0; i < n_attached; i++) {
                sd_bus_message *m = NULL;

                if (signal_channel(bus, c, AGENT_CHANNEL_INTERFACE, "MessageStates", attached[i],
                                   &m) < 0)
                        return;
                (void)sd_bus_message_append(m, "a(tss)", 1, message->id, message->state,
                                            message->reason);
                (void)put(&m, bus);
        }
}

static void forget(struct channel *c, size_t index) {
        free(c->messages[index]->data);
        free(c->messages[index]);
        memmove(&c->messages[index], &c->messages[index + 1],
                (--c->n_messages - index) * sizeof(c->messages[0]));
}

/* A connected channel delivers at once; "reject..." is refused by its server. */
static void deliver(sd_bus *bus, struct channel *c) {
        for (size_t i = 0; i < c->n_messages && strcmp(c->state, "connected") == 0;) {
                struct message *message = c->messages[i];
                bool refused = message->len >= 6 && memcmp(message->data, "reject", 6) == 0;

                if (!message->out || strcmp(message->state, "queued") != 0) {
                        i++;
                        continue;
                }
                (void)snprintf(message->state, sizeof(message->state), "%s",
                               refused ? "rejected" : "delivered");
                (void)snprintf(message->reason, sizeof(message->reason), "%s",
                               refused ? "server" : "transport");
                tell_state(bus, c, message);
                if (refused)
                        i++;
                else
                        forget(c, i);
        }
}

static struct message *add(struct channel *c, bool out, const void *data, size_t len) {
        struct message *message = calloc(1, sizeof(*message));

        message->id = ++last_id;
        message->out = out;
        message->data = malloc(len + 1);
        message->len = len;
        if (len > 0)
                memcpy(message->data, data, len);
        (void)snprintf(message->state, sizeof(message->state), out ? "queued" : "unread");
        c->messages[c->n_messages++] = message;
        return message;
}

static int put_memfd(sd_bus_message *m, const struct message *message) {
        CLEANUP(close_fdp) int fd = memfd_create("payload", MFD_CLOEXEC);

        if (fd < 0 || write(fd, message->data, message->len) != (ssize_t)message->len)
                return -EIO;
        return sd_bus_message_append(m, "{sv}", "fd", "h", fd);
}

static void put_received(sd_bus *bus, const struct channel *c, const struct message *message,
                         const char *to) {
        bool large = message->len > LARGE;
        sd_bus_message *m = NULL;

        if (signal_channel(bus, c, AGENT_CHANNEL_INTERFACE, "Received", to, &m) < 0)
                return;
        (void)sd_bus_message_append(m, "t", message->id);
        (void)sd_bus_message_append_array(m, 'y', message->data, large ? 0 : message->len);
        (void)sd_bus_message_open_container(m, 'a', "{sv}");
        (void)bus_dict_put_u64(m, "received-realtime", 1700000000123456);
        (void)bus_dict_put_string(m, "frame", "text");
        (void)bus_dict_put_bool(m, "redelivered", message->again);
        (void)bus_dict_put_u64(m, "size", message->len);
        if (large)
                (void)put_memfd(m, message);
        (void)sd_bus_message_close_container(m);
        (void)put(&m, bus);
}

static void put_unsubscribed(sd_bus *bus, const struct channel *c, const char *to,
                             const char *reason) {
        sd_bus_message *m = NULL;

        if (signal_channel(bus, c, AGENT_CHANNEL_INTERFACE, "Unsubscribed", to, &m) < 0)
                return;
        (void)sd_bus_message_append(m, "s", reason);
        (void)put(&m, bus);
}

/* Observers cannot give credit back: they are dropped when they have none. */
static void observe(sd_bus *bus, struct channel *c, const struct message *message) {
        if (!c->observer[0])
                return;
        put_received(bus, c, message, c->observer);
        if (++c->observed < OBSERVER_CREDIT)
                return;
        put_unsubscribed(bus, c, c->observer, "credit");
        c->observer[0] = '\0';
}

/* Offers what is unread and not yet offered, as far as the credit goes. */
static void offer(sd_bus *bus, struct channel *c) {
        size_t outstanding = 0;

        for (size_t i = 0; i < c->n_messages; i++)
                outstanding += c->messages[i]->offered;
        for (size_t i = 0; c->subscriber[0] && i < c->n_messages; i++) {
                struct message *message = c->messages[i];

                if (message->out || message->offered || outstanding++ >= c->credit)
                        continue;
                put_received(bus, c, message, c->subscriber);
                message->offered = message->again = true;
        }
}

int fake_agent_receive(sd_bus *bus, const char *name, const void *payload, size_t len) {
        struct channel *c = find("", name);
        struct message *message;

        if (!c)
                return -ENOENT;
        message = add(c, false, payload, len);
        offer(bus, c);
        observe(bus, c, message);
        return 0;
}

int fake_agent_state(sd_bus *bus, const char *name, const char *state, const char *sentence) {
        struct channel *c = find("", name);

        if (!c)
                return -ENOENT;
        (void)snprintf(c->state, sizeof(c->state), "%s", state);
        (void)snprintf(c->sentence, sizeof(c->sentence), "%s", sentence);
        for (size_t i = 0; i < n_attached; i++) {
                sd_bus_message *m = NULL;

                if (signal_channel(bus, c, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                   attached[i], &m) < 0)
                        return 0;
                (void)sd_bus_message_append(m, "s", AGENT_CHANNEL_INTERFACE);
                (void)put_properties(m, c);
                (void)sd_bus_message_append(m, "as", 0);
                (void)put(&m, bus);
        }
        deliver(bus, c);
        return 0;
}

/* Who left the bus reads no more. */
static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *name, *before, *now;

        if (sd_bus_message_read(m, "sss", &name, &before, &now) < 0 || now[0])
                return 0;
        for (size_t i = 0; i < n_channels; i++) {
                if (strcmp(channels[i]->observer, name) == 0)
                        channels[i]->observer[0] = '\0';
                if (strcmp(channels[i]->subscriber, name) == 0)
                        channels[i]->subscriber[0] = '\0';
        }
        return 0;
}

void fake_agent_restart(void) {
        n_attached = 0;
        for (size_t i = 0; i < n_channels; i++) {
                channels[i]->subscriber[0] = channels[i]->observer[0] = '\0';
                for (size_t k = 0; k < channels[i]->n_messages; k++)
                        channels[i]->messages[k]->offered = false;
        }
}

static int fail(sd_bus_message *m, const char *name, const char *sentence) {
        return sd_bus_reply_method_errorf(m, name, "%s", sentence);
}

static void dump_value(sd_bus_message *m, const char *type, FILE *to) {
        const char *key, *text;
        const void *data;
        uint64_t t = 0;
        uint32_t u = 0;
        double d = 0;
        size_t len;

        if (strcmp(type, "s") == 0 && sd_bus_message_read(m, "s", &text) >= 0) {
                (void)fprintf(to, "%s", text);
        } else if (strcmp(type, "t") == 0 && sd_bus_message_read(m, "t", &t) >= 0) {
                (void)fprintf(to, "%lu", t);
        } else if (strcmp(type, "d") == 0 && sd_bus_message_read(m, "d", &d) >= 0) {
                (void)fprintf(to, "%g", d);
        } else if (strcmp(type, "ay") == 0 && sd_bus_message_read_array(m, 'y', &data, &len) >= 0) {
                /* A UUID is no text. */
                for (size_t i = 0; i < len; i++)
                        (void)fprintf(to, len == 16 ? "%02x" : "%c", ((const uint8_t *)data)[i]);
        } else if (strcmp(type, "as") == 0 && sd_bus_message_enter_container(m, 'a', "s") >= 0) {
                while (sd_bus_message_read(m, "s", &text) > 0)
                        (void)fprintf(to, "[%s]", text);
                (void)sd_bus_message_exit_container(m);
        } else if (strcmp(type, "a{ss}") == 0 &&
                   sd_bus_message_enter_container(m, 'a', "{ss}") >= 0) {
                while (sd_bus_message_read(m, "{ss}", &key, &text) > 0)
                        (void)fprintf(to, "[%s=%s]", key, text);
                (void)sd_bus_message_exit_container(m);
        } else if (sd_bus_message_read_basic(m, type[0], &u) >= 0) { /* b and u */
                (void)fprintf(to, "%u", u);
        }
}

/* "key:type=value " of each option, in a form that tests can compare. */
static void dump_options(sd_bus_message *m, char *text, size_t size) {
        FILE *to = fmemopen(text, size, "w");

        text[0] = '\0'; /* when there is none, nothing is written */
        (void)sd_bus_message_enter_container(m, 'a', "{sv}");
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                const char *key, *type;
                char kind;

                (void)sd_bus_message_read(m, "s", &key);
                (void)sd_bus_message_peek_type(m, &kind, &type);
                (void)fprintf(to, "%s:%s=", key, type);
                (void)sd_bus_message_enter_container(m, 'v', type);
                dump_value(m, type, to);
                (void)fputc(' ', to);
                (void)sd_bus_message_exit_container(m);
                (void)sd_bus_message_exit_container(m);
        }
        (void)sd_bus_message_exit_container(m);
        (void)fclose(to);
}

/* The text value of one option in such a dump, up to the space behind it. */
static void get_option(const char *dump, const char *key, char *value, size_t size) {
        const char *at = strstr(dump, key);
        size_t len = at ? strcspn(at + strlen(key), " ") : 0;

        (void)snprintf(value, size, "%.*s", (int)len, at ? at + strlen(key) : "");
}

static int open_channel(sd_bus_message *m) {
        sd_bus *bus = sd_bus_message_get_bus(m);
        char options[512], app_id[64];
        const char *name, *uri;
        struct channel *c;
        int r = sd_bus_message_read(m, "ss", &name, &uri);

        if (r < 0)
                return r;
        dump_options(m, options, sizeof(options));
        get_option(options, "app-id:s=", app_id, sizeof(app_id));
        if (strncmp(uri, "ws", 2) != 0)
                return fail(m, ERROR_INVALID_URI, "expected ws:// or wss://");
        c = find(app_id, name);
        if (c && strcmp(c->uri, uri) != 0)
                return fail(m, ERROR_EXISTS, "the channel is there with another URI");
        if (!c) {
                sd_bus_message *added = NULL;

                c = channels[n_channels++] = calloc(1, sizeof(*c));
                (void)snprintf(c->name, sizeof(c->name), "%s", name);
                (void)snprintf(c->app_id, sizeof(c->app_id), "%s", app_id);
                (void)snprintf(c->uri, sizeof(c->uri), "%s", uri);
                (void)snprintf(c->path, sizeof(c->path), AGENT_CHANNEL_PATH "/c%zu", n_channels);
                (void)snprintf(c->state, sizeof(c->state), "%s",
                               strncmp(name, "full", 4) == 0 ? "backoff" : "connected");
                for (size_t i = 0; i < n_attached; i++) {
                        r = sd_bus_message_new_signal(bus, &added, AGENT_PATH,
                                                      "org.freedesktop.DBus.ObjectManager",
                                                      "InterfacesAdded");
                        (void)sd_bus_message_set_destination(added, attached[i]);
                        (void)sd_bus_message_append(added, "o", c->path);
                        (void)sd_bus_message_open_container(added, 'a', "{sa{sv}}");
                        (void)sd_bus_message_open_container(added, 'e', "sa{sv}");
                        (void)sd_bus_message_append(added, "s", AGENT_CHANNEL_INTERFACE);
                        (void)put_properties(added, c);
                        (void)sd_bus_message_close_container(added);
                        (void)sd_bus_message_close_container(added);
                        (void)put(&added, bus);
                }
        }
        (void)snprintf(c->options, sizeof(c->options), "%s", options);
        return sd_bus_reply_method_return(m, "o", c->path);
}

static int get_channel(sd_bus_message *m) {
        char options[512], app_id[64];
        const struct channel *c;
        const char *name;
        int r = sd_bus_message_read(m, "s", &name);

        if (r < 0)
                return r;
        dump_options(m, options, sizeof(options));
        get_option(options, "app-id:s=", app_id, sizeof(app_id));
        c = find(app_id, name);
        if (!c)
                return fail(m, SD_BUS_ERROR_UNKNOWN_OBJECT, "there is no such channel");
        attach(sd_bus_message_get_sender(m));
        return sd_bus_reply_method_return(m, "o", c->path);
}

static int get_all(sd_bus_message *m, const struct channel *c) {
        sd_bus_message *reply = NULL;
        uint64_t queued = 0;
        uint32_t connected = 0;

        for (size_t i = 0; i < n_channels; i++) {
                connected += strcmp(channels[i]->state, "connected") == 0;
                queued += count(channels[i], true, "queued", true);
        }
        (void)sd_bus_message_new_method_return(m, &reply);
        if (c) {
                (void)put_properties(reply, c);
                return put(&reply, sd_bus_message_get_bus(m));
        }
        (void)sd_bus_message_open_container(reply, 'a', "{sv}");
        (void)bus_dict_put_string(reply, "Version", "0");
        (void)bus_dict_put_string(reply, "Status",
                                  n_channels == 0           ? "idle"
                                  : connected == n_channels ? "online"
                                                            : "degraded");
        (void)bus_dict_put_u64(reply, "StatusSince", moment_now().usec - 3500 * USEC_PER_MSEC);
        (void)bus_dict_put_string(reply, "StatusText", "As the fake sees it.");
        (void)bus_dict_put_u32(reply, "Channels", (uint32_t)n_channels);
        (void)bus_dict_put_u32(reply, "Connected", connected);
        (void)bus_dict_put_u64(reply, "Queued", queued);
        (void)bus_dict_put_u64(reply, "NextAttempt", 0);
        (void)sd_bus_message_close_container(reply);
        return put(&reply, sd_bus_message_get_bus(m));
}

static int get_objects(sd_bus_message *m) {
        sd_bus_message *reply = NULL;

        (void)sd_bus_message_new_method_return(m, &reply);
        (void)sd_bus_message_open_container(reply, 'a', "{oa{sa{sv}}}");
        for (size_t i = 0; i < n_channels; i++) {
                (void)sd_bus_message_open_container(reply, 'e', "oa{sa{sv}}");
                (void)sd_bus_message_append(reply, "o", channels[i]->path);
                (void)sd_bus_message_open_container(reply, 'a', "{sa{sv}}");
                (void)sd_bus_message_open_container(reply, 'e', "sa{sv}");
                (void)sd_bus_message_append(reply, "s", AGENT_CHANNEL_INTERFACE);
                (void)put_properties(reply, channels[i]);
                (void)sd_bus_message_close_container(reply);
                (void)sd_bus_message_close_container(reply);
                (void)sd_bus_message_close_container(reply);
        }
        (void)sd_bus_message_close_container(reply);
        return put(&reply, sd_bus_message_get_bus(m));
}

/* One message with its options: the error to answer with, or NULL and its id. */
static const char *take(struct channel *c, sd_bus_message *m, uint64_t *ret_id) {
        struct message *message;
        char options[512], uuid[40];
        const void *data;
        size_t len;

        if (sd_bus_message_read_array(m, 'y', &data, &len) < 0)
                return SD_BUS_ERROR_INVALID_ARGS;
        dump_options(m, options, sizeof(options));
        get_option(options, "uuid:ay=", uuid, sizeof(uuid));
        if (strcmp(uuid, c->last_uuid) == 0) {
                *ret_id = last_id;
                return NULL;
        }
        if (len > MAX_MESSAGE)
                return ERROR_TOO_LARGE;
        if (strcmp(c->name, "full") == 0 && count(c, true, "queued", true) >= MAX_QUEUE)
                return ERROR_QUEUE_FULL;
        (void)snprintf(c->last_uuid, sizeof(c->last_uuid), "%s", uuid);
        message = add(c, true, data, len);
        get_option(options, "tag:s=", message->tag, sizeof(message->tag));
        *ret_id = message->id;
        return NULL;
}

static int send_one(sd_bus_message *m, struct channel *c) {
        uint64_t id = 0;
        const char *error = take(c, m, &id);
        int r;

        if (error)
                return fail(m, error, "the payload is not taken");
        r = sd_bus_reply_method_return(m, "t", id);
        deliver(sd_bus_message_get_bus(m), c);
        return r;
}

static int send_many(sd_bus_message *m, struct channel *c) {
        sd_bus_message *reply = NULL;
        size_t before = c->n_messages, n = 0;
        uint64_t ids[1024];
        int r;

        (void)sd_bus_message_enter_container(m, 'a', "(aya{sv})");
        while (sd_bus_message_enter_container(m, 'r', "aya{sv}") > 0) {
                const char *error = take(c, m, &ids[n]);

                (void)sd_bus_message_exit_container(m);
                if (error || ++n == 1025) {
                        while (c->n_messages > before)
                                forget(c, before);
                        return fail(m, error ? error : SD_BUS_ERROR_INVALID_ARGS,
                                    "one of the payloads is not taken");
                }
        }
        (void)sd_bus_message_new_method_return(m, &reply);
        (void)sd_bus_message_append_array(reply, 't', ids, n * sizeof(ids[0]));
        r = put(&reply, sd_bus_message_get_bus(m));
        deliver(sd_bus_message_get_bus(m), c);
        return r;
}

static int put_message(sd_bus_message *m, const struct message *message, bool payload) {
        (void)sd_bus_message_open_container(m, 'a', "{sv}");
        (void)bus_dict_put_u64(m, "id", message->id);
        (void)bus_dict_put_string(m, "direction", message->out ? "out" : "in");
        (void)bus_dict_put_string(m, "state", message->state);
        (void)bus_dict_put_string(m, "reason", message->reason);
        (void)bus_dict_put_u64(m, "size", message->len);
        (void)bus_dict_put_u64(m, "created-realtime", 1700000000000000);
        (void)bus_dict_put_bytes(m, "uuid",
                                 "\x01\x02\x03\x04\x05\x06\x77\x08\x89\x0a\x0b\x0c"
                                 "\x0d\x0e\x0f\x10",
                                 16);
        if (message->tag[0])
                (void)bus_dict_put_string(m, "tag", message->tag);
        if (payload)
                (void)bus_dict_put_bytes(m, "payload", message->data, message->len);
        return sd_bus_message_close_container(m);
}

static int get_messages(sd_bus_message *m, struct channel *c) {
        char filter[512], direction[8], state[16], text[32];
        sd_bus_message *reply = NULL;
        uint64_t after = 0, limit = 128;

        dump_options(m, filter, sizeof(filter));
        get_option(filter, "direction:s=", direction, sizeof(direction));
        get_option(filter, "state:s=", state, sizeof(state));
        get_option(filter, "after-id:t=", text, sizeof(text));
        after = strtoull(text, NULL, 10);
        get_option(filter, "limit:u=", text, sizeof(text));
        limit = text[0] ? strtoull(text, NULL, 10) : limit;
        (void)sd_bus_message_new_method_return(m, &reply);
        (void)sd_bus_message_open_container(reply, 'a', "a{sv}");
        for (size_t i = 0; i < c->n_messages && limit > 0; i++) {
                const struct message *message = c->messages[i];

                if (message->id <= after ||
                    (direction[0] && strcmp(direction, message->out ? "out" : "in") != 0) ||
                    (state[0] && strcmp(state, message->state) != 0))
                        continue;
                (void)put_message(reply, message, false);
                limit--;
        }
        (void)sd_bus_message_close_container(reply);
        return put(&reply, sd_bus_message_get_bus(m));
}

static int get_message(sd_bus_message *m, struct channel *c) {
        sd_bus_message *reply = NULL;
        uint64_t id = 0;

        (void)sd_bus_message_read(m, "t", &id);
        for (size_t i = 0; i < c->n_messages; i++)
                if (c->messages[i]->id == id) {
                        (void)sd_bus_message_new_method_return(m, &reply);
                        (void)put_message(reply, c->messages[i], true);
                        return put(&reply, sd_bus_message_get_bus(m));
                }
        return fail(m, ERROR_UNKNOWN_MESSAGE, "there is no such message");
}

static int subscribe(sd_bus_message *m, struct channel *c) {
        const char *who = sd_bus_message_get_sender(m);
        sd_bus *bus = sd_bus_message_get_bus(m);
        char options[512];
        uint32_t credit;
        int r = sd_bus_message_read(m, "u", &credit);

        if (r < 0)
                return r;
        dump_options(m, options, sizeof(options));
        if (strstr(options, "mode:s=observe")) {
                const char *after = strstr(options, "after-id:t=");
                uint64_t cursor = after ? strtoull(after + strlen("after-id:t="), NULL, 10) : 0;

                (void)snprintf(c->observer, sizeof(c->observer), "%s", who);
                c->observed = 0;
                r = sd_bus_reply_method_return(m, NULL);
                for (size_t i = 0; i < c->n_messages; i++)
                        if (!c->messages[i]->out && c->messages[i]->id > cursor)
                                observe(bus, c, c->messages[i]);
                return r;
        }
        if (c->subscriber[0] && strcmp(c->subscriber, who) != 0) {
                if (!strstr(options, "takeover:b=1"))
                        return fail(m, ERROR_BUSY, "another connection reads the channel");
                put_unsubscribed(bus, c, c->subscriber, "takeover");
        }
        for (size_t i = 0; i < c->n_messages; i++)
                c->messages[i]->offered = false;
        (void)snprintf(c->subscriber, sizeof(c->subscriber), "%s", who);
        c->credit = credit;
        r = sd_bus_reply_method_return(m, NULL);
        offer(bus, c);
        return r;
}

static int acknowledge(sd_bus_message *m, struct channel *c) {
        const uint64_t *ids;
        size_t size;
        int r = sd_bus_message_read_array(m, 't', (const void **)&ids, &size);

        if (r < 0)
                return r;
        for (size_t i = c->n_messages; i > 0; i--)
                for (size_t k = 0; k < size / sizeof(*ids); k++)
                        if (!c->messages[i - 1]->out && c->messages[i - 1]->id == ids[k]) {
                                forget(c, i - 1);
                                break;
                        }
        r = sd_bus_reply_method_return(m, NULL);
        offer(sd_bus_message_get_bus(m), c);
        return r;
}

static int close_channel(sd_bus_message *m, struct channel *c) {
        sd_bus *bus = sd_bus_message_get_bus(m);
        char options[512];
        size_t at = 0;

        dump_options(m, options, sizeof(options));
        if (c->n_messages > 0 && !strstr(options, "discard:b=1"))
                return fail(m, ERROR_NOT_EMPTY, "messages are waiting");
        for (size_t i = 0; i < n_attached; i++) {
                sd_bus_message *removed = NULL;

                (void)sd_bus_message_new_signal(bus, &removed, AGENT_PATH,
                                                "org.freedesktop.DBus.ObjectManager",
                                                "InterfacesRemoved");
                (void)sd_bus_message_set_destination(removed, attached[i]);
                (void)sd_bus_message_append(removed, "oas", c->path, 1, AGENT_CHANNEL_INTERFACE);
                (void)put(&removed, bus);
        }
        while (channels[at] != c)
                at++;
        channels[at] = channels[--n_channels];
        while (c->n_messages > 0)
                forget(c, 0);
        free(c);
        return sd_bus_reply_method_return(m, NULL);
}

static int explain(sd_bus_message *m) {
        sd_bus_message *reply = NULL;

        (void)sd_bus_message_new_method_return(m, &reply);
        (void)sd_bus_message_append(reply, "aa{sv}", 2, 4, "step", "s", "resolve", "result", "s",
                                    "ok", "since", "t", (uint64_t)5, "duration", "t",
                                    (uint64_t)1500, 5, "step", "s", "connect", "result", "s",
                                    "failed", "since", "t", (uint64_t)6, "text", "s",
                                    "Connection refused", "error", "s", "org.wherry.Error.Refused");
        return put(&reply, sd_bus_message_get_bus(m));
}

static int of_agent(sd_bus_message *m, const char *member) {
        if (strcmp(member, "OpenChannel") == 0)
                return open_channel(m);
        if (strcmp(member, "GetChannel") == 0)
                return get_channel(m);
        if (strcmp(member, "GetAll") == 0 || strcmp(member, "StatusFor") == 0)
                return get_all(m, NULL);
        if (strcmp(member, "GetManagedObjects") == 0)
                return get_objects(m);
        if (strcmp(member, "Attach") == 0)
                attach(sd_bus_message_get_sender(m));
        else if (strcmp(member, "Reconnect") != 0)
                return 0;
        return sd_bus_reply_method_return(m, NULL);
}

static int of_channel(sd_bus_message *m, struct channel *c, const char *member) {
        static const struct {
                const char *member;
                int (*method)(sd_bus_message *m, struct channel *c);
        } methods[] = {
                {"Send", send_one},
                {"SendMany", send_many},
                {"GetMessages", get_messages},
                {"GetMessage", get_message},
                {"Subscribe", subscribe},
                {"Acknowledge", acknowledge},
                {"Close", close_channel},
        };

        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
                if (strcmp(methods[i].member, member) == 0)
                        return methods[i].method(m, c);
        if (strcmp(member, "GetAll") == 0)
                return get_all(m, c);
        if (strcmp(member, "Explain") == 0)
                return explain(m);
        return sd_bus_reply_method_return(m, NULL); /* Reconnect, Suspend, Retry, Cancel, ... */
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *path = sd_bus_message_get_path(m), *member = sd_bus_message_get_member(m);

        if (strcmp(path, AGENT_PATH) == 0)
                return of_agent(m, member);
        for (size_t i = 0; i < n_channels; i++)
                if (strcmp(channels[i]->path, path) == 0)
                        return of_channel(m, channels[i], member);
        return fail(m, SD_BUS_ERROR_UNKNOWN_OBJECT, "there is no such channel");
}

int fake_agent_register(sd_bus *bus) {
        int r = sd_bus_match_signal(bus, NULL, "org.freedesktop.DBus", NULL, "org.freedesktop.DBus",
                                    "NameOwnerChanged", on_owner, NULL);

        return r < 0 ? r : sd_bus_add_fallback(bus, NULL, AGENT_PATH, on_call, NULL);
}
