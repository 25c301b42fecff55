/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network_place.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct netaddr address_of(const char *text) {
        struct netaddr address;

        cr_assert(netaddr_from_text(text, &address));
        return address;
}

static struct network_place place_of(const char *gateway, uint8_t last, const char *address,
                                     uint8_t prefix_len) {
        struct netaddr via = address_of(gateway), own = address_of(address);
        struct network_place place = {};

        network_place_set_gateway(&place, &via, 1);
        network_place_set_prefix(&place, &own, prefix_len);
        place.gateway_address_len = 6;
        place.gateway_address[5] = last;
        return place;
}

static bool same(const struct network_place *a, enum link_type a_type,
                 const struct network_place *b, enum link_type b_type) {
        uint8_t x[NETWORK_PLACE_MAX], y[NETWORK_PLACE_MAX];
        size_t x_len = network_place_write(a, a_type, x), y_len = network_place_write(b, b_type, y);

        cr_assert(lt(sz, 0, x_len));
        return x_len == y_len && memcmp(x, y, x_len) == 0;
}

Test(network_place, what_makes_a_network) {
        const struct network_place home = place_of("10.0.0.1", 7, "10.0.0.23", 24);
        const struct {
                struct network_place place;
                enum link_type type;
                bool same;
        } rows[] = {
                {place_of("10.0.0.1", 7, "10.0.0.99", 24), LINK_TYPE_ETHERNET, true},
                {place_of("10.0.0.254", 7, "10.0.0.99", 24), LINK_TYPE_ETHERNET, true},
                {place_of("10.0.0.1", 7, "10.0.0.99", 24), LINK_TYPE_TETHER, false},
                {place_of("10.0.0.1", 8, "10.0.0.99", 24), LINK_TYPE_ETHERNET, false},
                {place_of("10.0.0.1", 7, "10.0.1.99", 24), LINK_TYPE_ETHERNET, false},
                {place_of("10.0.0.1", 7, "10.0.0.99", 25), LINK_TYPE_ETHERNET, false},
                {place_of("fe80::1", 7, "2001:db8::99", 64), LINK_TYPE_ETHERNET, false},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                cr_assert(eq(int, same(&home, LINK_TYPE_ETHERNET, &rows[i].place, rows[i].type),
                             rows[i].same),
                          "row %zu", i);
}

Test(network_place, prefix) {
        static const struct {
                const char *address;
                uint8_t len;
                const char *prefix;
        } rows[] = {
                {"10.11.12.13", 8, "10.0.0.0"},
                {"10.11.12.13", 22, "10.11.12.0"},
                {"10.11.12.255", 25, "10.11.12.128"},
                {"10.11.12.13", 32, "10.11.12.13"},
                {"10.11.12.13", 0, "0.0.0.0"},
                {"2001:db8:1:2:3::4", 64, "2001:db8:1:2::"},
                {"2001:db8:1:2:3::4", 128, "2001:db8:1:2::"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct netaddr own = address_of(rows[i].address);
                struct network_place place = {};
                char text[NETADDR_TEXT_SIZE];

                network_place_set_prefix(&place, &own, rows[i].len);
                cr_assert(eq(str, (char *)netaddr_format(&place.prefix, text),
                             (char *)rows[i].prefix));
        }
}

Test(network_place, nothing_until_all_is_known) {
        struct network_place place = place_of("10.0.0.1", 7, "10.0.0.23", 24);
        uint8_t data[NETWORK_PLACE_MAX];

        place.gateway_address_len = 0;
        cr_assert(eq(sz, network_place_write(&place, LINK_TYPE_WIFI, data), 0));
        place.ssid_len = NETWORK_SSID_MAX; /* tells it as well */
        cr_assert(lt(sz, 0, network_place_write(&place, LINK_TYPE_WIFI, data)));
        place.prefix = (struct netaddr){};
        cr_assert(eq(sz, network_place_write(&place, LINK_TYPE_WIFI, data), 0));
}

Test(network_place, ssid_goes_before_the_gateway) {
        struct network_place a = place_of("10.0.0.1", 7, "10.0.0.23", 24);
        struct network_place b = place_of("10.0.0.1", 8, "10.0.0.23", 24);

        a.ssid_len = b.ssid_len = 4;
        memcpy(a.ssid, "home", 4);
        memcpy(b.ssid, "home", 4);
        cr_assert(same(&a, LINK_TYPE_WIFI, &b, LINK_TYPE_WIFI));
        b.ssid[0] = 'd';
        cr_assert(not(same(&a, LINK_TYPE_WIFI, &b, LINK_TYPE_WIFI)));
}

Test(network_place, another_gateway_or_cable_is_to_be_asked_for) {
        struct network_place place = place_of("10.0.0.1", 7, "10.0.0.23", 24);
        struct netaddr same_gateway = address_of("10.0.0.1"), other = address_of("10.0.0.2");

        place.is_asked = true;
        network_place_set_gateway(&place, &same_gateway, 1);
        cr_assert(eq(sz, place.gateway_address_len, 6));
        cr_assert(place.is_asked);
        network_place_set_gateway(&place, &other, 1);
        cr_assert(eq(sz, place.gateway_address_len, 0));
        cr_assert(not(place.is_asked));
        place.gateway_address_len = 6;
        network_place_set_gateway(&place, &other, 3);
        cr_assert(eq(sz, place.gateway_address_len, 0));
}
