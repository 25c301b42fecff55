/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "online.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <json-c/json.h>

#include "cleanup.h"
#include "value.h"

#define LO "{'name':'lo','type':'loopback','usable':true,'addresses':[" FOUR("10.1.1.1", "") "]}"
#define LINK(name, usable, addresses) \
        "{'name':'" name "','type':'ethernet','usable':" usable ",'addresses':[" addresses "]}"
#define FOUR(address, flags) "{'address':'" address "','scope':'global','flags':[" flags "]}"
#define LOCAL "{'address':'fe80::1','scope':'link','flags':[]}"

Test(online, table) {
        const struct {
                struct online_wish wish;
                const char *interfaces;
                bool expected;
        } rows[] = {
                {{.any = true}, "[" LO "]", false},
                {{.any = true}, "[" LO "," LINK("a", "true", FOUR("192.0.2.1", "")) "]", true},
                {{.any = true}, "[" LINK("a", "false", FOUR("192.0.2.1", "")) "]", false},
                {{.any = true}, "[" LINK("a", "true", "") "]", false},
                {{.any = true}, "[" LINK("a", "true", LOCAL) "]", false},
                {{.any = true},
                 "[" LINK("a", "true", FOUR("2001:db8::1", "'tentative'")) "]",
                 false},
                {{.any = true},
                 "[" LINK("a", "true", FOUR("2001:db8::1", "'tentative','optimistic'")) "]",
                 true},
                {{.any = true},
                 "[" LINK("a", "true", FOUR("2001:db8::1", "'dadfailed'")) "]",
                 false},
                {{.any = true, .family = ONLINE_IPV6},
                 "[" LINK("a", "true", FOUR("192.0.2.1", "")) "]",
                 false},
                {{.any = true, .family = ONLINE_IPV6},
                 "[" LINK("a", "true", FOUR("192.0.2.1", "") "," FOUR("2001:db8::1", "")) "]",
                 true},
                {{.any = true, .family = ONLINE_IPV4},
                 "[" LINK("a", "true", FOUR("192.0.2.1", "")) "]",
                 true},
                {{.interfaces = (const char *[]){"a"}, .n_interfaces = 1},
                 "[" LINK("b", "true", FOUR("192.0.2.1", "")) "]",
                 false},
                {{.interfaces = (const char *[]){"other"}, .n_interfaces = 1},
                 "[{'name':'a','alternative_names':['one','other'],'usable':true,'addresses':"
                 "[" FOUR("192.0.2.1", "") "]}]",
                 true},
                {{.interfaces = (const char *[]){"a", "b"}, .n_interfaces = 2},
                 "[" LINK("b", "true", FOUR("192.0.2.1", "")) "]",
                 false},
                {{.interfaces = (const char *[]){"a", "b"}, .n_interfaces = 2, .any = true},
                 "[" LINK("b", "true", FOUR("192.0.2.1", "")) "]",
                 true},
                {{.interfaces = (const char *[]){"a", "b"}, .n_interfaces = 2},
                 "[" LINK("a", "true", FOUR("192.0.2.2", "")) "," LINK("b", "true",
                                                                       FOUR("192.0.2.1", "")) "]",
                 true},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                CLEANUP(json_object_putp) json_object *links = NULL;

                links = json_tokener_parse(rows[i].interfaces);
                cr_assert(links != NULL, "row %zu", i);
                cr_assert(eq(int, online_by_interfaces(&rows[i].wish, links), rows[i].expected),
                          "row %zu", i);
        }
}

Test(online, families) {
        enum online_family family = ONLINE_EITHER;

        cr_assert(eq(int, online_family_from_string("both", &family), -EINVAL));
        cr_assert(eq(int, family, ONLINE_EITHER));
        cr_assert(eq(int, online_family_from_string("ipv4", &family), 0));
        cr_assert(eq(int, family, ONLINE_IPV4));
        cr_assert(eq(int, online_family_from_string("ipv6", &family), 0));
        cr_assert(eq(int, family, ONLINE_IPV6));
}
