/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_bus.h"
#include "bus_contract.h"
#include "bus_text.h"
#include "cleanup.h"
#include "names.h"

static struct agent_bus ab;
static char channel[128];

static void open_channel(const char *name) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *path;

        /* Nobody listens there: the channel is always on its way. */
        reply = agent_bus_call(&ab, NULL, "OpenChannel", &error, "ssa{sv}", name,
                               "ws://127.0.0.1:1/", 0);
        cr_assert(reply != NULL, "%s", error.message);
        cr_assert(ge(int, sd_bus_message_read(reply, "o", &path), 0));
        (void)snprintf(channel, sizeof(channel), "%s", path);
}

static void setup(void) {
        agent_bus_start(&ab);
        open_channel("test");
}

static void teardown(void) {
        agent_bus_remove(&ab);
}

TestSuite(bus_agent, .init = setup, .fini = teardown, .timeout = 60);

#define CALL(path, member, ...)                                                                   \
        ({                                                                                        \
                CLEANUP(sd_bus_error_free) sd_bus_error error_ = SD_BUS_ERROR_NULL;               \
                sd_bus_message *reply_ = agent_bus_call(&ab, path, member, &error_, __VA_ARGS__); \
                cr_assert(reply_ != NULL, "%s: %s", member, error_.message);                      \
                reply_;                                                                           \
        })

#define REFUSED(wanted, path, member, ...)                                                        \
        do {                                                                                      \
                CLEANUP(sd_bus_error_free) sd_bus_error error_ = SD_BUS_ERROR_NULL;               \
                sd_bus_message *reply_ = agent_bus_call(&ab, path, member, &error_, __VA_ARGS__); \
                cr_assert(reply_ == NULL, "%s was not refused", member);                          \
                cr_assert(eq(str, (char *)error_.name, wanted), "%s", error_.message);            \
        } while (false)

static uint64_t send_text(const char *text) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        uint64_t id = 0;

        cr_assert(ge(int,
                     sd_bus_message_new_method_call(ab.bus, &m, NULL, channel,
                                                    AGENT_CHANNEL_INTERFACE, "Send"),
                     0));
        cr_assert(ge(int, sd_bus_message_append_array(m, 'y', text, strlen(text)), 0));
        cr_assert(ge(int, sd_bus_message_append(m, "a{sv}", 0), 0));
        cr_assert(ge(int, sd_bus_call(ab.bus, m, 0, NULL, &reply), 0));
        cr_assert(ge(int, sd_bus_message_read(reply, "t", &id), 0));
        return id;
}

static uint64_t get_number(const char *property) {
        uint64_t value = 0;

        cr_assert(ge(int,
                     sd_bus_get_property_trivial(ab.bus, NULL, channel, AGENT_CHANNEL_INTERFACE,
                                                 property, NULL, 't', &value),
                     0));
        return value;
}

static char *contract_of_object(const char *path) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *xml;

        cr_assert(ge(int,
                     sd_bus_call_method(ab.bus, NULL, path, "org.freedesktop.DBus.Introspectable",
                                        "Introspect", NULL, &reply, NULL),
                     0));
        cr_assert(ge(int, sd_bus_message_read(reply, "s", &xml), 0));
        return bus_contract_of_text(xml);
}

Test(bus_agent, introspection_equals_the_contract) {
        CLEANUP(freep) char *wanted = bus_contract_of_file(getenv("WHERRY_AGENT_XML"));
        CLEANUP(freep) char *manager = contract_of_object(AGENT_PATH);
        CLEANUP(freep) char *own = contract_of_object(channel);
        CLEANUP(freep) char *live = NULL;

        cr_assert(ne(sz, strlen(wanted), 0));
        cr_assert(asprintf(&live, "%s%s", manager, own) > 0);
        cr_assert(eq(str, live, wanted));
}

Test(bus_agent, opening_again_finds_the_same_channel) {
        char first[128];

        (void)strcpy(first, channel);
        open_channel("test");
        cr_assert(eq(str, channel, first));
        open_channel("other");
        cr_assert(ne(str, channel, first));
        REFUSED(ERROR_EXISTS, NULL, "OpenChannel", "ssa{sv}", "test", "ws://127.0.0.1:2/", 0);
}

Test(bus_agent, bad_arguments_of_open_channel) {
        static const char *const uris[] = {"",
                                           "ws:",
                                           "http://example.org/",
                                           "ws://",
                                           "ws://user:secret@example.org/",
                                           "ws://example.org/#fragment",
                                           "ws://0x7f.1/",
                                           "ws://example.org:99999/",
                                           "ws://exa mple.org/"};
        static const char *const names[] = {"", "a b", "\xc3\xa4"};

        for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++)
                REFUSED(ERROR_INVALID_URI, NULL, "OpenChannel", "ssa{sv}", "x", uris[i], 0);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                REFUSED(SD_BUS_ERROR_INVALID_ARGS, NULL, "OpenChannel", "ssa{sv}", names[i],
                        "ws://example.org/", 0);
        REFUSED(ERROR_INVALID_OPTION, NULL, "OpenChannel", "ssa{sv}", "x", "ws://example.org/", 1,
                "colour", "s", "red");
        REFUSED(ERROR_INVALID_OPTION, NULL, "OpenChannel", "ssa{sv}", "x", "ws://example.org/", 1,
                "ttl", "s", "1");
        REFUSED(ERROR_INVALID_OPTION, NULL, "OpenChannel", "ssa{sv}", "x", "ws://example.org/", 1,
                "in-flight", "u", 0);
        REFUSED(ERROR_INVALID_OPTION, NULL, "OpenChannel", "ssa{sv}", "x", "ws://example.org/", 1,
                "headers", "a{ss}", 1, "Host", "evil");
        REFUSED(SD_BUS_ERROR_UNKNOWN_OBJECT, NULL, "GetChannel", "sa{sv}", "x", 0);
}

Test(bus_agent, unknown_objects_and_interfaces) {
        static const char *const paths[] = {AGENT_CHANNEL_PATH "/999", AGENT_CHANNEL_PATH "/01",
                                            AGENT_CHANNEL_PATH "/x",
                                            AGENT_CHANNEL_PATH "/18446744073709551616"};

        for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
                REFUSED(SD_BUS_ERROR_UNKNOWN_OBJECT, paths[i], "Reconnect", "");
        REFUSED(SD_BUS_ERROR_UNKNOWN_METHOD, channel, "Nonsense", "");
        REFUSED(SD_BUS_ERROR_INVALID_ARGS, channel, "Cancel", "s", "one");
}

Test(bus_agent, sent_messages_are_queued_and_listed) {
        CLEANUP(freep) char *text = NULL;
        uint64_t first = send_text("one"), second = send_text("two");
        sd_bus_message *reply;

        cr_assert(lt(u64, first, second));
        cr_assert(eq(u64, get_number("Queued"), 2));
        reply = CALL(channel, "GetMessages", "a{sv}", 1, "direction", "s", "out");
        text = bus_text(reply);
        sd_bus_message_unref(reply);
        cr_assert(strstr(text, "state=queued") != NULL, "%s", text);
        cr_assert(strstr(text, "size=3") != NULL, "%s", text);
        free(text);
        reply = CALL(channel, "GetMessage", "t", first);
        text = bus_text(reply);
        sd_bus_message_unref(reply);
        cr_assert(strstr(text, "direction=out") != NULL, "%s", text);
        REFUSED(ERROR_UNKNOWN_MESSAGE, channel, "GetMessage", "t", UINT64_C(999));
}

Test(bus_agent, same_uuid_is_the_same_message) {
        uint64_t ids[2];

        for (int i = 0; i < 2; i++) {
                sd_bus_message *reply =
                        CALL(channel, "Send", "aya{sv}", 2, 'h', 'i', 1, "uuid", "ay", 16, 1, 2, 3,
                             0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

                cr_assert(ge(int, sd_bus_message_read(reply, "t", &ids[i]), 0));
                sd_bus_message_unref(reply);
        }
        cr_assert(eq(u64, ids[0], ids[1]));
        cr_assert(eq(u64, get_number("Queued"), 1));
        REFUSED(ERROR_CONFLICT, channel, "Send", "aya{sv}", 2, 'h', 'o', 1, "uuid", "ay", 16, 1, 2,
                3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

Test(bus_agent, bad_options_of_send) {
        REFUSED(ERROR_INVALID_OPTION, channel, "Send", "aya{sv}", 0, 1, "uuid", "ay", 3, 1, 2, 3);
        REFUSED(ERROR_INVALID_OPTION, channel, "Send", "aya{sv}", 0, 1, "priority", "s", "high");
        REFUSED(ERROR_INVALID_OPTION, channel, "Send", "aya{sv}", 0, 1, "ttl", "u", 5);
        REFUSED(ERROR_INVALID_OPTION, channel, "Send", "aya{sv}", 0, 1, "delivery", "s", "maybe");
        REFUSED(ERROR_INVALID_OPTION, channel, "Send", "aya{sv}", 0, 1, "frame", "s", "json");
        REFUSED(ERROR_NO_PATH, channel, "Send", "aya{sv}", 0, 1, "if-connected", "b", true);
        REFUSED(SD_BUS_ERROR_INVALID_ARGS, channel, "Send", "aya{sv}", 1, 0xff, 1, "frame", "s",
                "text");
        cr_assert(eq(u64, get_number("Queued"), 0));
}

Test(bus_agent, limits_are_clear_errors) {
        sd_bus_message *reply;

        reply = CALL(channel, "SetOptions", "a{sv}", 2, "queue-messages", "t", UINT64_C(2),
                     "max-message", "t", UINT64_C(3));
        sd_bus_message_unref(reply);
        REFUSED(ERROR_TOO_LARGE, channel, "Send", "aya{sv}", 4, 1, 2, 3, 4, 0);
        (void)send_text("one");
        (void)send_text("two");
        REFUSED(ERROR_QUEUE_FULL, channel, "Send", "aya{sv}", 0, 0);
        cr_assert(eq(u64, get_number("Queued"), 2));
}

Test(bus_agent, cancelling) {
        uint64_t id = send_text("one");

        sd_bus_message_unref(CALL(channel, "Cancel", "t", id));
        cr_assert(eq(u64, get_number("Queued"), 0));
        cr_assert(eq(u64, get_number("Parked"), 1));
        REFUSED(ERROR_TOO_LATE, channel, "Cancel", "t", id);
        REFUSED(ERROR_UNKNOWN_MESSAGE, channel, "Cancel", "t", UINT64_C(999));
        REFUSED(ERROR_UNKNOWN_MESSAGE, channel, "Cancel", "t", UINT64_C(0));
        sd_bus_message_unref(CALL(channel, "Retry", "at", 1, id));
        cr_assert(eq(u64, get_number("Queued"), 1));
        sd_bus_message_unref(CALL(channel, "Cancel", "t", id));
        REFUSED(ERROR_UNKNOWN_MESSAGE, channel, "Discard", "at", 2, id, UINT64_C(999));
        cr_assert(eq(u64, get_number("Parked"), 1));
        sd_bus_message_unref(CALL(channel, "Discard", "at", 0));
        cr_assert(eq(u64, get_number("Parked"), 0));
}

Test(bus_agent, many_at_once_are_all_or_none) {
        sd_bus_message *reply = CALL(channel, "SendMany", "a(aya{sv})", 2, 1, 'a', 0, 1, 'b', 0);
        CLEANUP(freep) char *text = bus_text(reply);

        sd_bus_message_unref(reply);
        cr_assert(eq(u64, get_number("Queued"), 2), "%s", text);
        REFUSED(ERROR_INVALID_OPTION, channel, "SendMany", "a(aya{sv})", 2, 1, 'c', 0, 1, 'd', 1,
                "nonsense", "b", true);
        cr_assert(eq(u64, get_number("Queued"), 2));
}

Test(bus_agent, closing_with_messages_wants_discard) {
        (void)send_text("one");
        REFUSED(ERROR_NOT_EMPTY, channel, "Close", "a{sv}", 0);
        REFUSED(ERROR_TIMEOUT, channel, "Flush", "t", UINT64_C(1000));
        cr_assert(eq(u64, get_number("Queued"), 1));
        sd_bus_message_unref(CALL(channel, "Close", "a{sv}", 1, "discard", "b", true));
        REFUSED(SD_BUS_ERROR_UNKNOWN_OBJECT, channel, "Reconnect", "");
}

Test(bus_agent, empty_channel_closes_and_flushes_at_once) {
        sd_bus_message_unref(CALL(channel, "Flush", "t", UINT64_C(0)));
        sd_bus_message_unref(CALL(channel, "Close", "a{sv}", 0));
}

Test(bus_agent, fixed_options_stay) {
        sd_bus_message_unref(CALL(channel, "SetOptions", "a{sv}", 1, "persistent", "b", true));
        REFUSED(ERROR_INVALID_OPTION, channel, "SetOptions", "a{sv}", 1, "persistent", "b", false);
        REFUSED(ERROR_INVALID_URI, channel, "SetUri", "s", "mqtt://example.org/");
}

Test(bus_agent, authority_is_a_certificate) {
        REFUSED(ERROR_INVALID_OPTION, channel, "SetOptions", "a{sv}", 1, "tls-ca", "ay", 3, 'P',
                'E', 'M');
        sd_bus_message_unref(CALL(channel, "SetOptions", "a{sv}", 1, "tls-ca", "ay", 0));
}

Test(bus_agent, reconnect_is_limited) {
        for (int i = 0; i < 4; i++)
                sd_bus_message_unref(CALL(channel, "Reconnect", ""));
        REFUSED(ERROR_RATE_LIMITED, channel, "Reconnect", "");
        REFUSED(ERROR_RATE_LIMITED, NULL, "Reconnect", "");
}

Test(bus_agent, subscribing) {
        REFUSED(SD_BUS_ERROR_INVALID_ARGS, channel, "Subscribe", "ua{sv}", 0, 0);
        REFUSED(ERROR_INVALID_OPTION, channel, "Subscribe", "ua{sv}", 1, 1, "mode", "s", "eat");
        sd_bus_message_unref(CALL(channel, "Subscribe", "ua{sv}", 1, 0));
        sd_bus_message_unref(CALL(channel, "Subscribe", "ua{sv}", 5, 1, "mode", "s", "observe"));
        sd_bus_message_unref(CALL(channel, "Unsubscribe", ""));
        sd_bus_message_unref(CALL(channel, "Acknowledge", "at", 1, UINT64_C(7)));
}

Test(bus_agent, suspending_is_stored) {
        CLEANUP(freep) char *state = NULL;

        sd_bus_message_unref(CALL(channel, "Suspend", ""));
        agent_bus_stop(&ab);
        agent_bus_start(&ab);
        cr_assert(ge(int,
                     sd_bus_get_property_string(ab.bus, NULL, channel, AGENT_CHANNEL_INTERFACE,
                                                "State", NULL, &state),
                     0));
        cr_assert(eq(str, state, "idle"));
        sd_bus_message_unref(CALL(channel, "Resume", ""));
}

Test(bus_agent, messages_and_options_survive_a_restart) {
        CLEANUP(freep) char *label = NULL;
        uint64_t id = send_text("one");

        sd_bus_message_unref(CALL(channel, "SetOptions", "a{sv}", 1, "label", "s", "Name"));
        agent_bus_stop(&ab);
        agent_bus_start(&ab);
        cr_assert(ge(int,
                     sd_bus_get_property_string(ab.bus, NULL, channel, AGENT_CHANNEL_INTERFACE,
                                                "Label", NULL, &label),
                     0));
        cr_assert(eq(str, label, "Name"));
        cr_assert(eq(u64, get_number("Queued"), 1));
        cr_assert(lt(u64, id, send_text("two")));
}

Test(bus_agent, secrets_are_not_shown) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *all = NULL;
        CLEANUP(freep) char *text = NULL;

        sd_bus_message_unref(CALL(NULL, "OpenChannel", "ssa{sv}", "secret",
                                  "ws://127.0.0.1:1/?token=hush", 1, "headers", "a{ss}", 1,
                                  "Authorization", "hush"));
        cr_assert(ge(int,
                     sd_bus_call_method(ab.bus, NULL, AGENT_PATH,
                                        "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                                        NULL, &all, NULL),
                     0));
        text = bus_text(all);
        cr_assert(strstr(text, "127.0.0.1:1/?") != NULL, "%s", text);
        cr_assert(strstr(text, "hush") == NULL, "%s", text);
}

Test(bus_agent, status_and_explain_answer) {
        sd_bus_message *reply = CALL(NULL, "StatusFor", "u", (uint32_t)getuid());
        CLEANUP(freep) char *text = bus_text(reply);

        sd_bus_message_unref(reply);
        cr_assert(strstr(text, "Channels=1") != NULL, "%s", text);
        reply = CALL(channel, "Explain", "");
        free(text);
        text = bus_text(reply);
        sd_bus_message_unref(reply);
        cr_assert(strstr(text, "step=path") != NULL, "%s", text);
        cr_assert(strstr(text, "step=open") != NULL, "%s", text);
        cr_assert(strstr(text, "step=tls") == NULL, "%s", text);
}
