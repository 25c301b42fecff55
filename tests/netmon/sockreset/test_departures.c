/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "departures.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DUE 1000

static struct departures departures;

static void teardown(void) {
        departures_clear(&departures);
}

TestSuite(departures, .fini = teardown);

/* An interface's addresses, in one text. */
static int set(uint32_t ifindex, const char *text, uint64_t due_usec) {
        struct netaddr addresses[8];
        char words[256], *word;
        size_t n = 0;

        (void)snprintf(words, sizeof(words), "%s", text);
        for (word = strtok(words, " "); word; word = strtok(NULL, " "))
                cr_assert(netaddr_from_text(word, &addresses[n++]), "%s", word);
        return departures_set(&departures, ifindex, addresses, n, due_usec);
}

/* What is gone by then, in one text. */
static const char *gone(uint64_t now_usec) {
        static char text[512];
        struct own_address address;
        size_t len = 0;

        text[0] = '\0';
        while (departures_take(&departures, now_usec, &address)) {
                char numeric[NETADDR_TEXT_SIZE];

                len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? " " : "",
                                        netaddr_format(&address.address, numeric));
                if (address.ifindex > 0)
                        len += (size_t)snprintf(text + len, sizeof(text) - len, "%%%u",
                                                address.ifindex);
        }
        return text;
}

Test(departures, table) {
        static const struct {
                const char *name;
                struct {
                        uint32_t ifindex;
                        const char *addresses;
                } steps[4];
                const char *gone;
        } rows[] = {
                {"the first word is no change", {{2, "192.0.2.1"}}, ""},
                {"one of two goes", {{2, "192.0.2.1 192.0.2.2"}, {2, "192.0.2.2"}}, "192.0.2.1"},
                {"the interface goes",
                 {{2, "192.0.2.1 2001:db8::1"}, {2, ""}},
                 "192.0.2.1 2001:db8::1"},
                {"it comes back", {{2, "192.0.2.1"}, {2, ""}, {2, "192.0.2.1"}}, ""},
                {"it comes back elsewhere", {{2, "192.0.2.1"}, {2, ""}, {3, "192.0.2.1"}}, ""},
                {"another has it", {{2, "192.0.2.1"}, {3, "192.0.2.1"}, {2, ""}}, ""},
                {"the last that has it loses it",
                 {{2, "192.0.2.1"}, {3, "192.0.2.1"}, {2, ""}, {3, ""}},
                 "192.0.2.1"},
                {"twice on one interface, gone once",
                 {{2, "192.0.2.1 192.0.2.1"}, {2, ""}},
                 "192.0.2.1"},
                {"loopback addresses", {{2, "127.0.0.5 ::1"}, {2, ""}}, ""},
                {"of the loopback interface", {{1, "192.0.2.1"}, {1, ""}}, ""},
                {"the loopback interface has it, too",
                 {{1, "192.0.2.1"}, {2, "192.0.2.1"}, {2, ""}},
                 ""},
                {"IPv6 link-local ones are one for each interface",
                 {{2, "fe80::1"}, {3, "fe80::1"}, {2, ""}},
                 "fe80::1%2"},
                {"IPv4 ones are not", {{2, "169.254.1.1"}, {3, "169.254.1.1"}, {2, ""}}, ""},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                for (size_t j = 0; j < 4 && rows[i].steps[j].ifindex > 0; j++)
                        cr_assert(eq(int,
                                     set(rows[i].steps[j].ifindex, rows[i].steps[j].addresses, DUE),
                                     0));
                cr_assert(eq(str, (char *)gone(DUE), (char *)rows[i].gone), "%s", rows[i].name);
                departures_clear(&departures);
        }
}

Test(departures, wait_for_their_time) {
        (void)set(2, "192.0.2.1 192.0.2.2", 0);
        cr_assert(eq(u64, departures_deadline(&departures), UINT64_MAX));
        (void)set(2, "192.0.2.2", 20);
        (void)set(2, "", 10);
        cr_assert(eq(u64, departures_deadline(&departures), 10));
        cr_assert(eq(str, (char *)gone(9), ""));
        cr_assert(eq(str, (char *)gone(10), "192.0.2.2"));
        cr_assert(eq(u64, departures_deadline(&departures), 20));
        cr_assert(eq(str, (char *)gone(20), "192.0.2.1"));
        cr_assert(eq(u64, departures_deadline(&departures), UINT64_MAX));
}

Test(departures, time_begins_anew_after_a_return) {
        (void)set(2, "192.0.2.1", 0);
        (void)set(2, "", 10);
        (void)set(2, "192.0.2.1", 0);
        (void)set(2, "", 30);
        cr_assert(eq(str, (char *)gone(29), ""));
        cr_assert(eq(str, (char *)gone(30), "192.0.2.1"));
}

Test(departures, nothing_is_gone_when_nothing_is_known) {
        (void)set(2, "192.0.2.1 192.0.2.2", 0);
        (void)set(2, "192.0.2.1", 10);
        departures_clear(&departures);
        (void)set(2, "", 10);
        cr_assert(eq(str, (char *)gone(100), ""));
}

Test(departures, are_limited) {
        struct netaddr addresses[DEPARTURES_MAX + 1];
        struct own_address address;
        size_t n = 0;

        for (size_t i = 0; i <= DEPARTURES_MAX; i++) {
                const uint8_t bytes[] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i};

                cr_assert(netaddr_from_bytes(AF_INET, bytes, 4, &addresses[i]));
        }
        (void)departures_set(&departures, 2, addresses, DEPARTURES_MAX + 1, 0);
        cr_assert(eq(int, departures_set(&departures, 2, NULL, 0, 0), -ENOSPC));
        while (departures_take(&departures, 0, &address))
                n++;
        cr_assert(eq(sz, n, DEPARTURES_MAX));
}
