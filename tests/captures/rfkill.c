/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "netns.h"
#include "recording.h"
#include "scenarios.h"

#define UEVENT CAPTURES_DIR "/uevent"
#define DATAGRAM_MAX 2048

struct datagram {
        char data[DATAGRAM_MAX];
        size_t len;
};

/* A line of the file. */
static void read_datagram(unsigned number, struct datagram *ret) {
        FILE *file = fopen(UEVENT, "re");
        char line[2 * DATAGRAM_MAX], *at;
        unsigned byte;

        if (!file)
                die(UEVENT " cannot be read");
        for (unsigned i = 0; i <= number; i++)
                if (!fgets(line, sizeof(line), file))
                        die(UEVENT " has no line %u", number);
        (void)fclose(file);
        at = strchr(line, ' ') + 1;
        for (ret->len = 0; sscanf(at, "%2x", &byte) == 1; at += 2)
                ret->data[ret->len++] = (char)byte;
}

/* Another word of the same length, or a shorter one, wherever it stands. */
static void replace(struct datagram *datagram, const char *word, const char *by) {
        size_t len = strlen(word), by_len = strlen(by);

        for (size_t i = 0; i + len <= datagram->len; i++) {
                if (memcmp(datagram->data + i, word, len) != 0)
                        continue;
                memcpy(datagram->data + i, by, by_len);
                memmove(datagram->data + i + by_len, datagram->data + i + len,
                        datagram->len - i - len);
                datagram->len -= len - by_len;
        }
}

/* The first switch is that of the WiFi, the second is made that of a modem. */
static void hear(struct recording *recording, unsigned number, const char *action,
                 const char *state) {
        struct datagram datagram;
        char text[32];

        read_datagram(number, &datagram);
        (void)snprintf(text, sizeof(text), "RFKILL_STATE=%s", state);
        replace(&datagram, "RFKILL_STATE=0", text);
        replace(&datagram, "change", action);
        if (number == 1)
                replace(&datagram, "wlan", "wwan");
        recording_hear_switch(recording, datagram.data, datagram.len);
}

void scenario_rfkill(struct recording *recording) {
        scenario_add_uplinks(recording);
        hear(recording, 0, "add", "1");
        hear(recording, 1, "add", "1");
        recording_take(recording, "both have a switch");

        hear(recording, 0, "change", "2");
        shell("ip link set wifi0 down");
        recording_take(recording, "that of wifi0 is switched off");
        hear(recording, 1, "change", "0");
        recording_take(recording, "then that of cell0, without a consequence yet");

        hear(recording, 0, "change", "1");
        shell("ip link set wifi0 up && ip route add default via 10.1.0.1 dev wifi0 metric 100");
        recording_take(recording, "the first is switched on again");
        hear(recording, 1, "remove", "0");
        recording_take(recording, "the second is taken out");
        hear(recording, 0, "change", "0");
        recording_take(recording, "and the first off");
}
