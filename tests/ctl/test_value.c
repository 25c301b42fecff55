/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "value.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"
#include "wire.h"

static sd_bus *bus;
static sd_bus_message *m;

static void setup(void) {
        bus = wire_new();
        m = wire_message(bus);
}

static void teardown(void) {
        m = sd_bus_message_unref(m);
        bus = sd_bus_close_unref(bus);
}

TestSuite(value, .init = setup, .fini = teardown);

static void expect_value(const char *json) {
        CLEANUP(json_object_putp) json_object *value = NULL;

        wire_seal(m);
        cr_assert(eq(int, value_read(m, &value), 0));
        cr_expect(eq(str, json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE),
                     json));
}

Test(value, names_become_snake_case) {
        static const struct {
                const char *key, *name;
        } rows[] = {
                {"StateSince", "state_since"},
                {"Primary4", "primary4"},
                {"created-realtime", "created_realtime"},
                {"since_usec", "since_usec"},
                {"AppId", "app_id"},
                {"URI", "uri"},
                {"", ""},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char name[VALUE_KEY_MAX];

                cr_expect(eq(str, value_key(rows[i].key, name), rows[i].name));
        }
}

Test(value, a_key_too_long_is_cut) {
        char key[2 * VALUE_KEY_MAX], name[VALUE_KEY_MAX];

        for (size_t i = 0; i + 1 < sizeof(key); i++)
                key[i] = i % 2 ? 'A' : 'a';
        key[sizeof(key) - 1] = '\0';
        cr_expect(lt(sz, strlen(value_key(key, name)), VALUE_KEY_MAX));
}

Test(value, reads_every_basic_type) {
        cr_assert(sd_bus_message_append(m, "a{sv}", 11, "y", "y", 7, "b", "b", 1, "n", "n", -3, "q",
                                        "q", 4, "i", "i", -5, "u", "u", 4294967295u, "x", "x",
                                        INT64_C(-9), "t", "t", UINT64_MAX, "d", "d", 0.5, "s", "s",
                                        "text", "o", "o", "/a/b") >= 0);
        expect_value("{\"y\":7,\"b\":true,\"n\":-3,\"q\":4,\"i\":-5,\"u\":4294967295,\"x\":-9,"
                     "\"t\":18446744073709551615,\"d\":0.5,\"s\":\"text\",\"o\":\"/a/b\"}");
}

Test(value, reads_containers) {
        cr_assert(sd_bus_message_append(m, "a{sv}", 5, "Strings", "as", 2, "a", "b", "Empty", "as",
                                        0, "Nested", "a{sv}", 1, "InnerKey", "u", 1, "Pairs",
                                        "a{ss}", 1, "Header-Name", "v", "Tuple", "(us)", 1,
                                        "x") >= 0);
        expect_value("{\"strings\":[\"a\",\"b\"],\"empty\":[],\"nested\":{\"inner_key\":1},"
                     "\"pairs\":{\"Header-Name\":\"v\"},\"tuple\":[1,\"x\"]}");
}

Test(value, names_the_fields_of_known_tuples) {
        cr_assert(sd_bus_message_append(m, "a{sv}", 2, "Error", "(ss)", "a.b", "sentence",
                                        "Addresses", "a(susas)", 1, "10.0.0.2", 24, "global", 1,
                                        "dynamic") >= 0);
        expect_value("{\"error\":{\"name\":\"a.b\",\"text\":\"sentence\"},\"addresses\":[{"
                     "\"address\":\"10.0.0.2\",\"prefix_length\":24,\"scope\":\"global\","
                     "\"flags\":[\"dynamic\"]}]}");
}

Test(value, keeps_object_paths_and_interface_names) {
        cr_assert(sd_bus_message_append(m, "a{oa{sa{sv}}}", 1, "/org/Wherry", 1, "org.Wherry.X", 1,
                                        "AppId", "s", "me") >= 0);
        expect_value("{\"/org/Wherry\":{\"org.Wherry.X\":{\"app_id\":\"me\"}}}");
}

Test(value, bytes_are_strings_and_uuids_are_text) {
        cr_assert(sd_bus_message_append(m, "a{sv}", 3, "payload", "ay", 3, 'a', 0, 'b', "uuid",
                                        "ay", 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
                                        16, "none", "ay", 0) >= 0);
        expect_value("{\"payload\":\"a\\u0000b\",\"uuid\":\"01020304-0506-0708-090a-0b0c0d0e0f10\","
                     "\"none\":\"\"}");
}

Test(value, a_memfd_is_the_payload) {
        CLEANUP(close_fdp) int fd = memfd_create("test", MFD_CLOEXEC);

        cr_assert(write(fd, "large", 5) == 5);
        cr_assert(sd_bus_message_append(m, "a{sv}", 1, "fd", "h", fd) >= 0);
        expect_value("{\"payload\":\"large\"}");
}

Test(value, an_empty_memfd_is_an_empty_payload) {
        CLEANUP(close_fdp) int fd = memfd_create("test", MFD_CLOEXEC);

        cr_assert(sd_bus_message_append(m, "a{sv}", 1, "fd", "h", fd) >= 0);
        expect_value("{\"payload\":\"\"}");
}

Test(value, a_pipe_is_no_payload) {
        CLEANUP(json_object_putp) json_object *value = NULL;
        int fds[2];

        cr_assert(pipe(fds) == 0);
        cr_assert(sd_bus_message_append(m, "a{sv}", 1, "fd", "h", fds[0]) >= 0);
        wire_seal(m);
        cr_expect(lt(int, value_read(m, &value), 0));
        cr_expect(value == NULL);
}

Test(value, nothing_to_read_is_an_error) {
        CLEANUP(json_object_putp) json_object *value = NULL;

        wire_seal(m);
        cr_expect(eq(int, value_read(m, &value), -EBADMSG));
}

Test(value, members_that_are_not_there) {
        CLEANUP(json_object_putp) json_object *object = value_object();

        value_put_string(object, "s", "x");
        value_put_number(object, "n", 5);
        cr_expect(eq(str, value_string(object, "s"), "x"));
        cr_expect(eq(str, value_string(object, "n"), ""));
        cr_expect(eq(str, value_string(NULL, "s"), ""));
        cr_expect(eq(u64, value_number(object, "n"), 5));
        cr_expect(eq(u64, value_number(object, "none"), 0));
        cr_expect(eq(u64, value_number(NULL, "n"), 0));
        cr_expect(value_bool(NULL, "b") == false && !value_bool(object, "b"));
}
