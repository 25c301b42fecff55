/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "address.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

Test(address, text_and_back) {
        static const struct {
                const char *text;
                int family; /* 0: no address */
                const char *again;
        } rows[] = {
                {"192.0.2.1", AF_INET, "192.0.2.1"},
                {"::1", AF_INET6, "::1"},
                {"2001:DB8:0::1", AF_INET6, "2001:db8::1"},
                {"::ffff:192.0.2.1", AF_INET6, "::ffff:192.0.2.1"},
                {"", 0, NULL},
                {"192.0.2", 0, NULL},
                {"192.0.2.01", 0, NULL},
                {"0x7f.0.0.1", 0, NULL},
                {"[::1]", 0, NULL},
                {"fe80::1%lo", 0, NULL},
                {"example.org", 0, NULL},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct address address = {.family = -1};
                char again[ADDRESS_TEXT_SIZE];
                int r = address_parse(rows[i].text, &address);

                if (rows[i].family == 0) {
                        cr_assert(eq(int, r, -EINVAL), "row %zu", i);
                        cr_assert(eq(int, address.family, -1), "row %zu", i);
                        continue;
                }
                cr_assert(eq(int, r, 0), "row %zu", i);
                cr_assert(eq(int, address.family, rows[i].family), "row %zu", i);
                address_format(&address, again);
                cr_assert(eq(str, again, (char *)rows[i].again), "row %zu", i);
        }
}

Test(address, equal) {
        struct address a, b, c;

        (void)memset(&a, 0xff, sizeof(a)); /* what is behind an IPv4 address does not count */
        cr_assert(eq(int, address_parse("192.0.2.1", &a), 0));
        cr_assert(eq(int, address_parse("192.0.2.1", &b), 0));
        cr_assert(eq(int, address_parse("::ffff:192.0.2.1", &c), 0));
        cr_assert(address_equal(&a, &b));
        cr_assert(not(address_equal(&a, &c)));
        cr_assert(address_equal(&c, &c));
}

Test(address, sockaddr) {
        struct sockaddr_storage storage;
        struct address address, again;

        cr_assert(eq(int, address_parse("192.0.2.1", &address), 0));
        cr_assert(eq(int, (int)address_to_sockaddr(&address, 80, &storage),
                     (int)sizeof(struct sockaddr_in)));
        cr_assert(eq(int, storage.ss_family, AF_INET));
        cr_assert(eq(int, ntohs(((struct sockaddr_in *)&storage)->sin_port), 80));
        address_from_sockaddr(&storage, &again);
        cr_assert(address_equal(&address, &again));
        cr_assert(eq(int, address_parse("::1", &address), 0));
        cr_assert(eq(int, (int)address_to_sockaddr(&address, 443, &storage),
                     (int)sizeof(struct sockaddr_in6)));
        cr_assert(eq(int, ntohs(((struct sockaddr_in6 *)&storage)->sin6_port), 443));
        address_from_sockaddr(&storage, &again);
        cr_assert(address_equal(&address, &again));
}

Test(address, special_ones_are_found_in_every_disguise) {
        static const struct {
                const char *text;
                bool special;
        } rows[] = {
                {"127.0.0.1", true},
                {"127.255.255.254", true},
                {"0.0.0.0", true},
                {"0.1.2.3", true},
                {"169.254.169.254", true},
                {"224.0.0.251", true},
                {"239.255.255.255", true},
                {"240.0.0.1", true},
                {"255.255.255.255", true},
                {"10.0.0.1", false},
                {"172.16.0.1", false},
                {"192.168.1.1", false},
                {"100.64.0.1", false},
                {"8.8.8.8", false},
                {"169.253.0.1", false},
                {"128.0.0.1", false},
                {"::", true},
                {"::1", true},
                {"::127.0.0.1", true},
                {"::ffff:127.0.0.1", true},
                {"::ffff:169.254.169.254", true},
                {"::ffff:192.0.2.1", false},
                {"64:ff9b::7f00:1", true},
                {"64:ff9b::a9fe:a9fe", true},
                {"64:ff9b::808:808", false},
                {"2002:7f00:1::1", true},
                {"2002:808:808::1", false},
                {"fe80::1", true},
                {"febf::1", true},
                {"fec0::1", false},
                {"ff02::1", true},
                {"fd00:ec2::254", true},
                {"fd00::1", false},
                {"2001:db8::1", false},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct address address;

                cr_assert(eq(int, address_parse(rows[i].text, &address), 0));
                cr_assert(eq(int, address_is_special(&address), rows[i].special), "%s",
                          rows[i].text);
        }
}
