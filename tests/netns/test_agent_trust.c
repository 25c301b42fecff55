/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who may see, hear and reach what. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_world.h"
#include "bus_text.h"
#include "cleanup.h"
#include "die.h"
#include "moment.h"
#include "names.h"
#include "netns.h"

#define SECRET "hidden-channel"

static struct agent_world world;
static struct agent_client other, root;

static void setup(void) {
        world_start(&world);
        client_start(&other, &world.daemon, WORLD_OTHER_USER);
        client_start(&root, &world.daemon, 0);
}

static void teardown(void) {
        client_stop(&other);
        client_stop(&root);
        world_stop(&world);
}

TestSuite(trust, .init = setup, .fini = teardown, .timeout = 60);

/* All that reaches a connection, whatever it is. */
struct heard {
        char *all;
        size_t size;
        FILE *stream;
        unsigned n_of_agent;
};

static int on_anything(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct heard *heard = userdata;
        const char *path = sd_bus_message_get_path(m), *contents;
        char type;

        if (sd_bus_message_is_method_call(m, NULL, NULL) ||
            !sd_bus_message_is_signal(m, NULL, NULL))
                return 0;
        heard->n_of_agent += path && strncmp(path, AGENT_PATH, strlen(AGENT_PATH)) == 0;
        (void)fprintf(heard->stream, "%s %s", path, sd_bus_message_get_member(m));
        while (sd_bus_message_peek_type(m, &type, &contents) > 0) {
                CLEANUP(freep) char *text = bus_text(m);

                (void)fprintf(heard->stream, " %s", text);
        }
        (void)fputc('\n', heard->stream);
        (void)sd_bus_message_rewind(m, true);
        return 0;
}

/* With an empty match rule, as a curious app would do it. */
static sd_bus_slot *listen_to_all(struct agent_client *c, struct heard *heard) {
        sd_bus_slot *slot = NULL;

        *heard = (struct heard){0};
        heard->stream = open_memstream(&heard->all, &heard->size);
        cr_assert(heard->stream && sd_bus_add_match(c->bus, &slot, "", on_anything, heard) >= 0);
        return slot;
}

static void hear_all(struct agent_client *c, struct heard *heard) {
        /* The answer comes behind whatever the agent has sent before. */
        (void)client_number(c, NULL, "Channels");
        while (sd_bus_process(c->bus, NULL) > 0)
                ;
        (void)fflush(heard->stream);
}

/* Everything that can happen to a channel. */
static void live_a_life(void) {
        struct bus_signals *received = client_listen(&world.app, "Received");
        CLEANUP(freep) char *path = world_open_connected(&world, SECRET, WORLD_ECHO);
        struct received r;

        client_do(&world.app, path, "Subscribe", "ua{sv}", 10, 1, "verbose", "b", true);
        (void)client_send(&world.app, path, "secret words", 0);
        client_next_received(received, &r);
        client_acknowledge(&world.app, path, r.id, r.id);
        received_free(&r);
        world_restart_server(&world);
        client_do(&world.app, path, "SetOptions", "a{sv}", 1, "label", "s", "secret label");
        client_do(&world.app, path, "Reconnect", "");
        client_wait(&world.app, path, "State", "connected");
        client_do(&world.app, path, "Suspend", "");
        client_wait(&world.app, path, "State", "idle");
        client_do(&world.app, path, "Close", "a{sv}", 1, "discard", "b", true);
        bus_signals_free(received);
}

Test(trust, others_hear_nothing) {
        struct heard heard, mine;
        CLEANUP(sd_bus_slot_unrefp) sd_bus_slot *slot = listen_to_all(&other, &heard);
        CLEANUP(sd_bus_slot_unrefp) sd_bus_slot *own_slot = listen_to_all(&world.app, &mine);
        static const char *const secrets[] = {SECRET,
                                              "203.0.113",
                                              "secret",
                                              AGENT_CHANNEL_PATH,
                                              AGENT_CHANNEL_INTERFACE,
                                              "InterfacesAdded",
                                              "InterfacesRemoved"};

        /* Being attached to one's own channels tells nothing of those of others. */
        client_do(&other, NULL, "Attach", "a{sv}", 0);
        live_a_life();
        hear_all(&other, &heard);
        hear_all(&world.app, &mine);
        for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
                cr_assert(!strstr(heard.all, secrets[i]), "%s", heard.all);
                cr_assert(strstr(mine.all, secrets[i]), "%s is not in %s", secrets[i], mine.all);
        }
        /* The sums over all channels are everyone's. */
        cr_assert_gt(heard.n_of_agent, 0);
        (void)fclose(heard.stream);
        (void)fclose(mine.stream);
        free(heard.all);
        free(mine.all);
}

Test(trust, root_may_hear_all) {
        struct heard heard;
        CLEANUP(sd_bus_slot_unrefp) sd_bus_slot *slot = listen_to_all(&root, &heard);
        CLEANUP(freep) char *refused = NULL;

        refused = client_refused(&other, NULL, "Attach", "a{sv}", 1, "all", "b", true);
        cr_assert_str_eq(refused, "AccessDenied");
        client_do(&root, NULL, "Attach", "a{sv}", 1, "all", "b", true);
        live_a_life();
        hear_all(&root, &heard);
        cr_assert(strstr(heard.all, SECRET));
        cr_assert(strstr(heard.all, "MessageStates"));
        (void)fclose(heard.stream);
        free(heard.all);
}

/* A call on any interface; the last word of the error's name, or the reply as text. */
static char *call_any(struct agent_client *c, const char *path, const char *interface,
                      const char *member, const char *types, ...) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        va_list ap;

        cr_assert(sd_bus_message_new_method_call(c->bus, &m, AGENT_BUS_NAME, path, interface,
                                                 member) >= 0);
        va_start(ap, types);
        cr_assert(sd_bus_message_appendv(m, types, ap) >= 0);
        va_end(ap);
        if (sd_bus_call(c->bus, m, WORLD_WAIT_USEC, &error, &reply) < 0)
                return strdup(strrchr(error.name, '.') + 1);
        return sd_bus_message_is_empty(reply) ? strdup("") : bus_text(reply);
}

static char *get_objects(struct agent_client *c) {
        return call_any(c, AGENT_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                        "");
}

static char *introspect(struct agent_client *c, const char *path) {
        return call_any(c, path, "org.freedesktop.DBus.Introspectable", "Introspect", "");
}

Test(trust, other_users_channel_is_unknown) {
        static const struct {
                const char *member;
                const char *types;
        } methods[] = {
                {"Send", "aya{sv}"},     {"SendMany", "a(aya{sv})"},
                {"Flush", "t"},          {"Cancel", "t"},
                {"Retry", "at"},         {"Discard", "at"},
                {"GetMessage", "t"},     {"GetMessages", "a{sv}"},
                {"Subscribe", "ua{sv}"}, {"Unsubscribe", ""},
                {"Acknowledge", "at"},   {"Reconnect", ""},
                {"SetOptions", "a{sv}"}, {"Suspend", ""},
                {"Resume", ""},          {"Explain", ""},
                {"Close", "a{sv}"},      {"NoSuchMethod", ""},
        };
        CLEANUP(freep) char *path = world_open_connected(&world, SECRET, WORLD_ECHO);
        const char *const objects[] = {path, AGENT_CHANNEL_PATH "/77"};

        /* Neither does it differ from a channel that is not there. */
        for (size_t o = 0; o < 2; o++) {
                static const char properties[] = "org.freedesktop.DBus.Properties";
                char *error;

                for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
                        error = call_any(&other, objects[o], AGENT_CHANNEL_INTERFACE,
                                         methods[i].member, methods[i].types, UINT64_C(0),
                                         UINT64_C(0), UINT64_C(0));
                        cr_assert_str_eq(error, "UnknownObject", "%s of %s: %s", methods[i].member,
                                         objects[o], error);
                        free(error);
                }
                error = call_any(&other, objects[o], AGENT_CHANNEL_INTERFACE, "SetUri", "s",
                                 "ws://x/");
                cr_assert_str_eq(error, "UnknownObject");
                free(error);
                error = call_any(&other, objects[o], properties, "Get", "ss",
                                 AGENT_CHANNEL_INTERFACE, "State");
                cr_assert_str_eq(error, "UnknownObject");
                free(error);
                error = call_any(&other, objects[o], properties, "GetAll", "s",
                                 AGENT_CHANNEL_INTERFACE);
                cr_assert_str_eq(error, "UnknownObject");
                free(error);
                error = introspect(&other, objects[o]);
                cr_assert_str_eq(error, "UnknownObject", "%s", error);
                free(error);
        }
        CLEANUP(freep)
        char *by_name = client_refused(&other, NULL, "GetChannel", "sa{sv}", SECRET, 0);
        cr_assert_str_eq(by_name, "UnknownObject");
}

Test(trust, lists_hold_ones_own_channels) {
        CLEANUP(freep) char *path = world_open_connected(&world, SECRET, WORLD_ECHO);
        CLEANUP(freep) char *own_path = client_open(&other, SECRET, WORLD_SINK, 0);
        CLEANUP(freep)
        char *objects = get_objects(&world.app), *others_objects = get_objects(&other);
        CLEANUP(freep) char *all_objects = get_objects(&root);
        CLEANUP(freep) char *node = introspect(&world.app, AGENT_CHANNEL_PATH);
        CLEANUP(freep) char *others_node = introspect(&other, AGENT_CHANNEL_PATH);
        const char *number = strrchr(path, '/') + 1;
        CLEANUP(freep) char *child = NULL;

        cr_assert(strcmp(path, own_path) != 0, "the same name is another channel");
        cr_assert(strstr(objects, path) && !strstr(objects, own_path), "%s", objects);
        cr_assert(strstr(others_objects, own_path) && !strstr(others_objects, path));
        cr_assert(strstr(all_objects, path) && strstr(all_objects, own_path));
        cr_assert(asprintf(&child, "<node name=\"%s\"/>", number) > 0);
        cr_assert(strstr(node, child), "%s", node);
        cr_assert(!strstr(others_node, child), "%s", others_node);
        cr_assert(!strstr(others_objects, WORLD_ECHO));
        /* Root may use it. */
        (void)client_send(&root, path, "by root", 0);
        (void)recorder_next_message(&world.server, "by root");
}

Test(trust, status_is_of_ones_own_channels) {
        CLEANUP(freep) char *path = world_open_connected(&world, SECRET, WORLD_ECHO);
        CLEANUP(freep) char *own = NULL, *others = NULL, *by_root = NULL;

        own = call_any(&world.app, AGENT_PATH, AGENT_INTERFACE, "StatusFor", "u", WORLD_USER);
        cr_assert(strstr(own, "Status=online") && strstr(own, "Channels=1"), "%s", own);
        others = call_any(&other, AGENT_PATH, AGENT_INTERFACE, "StatusFor", "u", WORLD_USER);
        cr_assert_str_eq(others, "AccessDenied");
        free(others);
        others = call_any(&other, AGENT_PATH, AGENT_INTERFACE, "StatusFor", "u", WORLD_OTHER_USER);
        cr_assert(strstr(others, "Status=idle") && strstr(others, "Channels=0"), "%s", others);
        by_root = call_any(&root, AGENT_PATH, AGENT_INTERFACE, "StatusFor", "u", WORLD_USER);
        cr_assert_str_eq(own, by_root);
}

Test(trust, special_addresses_are_not_for_apps) {
        static const char *const uris[] = {
                "ws://127.0.0.1:8080/",
                "ws://127.8.7.6/",
                "ws://[::1]/",
                "ws://[::ffff:127.0.0.1]/",
                "ws://169.254.169.254/latest",
                "ws://[fe80::1]/",
                "ws://0.0.0.0/",
                "ws://224.0.0.1/",
                "ws://255.255.255.255/",
                "ws://[::]/",
                "ws://[ff02::1]/",
                "ws://[fd00:ec2::254]/",
                "ws://[64:ff9b::127.0.0.1]/",
                "ws://[64:ff9b::169.254.169.254]/",
                "ws://[2002:7f00:1::]/",
        };
        CLEANUP(freep) char *path = NULL, *moved = NULL;

        for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
                CLEANUP(freep)
                char *error =
                        client_refused(&world.app, NULL, "OpenChannel", "ssa{sv}", "a", uris[i], 0);

                cr_assert_str_eq(error, "PolicyDenied", "%s: %s", uris[i], error);
        }
        path = world_open_connected(&world, "a", WORLD_ECHO);
        moved = client_refused(&world.app, path, "SetUri", "s", "ws://127.0.0.1/");
        cr_assert_str_eq(moved, "PolicyDenied");
}

/* One server on the laptop itself, reached by number and by name. */
Test(trust, special_addresses_are_decided_on_where_the_name_leads) {
        CLEANUP(freep) char *denied = NULL, *mixed = NULL, *allowed = NULL, *numeric = NULL;
        struct recorder local = {.output = -1};

        netns_replace_file("/etc/hosts", "127.0.0.1 localhost inner.test\n"
                                         "127.0.0.1 mixed.test\n203.0.113.1 mixed.test\n");
        recorder_start(&local, WORLD_PORT, NULL);
        denied = client_open(&world.app, "name", "ws://inner.test:8080/sink", 0);
        client_wait(&world.app, denied, "State", "failed");
        client_wait(&world.app, denied, "Error", "(org.wherry.Error.PolicyDenied ");
        client_wait(&world.app, denied, "NextAttempt", "0");
        mixed = world_open_connected(&world, "mixed", "ws://mixed.test:8080/sink");
        (void)world_expect_open(&world, "10.1.0.2");
        allowed = client_open(&root, "name", "ws://inner.test:8080/sink", 0);
        client_wait(&root, allowed, "State", "connected");
        numeric = client_open(&root, "number", "ws://127.0.0.1:8080/sink", 0);
        client_wait(&root, numeric, "State", "connected");
        (void)recorder_next(&local, "open");
        (void)recorder_next(&local, "open");
        (void)client_send(&root, numeric, "hello", 0);
        (void)recorder_next_message(&local, "hello");
        recorder_stop(&local);
}

Test(trust, channels_of_a_user_are_limited) {
        CLEANUP(freep) char *error = NULL;
        char name[16];

        for (unsigned i = 0; i < 256; i++) {
                (void)snprintf(name, sizeof(name), "c%u", i);
                free(client_open(&world.app, name, "ws://" WORLD_BLACK_HOLE "/", 0));
        }
        error = client_refused(&world.app, NULL, "OpenChannel", "ssa{sv}", "one-more", WORLD_ECHO,
                               0);
        cr_assert_str_eq(error, "QuotaExceeded");
        free(client_open(&other, "a", WORLD_ECHO, 0));
        free(client_open(&root, "a", WORLD_ECHO, 0));
        cr_assert_eq(client_number(&root, NULL, "Channels"), 258);
}
