/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "describe.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

#include "cleanup.h"

static json_object *parse(const char *json) {
        json_object *value = json_tokener_parse(json);

        cr_assert(value != NULL, "%s", json);
        return value;
}

Test(describe, paths) {
        static const struct {
                const char *json, *text;
                enum style style;
        } rows[] = {
                {"{}", "none", STYLE_FAINT},
                {"{\"interface\":\"\",\"why\":\"no-route\"}", "none: no-route", STYLE_FAINT},
                {"{\"interface\":\"wlan0\",\"type\":\"wifi\",\"source\":\"10.0.0.2\","
                 "\"gateway\":\"10.0.0.1\",\"usable\":true,\"metered\":\"no\"}",
                 "wlan0 (wifi), 10.0.0.2 via 10.0.0.1", STYLE_GOOD},
                {"{\"interface\":\"eth0\",\"type\":\"ethernet\",\"source\":\"10.0.0.2\","
                 "\"gateway\":\"\",\"usable\":false,\"why\":\"carrier\",\"metered\":\"yes\"}",
                 "eth0 (ethernet), 10.0.0.2, metered, not usable: carrier", STYLE_BAD},
                {"{\"interface\":\"wwan0\",\"usable\":true,\"metered\":\"yes\",\"roaming\":true}",
                 "wwan0, metered, roaming", STYLE_GOOD},
                {"{\"interface\":\"wg0\",\"type\":\"vpn\",\"source\":\"10.9.0.2\",\"usable\":true,"
                 "\"underlay\":{\"interface\":\"wlan0\",\"usable\":true}}",
                 "wg0 (vpn) over wlan0, 10.9.0.2", STYLE_GOOD},
                {"{\"interface\":\"wlan0\",\"usable\":true,\"losing\":\"beacon loss\"}",
                 "wlan0, about to be lost: beacon loss", STYLE_WARN},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                CLEANUP(json_object_putp) json_object *path = parse(rows[i].json);
                CLEANUP(freep) char *text = describe_path(path);

                cr_expect(eq(str, text, rows[i].text));
                cr_expect(eq(int, (int)describe_path_style(path), (int)rows[i].style));
        }
}

Test(describe, adverts) {
        static const struct {
                const char *json, *text;
        } rows[] = {
                {"{}", ""},
                {"{\"captive_portal\":\"\",\"nat64prefix\":\"\"}", ""},
                {"{\"captive_portal\":\"https://p.example/\"}",
                 "captive portal https://p.example/"},
                {"{\"nat64prefix\":\"64:ff9b::/96\"}", "NAT64 64:ff9b::/96"},
                {"{\"captive_portal\":\"https://p.example/\",\"nat64prefix\":\"64:ff9b::/96\"}",
                 "captive portal https://p.example/, NAT64 64:ff9b::/96"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                CLEANUP(json_object_putp) json_object *link = parse(rows[i].json);
                CLEANUP(freep) char *text = describe_advert(link);

                cr_expect(eq(str, text, rows[i].text));
        }
}

Test(describe, channels) {
        static const struct {
                const char *json, *text;
        } rows[] = {
                {"{\"state\":\"connected\",\"path\":{}}", ""},
                {"{\"state\":\"connected\",\"path\":{\"interface\":\"wlan0\"}}", "over wlan0"},
                {"{\"state\":\"backoff\",\"attempt\":4,\"next_attempt\":9000000,"
                 "\"error\":{\"name\":\"x\",\"text\":\"refused\"}}",
                 "attempt 4 in 8 s: refused"},
                {"{\"state\":\"backoff\",\"attempt\":4,\"next_attempt\":1}",
                 "attempt 4 in a moment"},
                {"{\"state\":\"connecting\",\"attempt\":2,\"next_attempt\":0}", "attempt 2"},
                {"{\"state\":\"failed\",\"attempt\":0,\"error\":{\"text\":\"gave up\"}}",
                 "gave up"},
                {"{\"state\":\"idle\"}", ""},
        };
        struct moment at = {.usec = 1000000};

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                CLEANUP(json_object_putp) json_object *channel = parse(rows[i].json);
                CLEANUP(freep) char *text = describe_channel(channel, &at);

                cr_expect(eq(str, text, rows[i].text), "row %zu", i);
        }
}

Test(describe, links_and_addresses) {
        static const struct {
                const char *json, *text;
        } rows[] = {
                {"{\"usable\":true,\"up\":true,\"carrier\":true}", "usable"},
                {"{\"usable\":false,\"up\":false,\"carrier\":false}", "down"},
                {"{\"usable\":false,\"up\":true,\"carrier\":false}", "no carrier"},
                {"{\"usable\":false,\"up\":true,\"carrier\":true}", "not usable"},
        };
        CLEANUP(json_object_putp)
        json_object *addresses = parse("[{\"address\":\"10.0.0.2\",\"prefix_length\":24},"
                                       "{\"address\":\"fe80::1\",\"prefix_length\":64}]");
        CLEANUP(freep) char *text = describe_addresses(addresses);
        CLEANUP(freep) char *none = describe_addresses(NULL);

        cr_expect(eq(str, text, "10.0.0.2/24 fe80::1/64"));
        cr_expect(eq(str, none, ""));
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                CLEANUP(json_object_putp) json_object *link = parse(rows[i].json);

                cr_expect(eq(str, describe_link(link), rows[i].text));
        }
}

Test(describe, since) {
        struct moment at = {.usec = 100000000};
        CLEANUP(freep) char *some = describe_since(40000000, &at);
        CLEANUP(freep) char *unknown = describe_since(0, &at);
        CLEANUP(freep) char *future = describe_since(200000000, &at);

        cr_expect(eq(str, some, "for 1 min"));
        cr_expect(eq(str, unknown, ""));
        cr_expect(eq(str, future, ""));
}

Test(describe, types_of_links) {
        static const char *const rows[][2] = {
                {"{\"type\":\"ethernet\",\"operator\":\"\",\"access_technology\":\"\"}",
                 "ethernet"},
                {"{\"type\":\"cellular\",\"operator\":\"Example\",\"access_technology\":\"lte\"}",
                 "cellular Example lte"},
                {"{\"type\":\"cellular\",\"access_technology\":\"umts\",\"roaming\":true}",
                 "cellular umts roaming"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                CLEANUP(json_object_putp) json_object *link = parse(rows[i][0]);
                CLEANUP(freep) char *text = describe_link_type(link);

                cr_expect(eq(str, text, (char *)rows[i][1]));
        }
}
