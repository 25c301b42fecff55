/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netaddr.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct netaddr address(const char *text) {
        struct netaddr ret = {};

        cr_assert(netaddr_from_text(text, &ret), "%s", text);
        return ret;
}

Test(netaddr, text) {
        static const struct {
                const char *text;
                const char *canonical; /* NULL: refused */
        } rows[] = {
                {"192.0.2.1", "192.0.2.1"},
                {"2001:DB8:0::1", "2001:db8::1"},
                {"::1", "::1"},
                {"::ffff:192.0.2.1", "192.0.2.1"},
                {"192.0.2", NULL},
                {"192.0.2.1.", NULL},
                {"192.0.2.256", NULL},
                {"0x7f.1", NULL},
                {"", NULL},
                {"localhost", NULL},
                {"fe80::1%eth0", NULL},
                {"[::1]", NULL},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct netaddr parsed = {};
                char text[NETADDR_TEXT_SIZE];

                cr_assert(eq(int, netaddr_from_text(rows[i].text, &parsed),
                             rows[i].canonical != NULL),
                          "row %zu", i);
                cr_assert(eq(str, (char *)netaddr_format(&parsed, text),
                             (char *)(rows[i].canonical ? rows[i].canonical : "")));
        }
}

Test(netaddr, bytes_must_fit_the_family) {
        struct netaddr ret = {};

        cr_assert(netaddr_from_bytes(AF_INET, "\1\2\3\4", 4, &ret));
        cr_assert(not(netaddr_from_bytes(AF_INET, "\1\2\3\4\5", 5, &ret)));
        cr_assert(not(netaddr_from_bytes(AF_INET6, "\1\2\3\4", 4, &ret)));
        cr_assert(not(netaddr_from_bytes(0, "", 0, &ret)));
        cr_assert(not(netaddr_from_bytes(77, "\1\2\3\4", 4, &ret)));
        cr_assert(eq(sz, netaddr_len(&ret), 4));
}

Test(netaddr, scope) {
        static const struct {
                const char *text;
                enum netaddr_scope scope;
        } rows[] = {
                {"127.0.0.1", NETADDR_HOST},     {"127.255.0.1", NETADDR_HOST},
                {"169.254.3.4", NETADDR_LINK},   {"10.0.0.1", NETADDR_GLOBAL},
                {"192.168.1.1", NETADDR_GLOBAL}, {"8.0.0.1", NETADDR_GLOBAL},
                {"::1", NETADDR_HOST},           {"fe80::1", NETADDR_LINK},
                {"febf::1", NETADDR_LINK},       {"fec0::1", NETADDR_SITE},
                {"fd00::1", NETADDR_GLOBAL},     {"2001:db8::1", NETADDR_GLOBAL},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct netaddr a = address(rows[i].text);

                cr_assert(eq(int, netaddr_scope(&a), rows[i].scope), "%s", rows[i].text);
        }
}

Test(netaddr, multicast_and_unspecified) {
        static const struct {
                const char *text;
                bool multicast;
                bool unspecified;
        } rows[] = {
                {"224.0.0.1", true, false},  {"239.255.255.255", true, false},
                {"240.0.0.1", false, false}, {"223.0.0.1", false, false},
                {"ff02::1", true, false},    {"0.0.0.0", false, true},
                {"::", false, true},         {"::ffff:0.0.0.0", false, true},
                {"fe80::1", false, false},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct netaddr a = address(rows[i].text);

                cr_assert(eq(int, netaddr_is_multicast(&a), rows[i].multicast), "%s", rows[i].text);
                cr_assert(eq(int, netaddr_is_unspecified(&a), rows[i].unspecified), "%s",
                          rows[i].text);
        }
}

Test(netaddr, order_is_by_family_then_bytes) {
        struct netaddr four = address("10.0.0.2"), other = address("10.0.0.3");
        struct netaddr six = address("::2");

        cr_assert(lt(int, netaddr_compare(&four, &other), 0));
        cr_assert(lt(int, 0, netaddr_compare(&other, &four)));
        cr_assert(lt(int, netaddr_compare(&other, &six), 0));
        cr_assert(netaddr_equal(&four, &four));
}
