/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_dict.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static sd_bus *bus;
static sd_bus_message *m;

/* Messages are made for a bus; that nobody is at its other end does not matter. */
static void setup(void) {
        int pair[2];

        cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
        cr_assert(sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, pair[0], pair[0]) >= 0);
        cr_assert(sd_bus_start(bus) >= 0);
        cr_assert(sd_bus_message_new_signal(bus, &m, "/", "org.example.Test", "Test") >= 0);
}

static void teardown(void) {
        sd_bus_message_unref(m);
        sd_bus_close_unref(bus);
}

TestSuite(bus_dict, .init = setup, .fini = teardown);

struct seen {
        char keys[64];
        int until; /* keys taken before an error */
};

static int take(sd_bus_message *message, const char *key, void *userdata) {
        struct seen *seen = userdata;

        if (seen->until-- == 0)
                return -EBADMSG;
        (void)strcat(seen->keys, key);
        return sd_bus_message_skip(message, "v");
}

static void write_all(void) {
        cr_assert(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
        cr_assert(bus_dict_put_string(m, "a", "text") >= 0);
        cr_assert(bus_dict_put_bool(m, "b", true) >= 0);
        cr_assert(bus_dict_put_i32(m, "c", -1) >= 0);
        cr_assert(bus_dict_put_u32(m, "d", 1) >= 0);
        cr_assert(bus_dict_put_u64(m, "e", 1) >= 0);
        cr_assert(bus_dict_put_bytes(m, "f", "xy", 2) >= 0);
        cr_assert(bus_dict_open(m, "g", "as") >= 0);
        cr_assert(sd_bus_message_append(m, "as", 1, "one") >= 0);
        cr_assert(bus_dict_close(m) >= 0);
        cr_assert(sd_bus_message_close_container(m) >= 0);
        cr_assert(sd_bus_message_seal(m, 1, 0) >= 0);
        cr_assert(sd_bus_message_rewind(m, true) >= 0);
}

Test(bus_dict, what_was_written_is_read) {
        struct seen seen = {.until = -1};

        write_all();
        cr_assert(sd_bus_message_has_signature(m, "a{sv}"));
        cr_assert(ge(int, bus_dict_read(m, take, &seen), 0));
        cr_assert(lt(int, 0, sd_bus_message_at_end(m, true)));
        cr_assert(eq(str, seen.keys, "abcdefg"));
}

Test(bus_dict, first_error_ends_the_reading) {
        struct seen seen = {.until = 2};

        write_all();
        cr_assert(eq(int, bus_dict_read(m, take, &seen), -EBADMSG));
        cr_assert(eq(str, seen.keys, "ab"));
}

Test(bus_dict, other_types_are_no_dictionary) {
        struct seen seen = {.until = -1};

        cr_assert(sd_bus_message_append(m, "s", "text") >= 0);
        cr_assert(sd_bus_message_seal(m, 1, 0) >= 0);
        cr_assert(lt(int, bus_dict_read(m, take, &seen), 0));
}
