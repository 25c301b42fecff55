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
        struct address address;

        cr_assert(eq(int, address_parse("192.0.2.1", &address), 0));
        cr_assert(eq(int, (int)address_to_sockaddr(&address, 80, &storage),
                     (int)sizeof(struct sockaddr_in)));
        cr_assert(eq(int, storage.ss_family, AF_INET));
        cr_assert(eq(int, ntohs(((struct sockaddr_in *)&storage)->sin_port), 80));
        cr_assert(eq(int, address_parse("::1", &address), 0));
        cr_assert(eq(int, (int)address_to_sockaddr(&address, 443, &storage),
                     (int)sizeof(struct sockaddr_in6)));
        cr_assert(eq(int, ntohs(((struct sockaddr_in6 *)&storage)->sin6_port), 443));
}
