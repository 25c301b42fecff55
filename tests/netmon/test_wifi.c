/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wifi.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "model.h"

#define NOW_USEC 1000

static struct link wlan0;

static bool take_facts(const char *ssid, uint8_t bssid, int32_t signal_dbm) {
        struct wifi_msg interface = {
                .is_client = true,
                .ssid_len = (uint8_t)strlen(ssid),
                .frequency = 2412,
        };
        struct wifi_msg station = {
                .has_bssid = true,
                .bssid = {2, 0, 0, 0, 0, bssid},
                .signal_dbm = signal_dbm,
                .bit_rate_kbs = 54000,
        };

        wlan0.changed = 0;
        memcpy(interface.ssid, ssid, strlen(ssid));
        return wifi_take_facts(&wlan0, &interface, &station);
}

static unsigned take(enum wifi_event event) {
        struct wifi_msg msg = {.event = event, .signal_dbm = -80};

        wlan0.changed = 0;
        return wifi_take_event(&wlan0, &msg, NOW_USEC);
}

static void setup(void) {
        wlan0 = (struct link){};
        cr_assert(take_facts("Quay", 1, -50));
}

TestSuite(wifi, .init = setup);

Test(wifi, associated) {
        cr_assert(wlan0.wifi.is_managed);
        cr_assert(eq(u32, wlan0.changed, LINK_CHANGE_SIGNAL | LINK_CHANGE_FREQUENCY));
        cr_assert(eq(i32, wlan0.wifi.signal_dbm, -50));
        cr_assert(eq(u32, wlan0.wifi.bit_rate_kbs, 54000));
        cr_assert(eq(u8, wlan0.place.ssid_len, 4));
        cr_assert(not(take_facts("Quay", 1, -50)));
}

Test(wifi, signal_has_a_dead_band) {
        cr_assert(not(take_facts("Quay", 1, -52)));
        cr_assert(eq(i32, wlan0.wifi.signal_dbm, -50));
        cr_assert(take_facts("Quay", 1, -53));
        cr_assert(eq(u32, wlan0.changed, LINK_CHANGE_SIGNAL));
        cr_assert(eq(u32, take(WIFI_EVENT_SIGNAL), WIFI_CHANGED));
        cr_assert(eq(i32, wlan0.wifi.signal_dbm, -80));
}

Test(wifi, roam_is_to_another_access_point_of_the_network) {
        cr_assert(take_facts("Quay", 2, -50));
        cr_assert(eq(u32, wlan0.changed, LINK_CHANGE_ROAM));
        cr_assert(eq(u32, wlan0.wifi.n_roams, 1));
        cr_assert(not(take_facts("Quay", 2, -50)));
        (void)take_facts("Bridge", 3, -50);
        cr_assert(eq(u32, wlan0.wifi.n_roams, 1));
}

Test(wifi, roam_by_way_of_a_disconnect) {
        (void)take(WIFI_EVENT_DISCONNECTED);
        (void)take_facts("Quay", 2, -50);
        cr_assert(eq(u32, wlan0.wifi.n_roams, 1));
        (void)take(WIFI_EVENT_DISCONNECTED);
        (void)take_facts("Quay", 2, -50);
        cr_assert(eq(u32, wlan0.wifi.n_roams, 1));
}

Test(wifi, another_network_is_another_place) {
        wlan0.place.gateway_address_len = 6;
        (void)take_facts("Quay", 2, -50);
        cr_assert(eq(u8, wlan0.place.gateway_address_len, 6));
        (void)take_facts("Bridge", 3, -50);
        cr_assert(eq(u8, wlan0.place.gateway_address_len, 0));
        cr_assert(eq(u8, wlan0.place.ssid_len, 6));
}

Test(wifi, disconnected) {
        cr_assert(eq(u32, take(WIFI_EVENT_DISCONNECTED), WIFI_CHANGED | WIFI_ASK_LINK));
        cr_assert(eq(u32, wlan0.changed, LINK_CHANGE_SIGNAL | LINK_CHANGE_FREQUENCY));
        cr_assert(not(wlan0.wifi.is_managed));
        cr_assert(eq(i32, wlan0.wifi.signal_dbm, 0));
        cr_assert(eq(u32, wlan0.wifi.frequency, 0));
        cr_assert(eq(u32, wlan0.wifi.bit_rate_kbs, 0));
        /* What was heard a moment before is of no account. */
        cr_assert(eq(u32, take(WIFI_EVENT_SIGNAL), WIFI_NOTHING));
}

Test(wifi, what_to_ask) {
        static const struct {
                enum wifi_event event;
                unsigned verdict;
        } rows[] = {
                {WIFI_EVENT_CONNECTED, WIFI_ASK_LINK | WIFI_ASK_FACTS},
                {WIFI_EVENT_ROAMED, WIFI_ASK_LINK | WIFI_ASK_FACTS},
                {WIFI_EVENT_AUTHORIZED, WIFI_ASK_LINK},
                {WIFI_EVENT_FACTS, WIFI_NOTHING},
                {WIFI_EVENT_OTHER, WIFI_NOTHING},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                cr_assert(eq(u32, take(rows[i].event), rows[i].verdict));
}

Test(wifi, warning_ends) {
        static const struct {
                enum wifi_event event;
                enum losing losing;
        } rows[] = {
                {WIFI_EVENT_BEACONS_LOST, LOSING_BEACONS},
                {WIFI_EVENT_PACKETS_LOST, LOSING_PACKETS},
        };
        uint64_t end_usec = NOW_USEC + WIFI_LOSING_USEC;

        for (size_t i = 0; i < 2; i++) {
                cr_assert(eq(u32, take(rows[i].event), WIFI_CHANGED | WIFI_ASK_LINK));
                cr_assert(eq(int, wlan0.wifi.losing, rows[i].losing));
                cr_assert(not(wifi_expire(&wlan0, end_usec - 1)));
                cr_assert(wifi_expire(&wlan0, end_usec));
                cr_assert(eq(int, wlan0.wifi.losing, LOSING_NOT));
        }
        (void)take(WIFI_EVENT_BEACONS_LOST);
        (void)take(WIFI_EVENT_DISCONNECTED);
        cr_assert(eq(int, wlan0.wifi.losing, LOSING_NOT));
        (void)take(WIFI_EVENT_BEACONS_LOST);
        (void)take_facts("Quay", 2, -50);
        cr_assert(eq(int, wlan0.wifi.losing, LOSING_NOT));
}

static enum losing losing_at(int32_t signal_dbm) {
        const struct wifi_msg msg = {.event = WIFI_EVENT_SIGNAL, .signal_dbm = signal_dbm};

        (void)wifi_take_event(&wlan0, &msg, NOW_USEC);
        return wifi_losing(&wlan0.wifi);
}

Test(wifi, deep_signal_warns_until_it_is_better) {
        static const struct {
                int32_t signal_dbm;
                enum losing losing;
        } rows[] = {
                {-81, LOSING_NOT}, {-82, LOSING_SIGNAL}, {-90, LOSING_SIGNAL}, {-79, LOSING_SIGNAL},
                {-78, LOSING_NOT}, {-70, LOSING_NOT},    {-80, LOSING_NOT},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                cr_assert(eq(int, losing_at(rows[i].signal_dbm), rows[i].losing), "row %zu", i);
        /* It is told though the difference to what was told is not. */
        wlan0.changed = 0;
        cr_assert(eq(int, losing_at(-82), LOSING_SIGNAL));
        cr_assert(eq(u32, wlan0.changed, LINK_CHANGE_LOSING));
        /* What was announced comes first, and when it is over this is left. */
        (void)take(WIFI_EVENT_BEACONS_LOST);
        cr_assert(eq(int, losing_at(-82), LOSING_BEACONS));
        cr_assert(wifi_expire(&wlan0, NOW_USEC + WIFI_LOSING_USEC));
        cr_assert(eq(int, wifi_losing(&wlan0.wifi), LOSING_SIGNAL));
        (void)take(WIFI_EVENT_DISCONNECTED);
        cr_assert(eq(int, wifi_losing(&wlan0.wifi), LOSING_NOT));
        (void)take_facts("Quay", 2, -85);
        cr_assert(eq(int, wifi_losing(&wlan0.wifi), LOSING_SIGNAL));
}

Test(wifi, words) {
        static const char *const words[LOSING_COUNT] = {"", "beacons", "packets", "gateway",
                                                        "signal"};

        for (unsigned i = 0; i < LOSING_COUNT; i++)
                cr_assert(eq(str, (char *)losing_to_string((enum losing)i), (char *)words[i]));
}
