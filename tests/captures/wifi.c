/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "die.h"
#include "netns.h"
#include "nlattr.h"
#include "recording.h"
#include "scenarios.h"
#include "wifi_msg.h"

#define NL80211 CAPTURES_DIR "/nl80211"
#define FAMILY 32     /* as it was there */
#define WLAN0_INDEX 2 /* there as here */
#define LINE_MAX_LEN 16384

/* Lines of the file: what it has of that word between two of its seconds, one after the other. */
static size_t read_lines(const char *word, double from, double to, uint8_t *data, size_t size) {
        static char line[LINE_MAX_LEN];
        FILE *file = fopen(NL80211, "re");
        size_t len = 0;

        if (!file)
                die(NL80211 " cannot be read");
        while (fgets(line, sizeof(line), file)) {
                char *at, *hex;
                double second = strtod(line, &at);

                if (second < from || second > to || strncmp(++at, word, strlen(word)) != 0)
                        continue;
                for (hex = at + strlen(word) + 1; hex[0] && hex[1]; hex += 2) {
                        char two[3] = {hex[0], hex[1]};

                        if (len == size)
                                die("too much of %s", word);
                        data[len++] = (uint8_t)strtoul(two, NULL, 16);
                }
        }
        (void)fclose(file);
        return len;
}

static void hear(struct recording *recording, double from, double to) {
        static uint8_t data[LINE_MAX_LEN];
        size_t len = read_lines("event", from, to, data, sizeof(data));
        const void *at = data;
        const struct nlmsghdr *nlh;

        while ((nlh = nlmsg_take(&at, &len)))
                recording_hear_wifi(recording, nlh, nlh->nlmsg_len);
}

static void answer(struct recording *recording, const void *request, size_t len, const char *word,
                   double from, double to) {
        static uint8_t data[LINE_MAX_LEN];

        recording_answer_wifi(recording, request, len, data,
                              read_lines(word, from, to, data, sizeof(data)));
}

/* What was answered when it was asked for around that second. */
static void know(struct recording *recording, double from, double to) {
        uint8_t request[64];

        answer(recording, request, wifi_msg_build_interface_query(FAMILY, WLAN0_INDEX, 0, request),
               "interface", from, to);
        answer(recording, request, wifi_msg_build_station_query(FAMILY, WLAN0_INDEX, 0, request),
               "station", from, to);
        answer(recording, request, wifi_msg_build_scan_query(FAMILY, WLAN0_INDEX, 0, request),
               "scan", from, to);
}

static void know_family(struct recording *recording) {
        static const uint8_t request[] = {32, 0, 0,   0,   16,  0,   1,   0,   0,   0,  0,
                                          0,  0, 0,   0,   0,   3,   1,   0,   0,   12, 0,
                                          2,  0, 'n', 'l', '8', '0', '2', '1', '1', 0};

        answer(recording, request, sizeof(request), "family", 0, 1000);
}

static void know_alone(struct recording *recording) {
        know(recording, 28, 29);
}

static void know_first(struct recording *recording) {
        know(recording, 35, 36);
}

static void know_second(struct recording *recording) {
        know(recording, 42, 42.5);
}

void scenario_wifi(struct recording *recording) {
        int wlan0 = tap_add("wlan0");

        shell("ip link set wlan0 address 02:00:00:00:00:00 && ip link set wlan0 addrgenmode none "
              "&& "
              "ip link set wlan0 up && "
              "ip address add 10.1.0.2/24 dev wlan0");
        recording_hide_kinds(recording);
        know_family(recording);
        know_alone(recording);
        recording_take(recording, "a card, wlan0, with an address and no access point");

        hear(recording, 33, 34.5);
        know_first(recording);
        tap_set_carrier(wlan0, true);
        shell("ip route add default via 10.1.0.1 dev wlan0 metric 600");
        recording_take(recording, "it is with an access point");

        hear(recording, 40, 41);
        know_second(recording);
        recording_take(recording, "it roams to the other one");

        hear(recording, 42.9, 43);
        know_alone(recording);
        tap_set_carrier(wlan0, false);
        recording_take(recording, "it is kicked");

        hear(recording, 43.1, 44);
        know_first(recording);
        tap_set_carrier(wlan0, true);
        recording_take(recording, "and back with the first");

        hear(recording, 49.8, 49.85);
        recording_take(recording, "it goes out of range: beacons are lost");

        hear(recording, 49.88, 50);
        know_alone(recording);
        tap_set_carrier(wlan0, false);
        recording_take(recording, "it gives up");

        hear(recording, 53, 55);
        know_second(recording);
        tap_set_carrier(wlan0, true);
        recording_take(recording, "and is in range of the second");

        hear(recording, 61.7, 61.8);
        know_alone(recording);
        tap_set_carrier(wlan0, false);
        recording_take(recording, "the access point is switched off");
}
