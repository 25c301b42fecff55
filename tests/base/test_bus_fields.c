/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus_fields.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "bus_dict.h"

struct facts {
        char name[8];
        char path[8];
        uint32_t count;
        int32_t offset;
        uint64_t when;
        bool is_there;
};

#define FIELD(key_, type_, member) \
        { key_, type_, offsetof(struct facts, member), sizeof(((struct facts *)0)->member) }

static const struct bus_field fields[] = {
        FIELD("Name", 's', name),     FIELD("Path", 'o', path), FIELD("Count", 'u', count),
        FIELD("Offset", 'i', offset), FIELD("When", 't', when), FIELD("There", 'b', is_there),
};

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

TestSuite(bus_fields, .init = setup, .fini = teardown);

static int take(sd_bus_message *message, const char *key, void *userdata) {
        int r = bus_field_take(message, key, fields, sizeof(fields) / sizeof(fields[0]), userdata);

        return r == 0 ? sd_bus_message_skip(message, "v") : r;
}

static struct facts read_facts(void) {
        struct facts facts = {"before", "/b", 1, 2, 3, true};

        cr_assert(ge(int, sd_bus_message_seal(m, 1, 0), 0));
        cr_assert(ge(int, sd_bus_message_rewind(m, true), 0));
        cr_assert(ge(int, bus_dict_read(m, take, &facts), 0));
        cr_assert(eq(int, sd_bus_message_at_end(m, true), 1));
        return facts;
}

Test(bus_fields, entries_are_read_where_the_table_says) {
        struct facts facts;

        cr_assert(ge(int,
                     sd_bus_message_append(m, "a{sv}", 7, "Name", "s", "eth0", "Path", "o", "/a/b",
                                           "Count", "u", 7, "Other", "as", 1, "x", "Offset", "i",
                                           -4, "When", "t", UINT64_MAX, "There", "b", 0),
                     0));
        facts = read_facts();
        cr_assert(eq(str, facts.name, "eth0"));
        cr_assert(eq(str, facts.path, "/a/b"));
        cr_assert(eq(u32, facts.count, 7));
        cr_assert(eq(i32, facts.offset, -4));
        cr_assert(eq(u64, facts.when, UINT64_MAX));
        cr_assert(not(facts.is_there));
}

Test(bus_fields, values_of_another_type_and_long_texts_change_nothing) {
        struct facts facts;

        cr_assert(ge(int,
                     sd_bus_message_append(m, "a{sv}", 6, "Name", "s", "eight..8", "Path", "s",
                                           "/a/b", "Count", "t", UINT64_MAX, "Offset", "u", 9,
                                           "When", "a{sv}", 0, "There", "u", 0),
                     0));
        facts = read_facts();
        cr_assert(eq(str, facts.name, "before"));
        cr_assert(eq(str, facts.path, "/b"));
        cr_assert(eq(u32, facts.count, 1));
        cr_assert(eq(i32, facts.offset, 2));
        cr_assert(eq(u64, facts.when, 3));
        cr_assert(facts.is_there);
}
