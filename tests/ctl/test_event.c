/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "event.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

#include "cleanup.h"
#include "value.h"

static json_object *parse(const char *json) {
        json_object *value = json_tokener_parse(json);

        cr_assert(value != NULL, "%s", json);
        return value;
}

#define ETH "{\"interface\":\"eth0\",\"usable\":true}"
#define WLAN "{\"interface\":\"wlan0\",\"usable\":true}"
#define DEAD "{\"interface\":\"wlan0\",\"usable\":false,\"why\":\"carrier\"}"

Test(event, path_text) {
        static const struct {
                const char *before, *now, *reasons, *text;
        } rows[] = {
                {"{\"state\":\"routed\",\"primary4\":" ETH ",\"primary6\":{}}",
                 "{\"state\":\"routed\",\"primary4\":" WLAN ",\"primary6\":{},\"event_usec\":1000,"
                 "\"published_usec\":1350}",
                 "[\"carrier\",\"route\"]", "ipv4 eth0 → wlan0; carrier route, told after 350 us"},
                {"{\"state\":\"routed\",\"primary4\":" WLAN "}",
                 "{\"state\":\"local\",\"primary4\":" DEAD "}", "[\"carrier\"]",
                 "routed → local; ipv4 wlan0, not usable: carrier; carrier"},
                {"{\"state\":\"routed\",\"primary4\":" WLAN "}",
                 "{\"state\":\"routed\",\"primary4\":" DEAD ",\"alternatives4\":[" ETH "]}",
                 "[\"carrier\"]", "ipv4 wlan0, not usable: carrier (instead eth0); carrier"},
                {"{\"state\":\"offline\"}",
                 "{\"state\":\"routed\",\"primary4\":" ETH ",\"primary6\":" WLAN "}", "[\"start\"]",
                 "offline → routed; ipv4 none → eth0; ipv6 none → wlan0; start"},
                {"{\"state\":\"routed\"}", "{\"state\":\"routed\"}", "[]", ""},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                CLEANUP(json_object_putp) json_object *before = parse(rows[i].before);
                CLEANUP(json_object_putp) json_object *now = parse(rows[i].now);
                CLEANUP(json_object_putp) json_object *reasons = parse(rows[i].reasons);
                CLEANUP(freep) char *text = event_path_text(before, now, reasons);

                cr_expect(eq(str, text, rows[i].text), "row %zu", i);
        }
}

Test(event, link_text) {
        static const struct {
                const char *changed, *text;
        } rows[] = {
                {"{\"carrier\":false,\"since\":5,\"oper_state\":\"down\",\"usable\":false}",
                 "carrier no, oper_state down, usable no"},
                {"{\"since\":5,\"carrier_changes\":3}", ""},
                {"{\"addresses\":[{\"address\":\"10.0.0.2\",\"prefix_length\":24}],\"mtu\":1400}",
                 "addresses 10.0.0.2/24, mtu 1400"},
                {"{\"addresses\":[],\"network_id\":\"\"}", "addresses none, network_id none"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                CLEANUP(json_object_putp) json_object *changed = parse(rows[i].changed);
                CLEANUP(freep) char *text = event_link_text(changed);

                cr_expect(eq(str, text, rows[i].text), "row %zu", i);
        }
}

Test(event, states_text) {
        CLEANUP(json_object_putp)
        json_object *few = parse("[{\"id\":7,\"state\":\"delivered\",\"reason\":\"transport\"},"
                                 "{\"id\":8,\"state\":\"expired\",\"reason\":\"\"},"
                                 "{\"id\":9,\"state\":\"cancelled\",\"reason\":\"cancelled\"}]");
        CLEANUP(json_object_putp) json_object *many = value_array();
        CLEANUP(freep) char *few_text = event_states_text(few);
        CLEANUP(freep) char *many_text = NULL;

        cr_expect(eq(str, few_text, "7 delivered (transport), 8 expired, 9 cancelled"));
        for (int i = 0; i < 5; i++) {
                json_object *item = value_object();

                value_put_number(item, "id", (uint64_t)i);
                value_put_string(item, "state", i < 3 ? "delivered" : "rejected");
                value_push(many, item);
        }
        many_text = event_states_text(many);
        cr_expect(eq(str, many_text, "3 delivered, 2 rejected"));
}
